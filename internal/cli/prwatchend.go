package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/change"
)

// over reports whether there is nothing more to watch for.
func (w *pullWatch) over() bool {
	if w.met() {
		return true
	}
	for _, f := range w.changes {
		if !f.rec.Status.Final() && f.rec.Status != change.ReviewDue {
			return false
		}
	}
	if !w.seen.over() {
		return false
	}
	return w.seen.State == "closed" || len(w.changes) >= w.expected || w.late > patienceForChanges
}

// met reports whether each change has reached the status of --until.
func (w *pullWatch) met() bool {
	if w.o.until == "" || len(w.changes) == 0 || len(w.changes) < w.expected {
		return false
	}
	for _, f := range w.changes {
		if !f.met {
			return false
		}
	}
	return true
}

// outcome is how watching a pull request ends.
func (w *pullWatch) outcome(ctx context.Context, err error) error {
	name := w.forge.name(w.number)
	switch {
	case err == nil:
		return w.result()
	case errors.Is(context.Cause(ctx), errTimeout):
		code := ExitFailed
		if w.awaiting() {
			code = ExitAwaiting
		}
		return &codedError{code, fmt.Errorf("%s is still %s after %s", name, w.standing(), w.o.timeout)}
	case ctx.Err() != nil:
		return &codedError{ExitFailed, fmt.Errorf("stopped watching; %s is %s and goes on without you", name, w.standing())}
	}
	return err
}

// result is the outcome of a pull request and its changes; of several the worst.
func (w *pullWatch) result() error {
	if w.met() {
		return nil
	}
	var texts []string
	code := ExitOK
	for _, id := range slices.Sorted(maps.Keys(w.changes)) {
		f := w.changes[id]
		if err := result(f.rec); err != nil {
			code, texts = max(code, exitCode(err)), append(texts, err.Error())
		}
	}
	name := w.forge.name(w.number)
	switch {
	case code != ExitOK:
		return &codedError{code, errors.New(strings.Join(texts, "; "))}
	case w.seen.State == "closed":
		return &codedError{ExitFailed, fmt.Errorf("%s was closed without being merged", name)}
	case w.seen.State == "merged" && len(w.changes) < w.expected:
		return &codedError{ExitFailed, fmt.Errorf("%s was merged, and of %d changes that it asks for there are %d; the pull request says why", name, w.expected, len(w.changes))}
	}
	return nil
}

// standing says in a few words where all of it stands.
func (w *pullWatch) standing() string {
	words := []string{w.seen.State}
	for _, id := range slices.Sorted(maps.Keys(w.changes)) {
		words = append(words, string(id)+" "+string(w.changes[id].rec.Status))
	}
	return strings.Join(words, ", ")
}

// awaiting reports whether somebody's approval is what is missing.
func (w *pullWatch) awaiting() bool {
	for _, f := range w.changes {
		if f.rec.Status == change.AwaitingApproval {
			return true
		}
	}
	return !w.seen.over() && slices.ContainsFunc(w.seen.Checks, func(c pullCheck) bool {
		return strings.HasPrefix(c.Name, "changectl/approval") && c.Conclusion == "action_required"
	})
}
