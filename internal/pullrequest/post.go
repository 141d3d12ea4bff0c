package pullrequest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/proposal"
)

// post writes checks and comment where they are not as they should be, and keeps what
// was seen. Only what differs is written; that something may have been written of
// which nobody knows the ID is noted before.
func (l *lookAt) post(ctx context.Context) error {
	if err := l.rerun(ctx); err != nil {
		return err
	}
	checks := l.differing()
	body, comment := l.comment()
	if len(checks) == 0 && !comment {
		return l.keep(ctx)
	}
	if err := l.find(ctx, checks); err != nil {
		return err
	}
	l.state.Writing = true
	if err := l.keepBetween(ctx); err != nil {
		return err
	}
	err := l.write(ctx, checks, body, comment)
	l.tidy()
	l.state.Writing = err != nil
	if err != nil {
		return errors.Join(err, l.keepBetween(ctx))
	}
	return l.keep(ctx)
}

// write writes checks and comment, and remembers those that it has written.
func (l *lookAt) write(ctx context.Context, checks []proposal.Check, body string, comment bool) error {
	for _, c := range checks {
		if err := l.putCheck(ctx, c); err != nil {
			return err
		}
	}
	if !comment {
		return nil
	}
	id, err := l.Forge.PutComment(ctx, l.repo, l.key.Number, l.state.Posted[conversation].ID, body)
	if notYet(err) { // somebody deleted it: the next look writes a new one
		delete(l.state.Posted, conversation)
		l.once(shortly)
		return nil
	}
	if err != nil {
		return fmt.Errorf("write comment: %w", err)
	}
	l.state.Posted[conversation] = posted{ID: id, Sum: change.DigestOf([]byte(body))}
	return nil
}

// rerun has the checks written anew that somebody asked for at GitHub since the last look.
func (l *lookAt) rerun(ctx context.Context) error {
	for _, event := range []string{"check_run", "check_suite"} {
		asked, err := l.Ledger.DeliveriesAbout(ctx, l.key, event, "rerequested", l.kept.SeenAt)
		if err != nil {
			return err
		}
		for _, d := range asked {
			for _, c := range l.checks {
				if c.Head == d.Commit {
					delete(l.state.Posted, place(c))
				}
			}
		}
	}
	return nil
}

// conversation is the key of the comment among what is posted.
const conversation = ""

// differing returns the checks that do not stand as they should.
func (l *lookAt) differing() []proposal.Check {
	var out []proposal.Check
	for _, c := range l.checks {
		if sum, err := sumOf(c); err != nil || l.state.Posted[place(c)].Sum != sum {
			out = append(out, c)
		}
	}
	return out
}

// comment returns the comment, and whether it has to be written.
func (l *lookAt) comment() (body string, write bool) {
	if l.quiet {
		return "", false
	}
	body = proposal.CommentText(l.view)
	return body, l.state.Posted[conversation].Sum != change.DigestOf([]byte(body))
}

func place(c proposal.Check) string { return c.Name + "@" + c.Head }

func sumOf(c proposal.Check) (string, error) {
	c.ID = 0
	b, err := change.Canonical(c)
	return change.DigestOf(b), err
}

// find looks for what an earlier look wrote and did not live to note.
func (l *lookAt) find(ctx context.Context, checks []proposal.Check) error {
	if !l.state.Writing {
		return nil
	}
	for _, c := range checks {
		if l.state.Posted[place(c)].ID != 0 {
			continue
		}
		there, err := l.Forge.Checks(ctx, l.repo, c.Head)
		if err != nil {
			return err
		}
		for _, t := range there {
			if k := place(proposal.Check{Name: t.Name, Head: c.Head}); l.state.Posted[k].ID == 0 {
				l.state.Posted[k] = posted{ID: t.ID}
			}
		}
	}
	if l.quiet || l.state.Posted[conversation].ID != 0 {
		return nil
	}
	return l.findComment(ctx)
}

// findComment finds our comment by its marker, among those that we made ourselves.
func (l *lookAt) findComment(ctx context.Context) error {
	all, err := l.Forge.Comments(ctx, l.repo, l.key.Number)
	if err != nil {
		return err
	}
	for _, c := range all {
		if c.Mine && strings.HasPrefix(c.Body, proposal.Marker) {
			l.state.Posted[conversation] = posted{ID: c.ID}
			return nil
		}
	}
	return nil
}

func (l *lookAt) putCheck(ctx context.Context, c proposal.Check) error {
	sum, err := sumOf(c)
	if err != nil {
		return err
	}
	c.ID = l.state.Posted[place(c)].ID
	c.ID, err = l.Forge.PutCheck(ctx, l.repo, c)
	if err != nil {
		return fmt.Errorf("write check %s: %w", c.Name, err)
	}
	l.state.Posted[place(c)] = posted{ID: c.ID, Sum: sum}
	return nil
}

// tidy forgets the checks of commits that are no longer looked at.
func (l *lookAt) tidy() {
	now := map[string]bool{conversation: true}
	for _, c := range l.checks {
		now[place(c)] = true
	}
	for k := range l.state.Posted {
		if !now[k] && !strings.HasSuffix(k, "@"+l.pull.Head.SHA) {
			delete(l.state.Posted, k)
		}
	}
}
