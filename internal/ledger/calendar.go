package ledger

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// Calendar returns what holds systems at any time in [from, to), by window: changes
// and declared maintenances. A claim is in it from its window's start until its
// change ends. An empty system means all.
func (l *Ledger) Calendar(ctx context.Context, from, to time.Time, system change.Ref) ([]change.Holding, error) {
	if system != "" {
		return l.CalendarOf(ctx, from, to, []change.Ref{system})
	}
	w := change.Window{Start: from, End: to}
	// From the parties to what they hold: there are many fewer of them, and an index by
	// time over all holdings would cost every reservation something.
	args := append(span(w), micros(to), micros(to), micros(from), micros(from)-LongestDeclaration.Microseconds())
	return l.calendar(ctx, known(row(rowHolding, "changes p join holdings x on x.party = p.number")+
		"where p.window_start < ? and p.window_end > ? and p.window_start > ? and x.token = 0 "+
		"union all "+row(rowHolding, l.d.claims)+"where x.token > 0 and x.starts_at < ? "+
		"union all "+row(rowHolding, "declarations p join holdings x on x.party = -p.number")+
		"where p.starts_at < ? and p.ends_at > ? and p.starts_at > ?"), args)
}

// CalendarOf is Calendar of several systems; without any it is empty.
func (l *Ledger) CalendarOf(ctx context.Context, from, to time.Time, systems []change.Ref) ([]change.Holding, error) {
	list, err := l.d.list(distinct(systems))
	if err != nil {
		return nil, err
	}
	args := append([]any{list}, span(change.Window{Start: from, End: to})...)
	reserved, among := l.d.listed("holdings x", "system", "?")
	claimed, _ := l.d.listed(l.d.claims, "system", "?")
	return l.calendar(ctx, known(row(rowHolding, reserved)+"where "+among+" and "+overlap+" and x.token = 0 "+
		"union all "+row(rowHolding, claimed)+"where "+among+" and x.token > 0 and x.starts_at < ?"), append(args, list, micros(to)))
}

func (l *Ledger) calendar(ctx context.Context, query string, args []any) ([]change.Holding, error) {
	a := answer{seen: map[piece]bool{}}
	c := conn{querier: l.reader, d: l.d}
	err := c.each(ctx, a.scan, query, args...)
	sortHoldings(a.holdings)
	return a.holdings, l.explain("read the calendar", err)
}

// EndedSince returns the changes that had begun and ended at or after a moment and hold
// nothing any more, newest end first, with their plans and without runs and approvals:
// all, or those whose footprint has one of the systems.
func (l *Ledger) EndedSince(ctx context.Context, since time.Time, systems []change.Ref) ([]change.Record, error) {
	var out []change.Record
	err := l.read(ctx, "read which changes have ended", func(c conn) error {
		ids, err := c.numbers(ctx, "select number from changes where ended_at >= ? and ended_at > 0 and started_at > 0 and token = 0 "+
			"order by ended_at desc, number", micros(since))
		if err != nil {
			return err
		}
		for _, n := range ids {
			s, err := c.standingAt(ctx, idOf(n), n)
			if err != nil {
				return err
			}
			if s.Plan, err = l.plan(ctx, c, s.Digest); err != nil {
				return err
			}
			if systems == nil || meets(s.Holds(), systems) {
				out = append(out, s.Record)
			}
		}
		return nil
	})
	return out, err
}

func meets(f change.Footprint, systems []change.Ref) bool {
	return slices.ContainsFunc(f.Hands(), func(h change.Hand) bool { return slices.Contains(systems, h.System) })
}

// numbers reads one column of numbers.
func (c conn) numbers(ctx context.Context, query string, args ...any) ([]int64, error) {
	var out []int64
	err := c.each(ctx, func(r *sql.Rows) error {
		var n int64
		err := r.Scan(&n)
		out = append(out, n)
		return err
	}, query, args...)
	return out, err
}
