package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
)

// AddFreeze records a freeze. The ledger sets ID and At. Every change that has not
// started and whose window overlaps the bounds is asked to be judged again. The same
// nonce with the same freeze again returns it as it stands.
func (l *Ledger) AddFreeze(ctx context.Context, f change.Freeze, nonce string) (change.Freeze, error) {
	f.ID, f.At, f.LiftedBy, f.LiftedAt, f.LiftedFor = "", time.Time{}, "", time.Time{}, ""
	if !f.Window.Start.Before(f.Window.End) {
		return f, change.Invalid("the freeze ends at %s, not after its start at %s", f.Window.End, f.Window.Start).At("window.end")
	}
	if f.By == "" {
		return f, change.Invalid("a freeze needs who adds it").At("by")
	}
	body, err := change.Canonical(f)
	if err != nil {
		return f, err
	}
	use := used("freeze", f.By, body)
	err = l.write(ctx, "add a freeze", func(t *tx) error {
		if nonce != "" {
			if fresh, err := t.nonce(ctx, nonce, use); err != nil {
				return err
			} else if !fresh {
				t.quiet = true
				f, err = t.freezeWhere(ctx, "nonce = ?", nonce)
				return err
			}
			if err := t.spend(ctx, nonce, use); err != nil {
				return err
			}
		}
		return t.freeze(ctx, &f, nonce)
	})
	return f, err
}

func (t *tx) freeze(ctx context.Context, f *change.Freeze, nonce string) error {
	n, err := t.next(ctx, "freeze")
	if err != nil {
		return err
	}
	f.ID, f.At = labelled(freezePrefix, n), t.now
	text, err := encode(f, false)
	if err != nil {
		return err
	}
	err = t.exec(ctx, "insert into freezes (number, starts_at, ends_at, lifted_at, nonce, body) values (?, ?, ?, 0, ?, ?)",
		n, micros(f.Window.Start), micros(f.Window.End), sql.NullString{String: nonce, Valid: nonce != ""}, text)
	if err != nil {
		return fmt.Errorf("write %s: %w", f.ID, err)
	}
	what := fmt.Sprintf("adds the freeze %s %q from %s to %s", f.ID, f.Title, stamp(f.Window.Start), stamp(f.Window.End))
	if err := t.tellFreeze(*f, audit.Entry{Kind: "freeze.added", Who: f.By, What: what, Why: f.Reason}); err != nil {
		return err
	}
	return t.askOverlapping(ctx, what, f.Window)
}

func (t *tx) tellFreeze(f change.Freeze, e audit.Entry) error {
	content, err := change.Canonical(f)
	if err != nil {
		return err
	}
	e.Systems, e.Digests = f.Scope.Systems, map[string]string{"freeze": change.DigestOf(content)}
	_, err = t.tell(e)
	return err
}

// LiftFreeze ends a freeze before its time. Changes that it may have been in the way of
// are asked to be judged again. One that was lifted already is returned as it stands.
func (l *Ledger) LiftFreeze(ctx context.Context, id change.ID, who change.Ref, why string) (change.Freeze, error) {
	var f change.Freeze
	if who == "" {
		return f, change.Invalid("the lifting of a freeze needs who lifts it")
	}
	err := l.write(ctx, "lift "+string(id), func(t *tx) (err error) {
		if f, err = t.freezeOf(ctx, id); err != nil {
			return err
		}
		if !f.LiftedAt.IsZero() {
			t.quiet = true
			return nil
		}
		f.LiftedBy, f.LiftedAt, f.LiftedFor = who, t.now, why
		return t.lift(ctx, f)
	})
	return f, err
}

func (t *tx) lift(ctx context.Context, f change.Freeze) error {
	text, err := encode(f, false)
	if err != nil {
		return err
	}
	err = t.exec(ctx, "update freezes set lifted_at = ?, body = ? where number = ?", micros(f.LiftedAt), text, numbered(freezePrefix, f.ID))
	if err != nil {
		return fmt.Errorf("write %s: %w", f.ID, err)
	}
	what := fmt.Sprintf("lifts the freeze %s %q", f.ID, f.Title)
	if err := t.tellFreeze(f, audit.Entry{Kind: "freeze.lifted", Who: f.LiftedBy, What: what, Why: f.LiftedFor}); err != nil {
		return err
	}
	if err := t.askOverlapping(ctx, what, f.Window); err != nil {
		return err
	}
	return t.wake(ctx, what)
}

func (c conn) freezeOf(ctx context.Context, id change.ID) (change.Freeze, error) {
	f, err := c.freezeWhere(ctx, "number = ?", numbered(freezePrefix, id))
	if errors.Is(err, sql.ErrNoRows) {
		return f, change.NotFound("there is no freeze %s", id).WithHint("changectl freeze list --all shows those there are")
	}
	return f, err
}

func (c conn) freezeWhere(ctx context.Context, condition string, arg any) (change.Freeze, error) {
	var f change.Freeze
	var text string
	if err := c.row(ctx, "select body from freezes where "+condition, arg).Scan(&text); err != nil {
		return f, fmt.Errorf("read a freeze: %w", err)
	}
	return f, decode(text, &f)
}

// Freeze returns a freeze as it stands.
func (l *Ledger) Freeze(ctx context.Context, id change.ID) (change.Freeze, error) {
	var f change.Freeze
	err := l.read(ctx, "read "+string(id), func(c conn) (err error) {
		f, err = c.freezeOf(ctx, id)
		return err
	})
	return f, err
}

// Freezes returns the freezes whose bounds overlap [from, to), by start; a zero end is
// open. Without all, those that are over by now or lifted are left out.
func (l *Ledger) Freezes(ctx context.Context, from, to time.Time, all bool) ([]change.Freeze, error) {
	where, args := []string{"1 = 1"}, []any{}
	add := func(condition string, value time.Time) {
		where, args = append(where, condition), append(args, micros(value))
	}
	if !all {
		where = append(where, "lifted_at = 0")
		add("ends_at > ?", l.clock())
	}
	if !from.IsZero() {
		add("ends_at > ?", from)
	}
	if !to.IsZero() {
		add("starts_at < ?", to)
	}
	var out []change.Freeze
	err := l.read(ctx, "list freezes", func(c conn) (err error) {
		out, err = documents[change.Freeze](ctx, c,
			"select body from freezes where "+strings.Join(where, " and ")+" order by starts_at, number", args...)
		return err
	})
	return out, err
}
