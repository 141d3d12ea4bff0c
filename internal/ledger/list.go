package ledger

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/change"
)

// Filter selects changes. Empty fields select all.
type Filter struct {
	Status    []change.Status
	System    change.Ref // in the footprint of the newest revision
	Submitter change.Ref
	Open      bool            // only those that are not final
	Origin    *change.PullKey // that the newest revision comes from
	Limit     int             // at most this many, 0 for all
}

// Changes returns the changes that f selects, newest first.
func (l *Ledger) Changes(ctx context.Context, f Filter) ([]change.Summary, error) {
	query, args := f.query()
	var out []change.Summary
	err := l.read(ctx, "list changes", func(c conn) error {
		err := c.each(ctx, func(r *sql.Rows) error {
			s, err := scanSummary(r)
			out = append(out, s)
			return err
		}, query, args...)
		if err != nil {
			return err
		}
		for part := range slices.Chunk(out, chunk) {
			if err := c.touched(ctx, part); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// touched fills in the systems that changes touch, by name.
func (c conn) touched(ctx context.Context, changes []change.Summary) error {
	var args []any
	at := map[int64]*change.Summary{}
	for i := range changes {
		n := number(changes[i].ID)
		at[n], args = &changes[i], append(args, n)
	}
	return c.each(ctx, func(r *sql.Rows) error {
		var n int64
		var ref change.Ref
		if err := r.Scan(&n, &ref); err != nil {
			return err
		}
		at[n].Systems = append(at[n].Systems, ref)
		return nil
	}, "select change, system from change_systems where touched = 1 and change in ("+placeholders("?", len(args))+") order by system", args...)
}

func (f Filter) query() (string, []any) {
	where, args := []string{"1 = 1"}, []any{}
	if len(f.Status) > 0 {
		where = append(where, "c.status in ("+placeholders("?", len(f.Status))+")")
		for _, s := range f.Status {
			args = append(args, string(s))
		}
	}
	if f.System != "" {
		where = append(where, "c.number in (select s.change from change_systems s where s.system = ?)")
		args = append(args, string(f.System))
	}
	if f.Submitter != "" {
		where, args = append(where, "c.submitter = ?"), append(args, string(f.Submitter))
	}
	if f.Open {
		open := unfinished()
		where, args = append(where, "c.status in ("+placeholders("?", len(open))+")"), append(args, open...)
	}
	if o := f.Origin; o != nil {
		where = append(where, "c.number in (select o.change from change_origins o where o.repository = ? and o.number = ?)")
		args = append(args, o.RepositoryID, o.Number)
	}
	query := "select c.number, c.revision, c.title, c.type, c.status, c.runbook, c.submitter, c.window_start, c.window_end, c.zone, " +
		"c.risk, c.note from changes c where " +
		strings.Join(where, " and ") + " order by c.number desc"
	if f.Limit > 0 {
		query, args = query+" limit ?", append(args, f.Limit)
	}
	return query, args
}

func scanSummary(r *sql.Rows) (change.Summary, error) {
	var s change.Summary
	var n, start, end int64
	err := r.Scan(&n, &s.Revision, &s.Title, &s.Type, &s.Status, &s.Runbook, &s.Submitter, &start, &end, &s.Window.Zone,
		&s.Risk, &s.Note)
	s.ID, s.Window.Start, s.Window.End = idOf(n), moment(start), moment(end)
	return s, err
}

// unfinished returns the statuses that are not final, as arguments.
func unfinished() []any {
	var out []any
	for _, s := range change.Statuses {
		if !s.Final() {
			out = append(out, string(s))
		}
	}
	return out
}

// Unfinished returns the changes whose status is not final, oldest first.
func (l *Ledger) Unfinished(ctx context.Context) ([]change.ID, error) {
	var out []change.ID
	open := unfinished()
	err := l.read(ctx, "list unfinished changes", func(c conn) error {
		return c.each(ctx, func(r *sql.Rows) error {
			var n int64
			err := r.Scan(&n)
			out = append(out, idOf(n))
			return err
		}, "select number from changes where status in ("+placeholders("?", len(open))+") order by number", open...)
	})
	return out, err
}

// History returns how often a runbook was run to an end, and how often that end was
// not the one wanted.
func (l *Ledger) History(ctx context.Context, runbook string) (change.History, error) {
	var h change.History
	err := l.read(ctx, "read the history of "+runbook, func(c conn) error {
		return c.row(ctx, "select count(*), coalesce(sum(case when outcome = ? then 0 else 1 end), 0) from changes "+
			"where runbook = ? and outcome <> ''", string(change.Completed), runbook).Scan(&h.Uses, &h.Failures)
	})
	return h, err
}
