package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/changectl/changectl/internal/change"
)

// askFor puts the changes that from selects into the queue of those to be judged
// again. One that is in it already is asked for anew: what came meanwhile must be seen.
func (t *tx) askFor(ctx context.Context, because, from string, args ...any) error {
	args = append([]any{because, micros(t.now), t.tree.Size()}, args...)
	err := t.exec(ctx, "insert into rechecks (change, because, at, entry) select c.number, ?, ?, ? from changes c where "+from+
		" on conflict (change) do update set because = excluded.because, at = excluded.at, entry = excluded.entry", args...)
	if err != nil {
		return fmt.Errorf("ask for changes to be judged again: %w", err)
	}
	return nil
}

// wake asks for the changes that stand still for what others hold: those that are held
// before their start, and emergencies that await. Something was given up that may have
// been in their way.
func (t *tx) wake(ctx context.Context, because string) error {
	return t.askFor(ctx, because, "c.started_at = 0 and (c.status = ? or (c.status = ? and c.type = ?))",
		string(change.Held), string(change.AwaitingApproval), string(change.Emergency))
}

// unended is the condition that a change has not come to an end.
func unended() (condition string, args []any) {
	args = slices.DeleteFunc(unfinished(), func(s any) bool { return s == string(change.ReviewDue) })
	return "c.status in (" + placeholders("?", len(args)) + ")", args
}

// askOverlapping asks for the changes that have not started and overlap a window.
func (t *tx) askOverlapping(ctx context.Context, because string, w change.Window) error {
	open, args := unended()
	return t.askFor(ctx, because, "c.window_start < ? and c.window_end > ? and c.window_start > ? and c.started_at = 0 and "+open,
		append(span(w), args...)...)
}

// askConcerned asks for the changes that hold one of the systems, or degrade a group of
// which one is a member, and overlap the window or have a claim.
func (t *tx) askConcerned(ctx context.Context, because string, systems []change.Ref, w change.Window) error {
	if len(systems) == 0 {
		return nil
	}
	list, err := t.d.list(systems)
	if err != nil {
		return err
	}
	open, status := unended()
	args := append([]any{list}, span(w)...)
	args = append(args, list, list)
	args = append(args, status...)
	args = append(args, span(w)...)
	held, among := t.d.listed("holdings x", "system", "?")
	claimed, _ := t.d.listed(t.d.claims, "system", "?")
	members, _ := t.d.listed("change_members x", "system", "?")
	return t.askFor(ctx, because, "c.number in (select x.party from "+held+" where "+among+" and "+overlap+" and x.party > 0 "+
		"union select x.party from "+claimed+" where "+among+" and x.token > 0 "+
		"union select x.change from "+members+" where "+among+") and "+open+
		" and ((c.window_start < ? and c.window_end > ? and c.window_start > ?) or c.token > 0)", args...)
}

// Rechecks returns changes that are to be judged again, those first that were asked for
// first, at most limit of them, or all for 0.
func (l *Ledger) Rechecks(ctx context.Context, limit int) ([]change.ID, error) {
	query, args := "select change, entry from rechecks order by entry, change", []any{}
	if limit > 0 {
		query, args = query+" limit ?", append(args, limit)
	}
	var out []change.ID
	asked := map[int64]int64{}
	err := l.read(ctx, "read which changes are to be judged again", func(c conn) error {
		return c.each(ctx, func(r *sql.Rows) error {
			var n, entry int64
			err := r.Scan(&n, &entry)
			out, asked[n] = append(out, idOf(n)), entry
			return err
		}, query, args...)
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = asked
	return out, err
}

// takeOff takes a change off the queue and returns why it was on it. What was asked for after
// Rechecks told this program of the change stays: its footprint may be older than that.
func (t *tx) takeOff(ctx context.Context, id change.ID) (because string, err error) {
	var entry int64
	err = t.row(ctx, "select because, entry from rechecks where change = ?", number(id)).Scan(&because, &entry)
	if err != nil {
		return "", ignoreMissing(err)
	}
	t.l.mu.Lock()
	known, ok := t.l.asked[number(id)]
	t.l.mu.Unlock()
	if ok && known < entry {
		return because, nil
	}
	if err := t.exec(ctx, "delete from rechecks where change = ?", number(id)); err != nil {
		return "", fmt.Errorf("take %s off the queue: %w", id, err)
	}
	return because, nil
}

// ignoreMissing makes a row that is not there no error.
func ignoreMissing(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}
