package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// hand is one system of a footprint with the mode in which it is held.
type hand struct {
	system change.Ref
	mode   change.Mode
}

// laidHold returns what a footprint holds, touched systems first.
func laidHold(f change.Footprint) []hand {
	seen := map[hand]bool{}
	var out []hand
	add := func(ref change.Ref, m change.Mode) {
		if h := (hand{ref, m}); !seen[h] {
			seen[h] = true
			out = append(out, h)
		}
	}
	for _, r := range f.Touch {
		add(r, change.Touch)
	}
	for _, a := range f.Impact {
		add(a.System, change.Impact)
	}
	for _, a := range f.Observe {
		add(a.System, change.Observe)
	}
	return out
}

// concerned returns every system on which others matter: those of the footprint and
// all members of the groups that it degrades.
func concerned(f change.Footprint) []change.Ref {
	var refs []change.Ref
	for _, h := range laidHold(f) {
		refs = append(refs, h.system)
	}
	for _, d := range f.Degraded {
		refs = append(refs, d.Members...)
	}
	return distinct(refs)
}

const holdingQuery = "select h.system, h.mode, h.change, h.owner, h.starts_at, h.ends_at, h.token, h.since, " +
	"c.title, c.status, c.submitter, c.zone from holdings h join changes c on c.number = h.change where "

func scanHolding(r *sql.Rows) (change.Holding, error) {
	var h change.Holding
	var n, starts, ends, since int64
	err := r.Scan(&h.System, &h.Mode, &n, &h.Owner, &starts, &ends, &h.Token, &since, &h.Title, &h.Status, &h.Person, &h.Window.Zone)
	h.Change, h.Since = idOf(n), moment(since)
	h.Window.Start, h.Window.End = moment(starts), moment(ends)
	return h, err
}

// others returns the holdings of other changes on systems that overlap the window or
// are claims, which end only with their change.
func (c conn) others(ctx context.Context, self change.ID, systems []change.Ref, w change.Window) ([]change.Holding, error) {
	var out []change.Holding
	scan := func(r *sql.Rows) error {
		h, err := scanHolding(r)
		out = append(out, h)
		return err
	}
	for part := range slices.Chunk(systems, chunk) {
		var in []any
		for _, s := range part {
			in = append(in, string(s))
		}
		list := "h.system in (" + placeholders("?", len(in)) + ") and "
		args := append(slices.Clone(in), c.d.overlapArgs(w)...)
		err := c.each(ctx, scan, holdingQuery+list+c.d.overlap+" and h.token = 0 and h.change <> ?", append(args, number(self))...)
		if err != nil {
			return nil, fmt.Errorf("read reservations: %w", err)
		}
		err = c.each(ctx, scan, holdingQuery+list+"h.token > 0 and h.change <> ?", append(in, number(self))...)
		if err != nil {
			return nil, fmt.Errorf("read claims: %w", err)
		}
	}
	sortHoldings(out)
	return out, nil
}

func sortHoldings(hs []change.Holding) {
	slices.SortFunc(hs, func(a, b change.Holding) int {
		return cmp.Or(a.Window.Start.Compare(b.Window.Start), cmp.Compare(number(a.Change), number(b.Change)),
			cmp.Compare(a.System, b.System), cmp.Compare(a.Mode, b.Mode))
	})
}

// facts reads what a judgement about the footprint of s rests on.
func (t *tx) facts(ctx context.Context, s standing) (change.Facts, error) {
	f := change.Facts{Now: t.now, Record: s.Record}
	var err error
	if f.Holdings, err = t.others(ctx, s.ID, concerned(s.Plan.Footprint), s.Plan.Window); err != nil {
		return f, err
	}
	f.Approvals, err = t.approvals(ctx, s.ID, s.Revision)
	return f, err
}

// reserve replaces the reservations of s by those of its plan.
func (t *tx) reserve(ctx context.Context, s standing) error {
	if err := t.release(ctx, s.ID); err != nil {
		return err
	}
	owners := map[change.Ref]change.Ref{}
	for _, target := range s.Plan.Targets {
		owners[target.Ref] = target.Owner
	}
	var rows [][]any
	for _, h := range laidHold(s.Plan.Footprint) {
		rows = append(rows, []any{
			string(h.system), micros(s.Plan.Window.Start), micros(s.Plan.Window.End), number(s.ID),
			string(h.mode), string(owners[h.system]), 0, micros(t.now),
		})
	}
	err := t.insert(ctx, "insert into holdings (system, starts_at, ends_at, change, mode, owner, token, since)", "", rows)
	if err != nil {
		return fmt.Errorf("reserve the systems of %s: %w", s.ID, err)
	}
	return nil
}

// release gives up all that a change holds.
func (t *tx) release(ctx context.Context, id change.ID) error {
	if err := t.exec(ctx, "delete from holdings where change = ?", number(id)); err != nil {
		return fmt.Errorf("release the systems of %s: %w", id, err)
	}
	return nil
}

// Calendar returns what holds systems at any time in [from, to), by window. A claim is in it
// from its window's start until its change ends. An empty system means all.
func (l *Ledger) Calendar(ctx context.Context, from, to time.Time, system change.Ref) ([]change.Holding, error) {
	query := holdingQuery + "h.starts_at < ? and (h.ends_at > ? or h.token > 0)"
	args := []any{micros(to), micros(from)}
	if system != "" {
		query, args = query+" and h.system = ?", append(args, string(system))
	}
	var out []change.Holding
	err := l.read(ctx, "read the calendar", func(c conn) error {
		return c.each(ctx, func(r *sql.Rows) error {
			h, err := scanHolding(r)
			out = append(out, h)
			return err
		}, query, args...)
	})
	sortHoldings(out)
	return out, err
}
