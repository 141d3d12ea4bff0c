package execute

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/changectl/changectl/internal/change"
)

// maxValues bounds what a step leaves for later ones, as JSON, in bytes.
const maxValues = 256 << 10

// unmet says that the work was done and did not come to what is expected.
type unmet struct{ expect, saw string }

// Error says what was expected and what was seen.
func (u *unmet) Error() string {
	if u.saw == "" {
		return "expected " + u.expect
	}
	return fmt.Sprintf("expected %s, saw %s", u.expect, u.saw)
}

// uncertain wraps the error of work that broke off after it may have had its
// effect, such as a connection lost before the answer came.
type uncertain struct{ err error }

// Error returns the message of the cause.
func (u *uncertain) Error() string { return u.err.Error() }

// Unwrap returns the cause.
func (u *uncertain) Unwrap() error { return u.err }

func passed(message string) *change.Result {
	return &change.Result{Outcome: change.Passed, Message: message}
}

func failed(out seen, err error) change.Result {
	return change.Result{Outcome: change.FailedRun, Message: err.Error(), Output: out.output, Values: valuesOf(out)}
}

func (t *task) result(out seen) change.Result {
	outcome := out.outcome
	if outcome == change.Pending {
		outcome = change.Passed
	}
	return change.Result{Outcome: outcome, Message: out.message, Output: out.output, Values: valuesOf(out)}
}

// valuesOf writes what later steps can read. What is too large is left out, with
// a word about it, rather than the result lost.
func valuesOf(out seen) json.RawMessage {
	if len(out.keep) == 0 || out.vars == nil {
		return nil
	}
	kept := map[string]any{}
	for _, k := range out.keep {
		kept[k] = out.vars[k]
	}
	b, err := json.Marshal(kept)
	for i := 0; err == nil && len(b) > maxValues && i < len(out.keep); i++ {
		// The largest first: texts and lists are named last in keep.
		delete(kept, out.keep[len(out.keep)-1-i])
		kept["cut"] = true
		b, err = json.Marshal(kept)
	}
	if err != nil {
		return nil
	}
	return b
}

// maxMessage bounds a message, in bytes.
const maxMessage = 2000

// masked hides every secret that was handed out in all that is kept.
func (t *task) masked(r change.Result) change.Result {
	r.Message = oneLine(readable(t.mask.text(r.Message)))
	r.Output = t.mask.text(r.Output)
	if t.mask.empty() || len(r.Values) == 0 {
		return r
	}
	d := json.NewDecoder(bytes.NewReader(r.Values))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		r.Values = nil
		return r
	}
	r.Values, _ = json.Marshal(t.mask.value(v))
	return r
}

// discreet returns err, or without its causes when they name a secret.
func (t *task) discreet(err error) error {
	text := t.mask.text(err.Error())
	if text == err.Error() {
		return err
	}
	return &change.Error{Kind: change.KindOf(err), Message: text}
}

func oneLine(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }), " ")
	if len(s) > maxMessage {
		s = strings.ToValidUTF8(s[:maxMessage], "") + "..."
	}
	return s
}

// late says that the timeout ended the work, and what was seen last.
func late(a change.Action, last, now error) error {
	err := change.FailedTo("it did not end within %s", a.Timeout)
	for _, e := range []error{now, last} {
		if e != nil && !errors.Is(e, errTimeout) && !errors.Is(e, context.Canceled) {
			return change.FailedTo("%w; at last: %w", err, e)
		}
	}
	return err
}

func counted(err error, tries int) error {
	if tries == 1 {
		return err
	}
	return fmt.Errorf("failed %d times, at last: %w", tries, err)
}
