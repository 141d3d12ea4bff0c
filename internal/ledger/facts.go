package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// question is what a judgement wants to know of others.
type question struct {
	self    change.ID // nothing of this change
	systems []change.Ref
	people  []change.Ref
	window  change.Window
}

func questionOf(self change.ID, p change.Plan, f change.Footprint) question {
	return question{self: self, systems: f.Concerned(), people: p.People, window: p.Window}
}

// The kinds of rows that answer a question.
const (
	rowHolding = iota
	rowFreeze
	rowParallel
)

// overlap is the condition that a row of x shares a moment with a window. No row is longer
// than the longest window, so that the range has two ends; see span for the arguments.
const overlap = "x.starts_at < ? and x.ends_at > ? and x.starts_at > ?"

// span returns the arguments of overlap.
func span(w change.Window) []any {
	start := micros(w.Start)
	return []any{micros(w.End), start, start - LongestWindow.Microseconds()}
}

// row selects rows of one kind with all columns of holdings x.
func row(kind int, from string) string {
	return "select " + strconv.Itoa(kind) + " as kind, x.system, x.mode, x.access, x.path, x.party, x.owner, x.starts_at, x.ends_at, x.token, x.since from " + from + " "
}

// known adds to rows the party that each belongs to: a change c or a declared
// maintenance d, of which the whole window counts and not the piece.
func known(rows string) string {
	return "select x.kind, x.system, x.mode, x.access, x.path, x.party, x.owner, coalesce(d.starts_at, x.starts_at), coalesce(d.ends_at, x.ends_at), " +
		"x.token, x.since, coalesce(c.title, d.title, ''), coalesce(c.status, ''), coalesce(c.type, ''), coalesce(d.impact, ''), " +
		"coalesce(c.submitter, d.declared_by, ''), coalesce(c.submitter, d.owner, ''), coalesce(c.contact, d.contact, ''), " +
		"coalesce(c.zone, d.zone, '') from (" + rows + ") x " +
		"left join changes c on c.number = x.party left join declarations d on d.number = -x.party"
}

// question is one statement, so that it costs one round trip and sees one state: what
// is reserved and declared on the systems in the window, what is claimed on them at any
// time, the freezes, and who else needs the people. Its arguments are those of args.
func (d dialect) question() string {
	const overlap = "x.starts_at < $2 and x.ends_at > $3 and x.starts_at > $4"
	const text, none = " cast('' as text)", " cast(0 as bigint)" // of one type all the way down, or PostgreSQL plans it less well
	reserved, among := d.listed("holdings x", "system", "$1")
	claimed, _ := d.listed(d.claims, "system", "$1")
	needed, whom := d.listed("change_people x", "person", "$6")
	return known(row(rowHolding, reserved) + "where " + among + " and " + overlap + " and x.token = 0 and x.party <> $5 " +
		"union all " + row(rowHolding, claimed) + "where " + among + " and x.token > 0 and x.party <> $5 " +
		"union all select " + strconv.Itoa(rowFreeze) + "," + text + "," + text + "," + none + ", x.body," + none + "," + text + "," + none + "," + none + "," + none + "," + none +
		" from freezes x where x.lifted_at = 0 and x.ends_at > $3 and x.starts_at < $2 " +
		"union all select " + strconv.Itoa(rowParallel) + ", x.person," + text + "," + none + "," + text + ", x.change," + text + ", x.starts_at, x.ends_at," + none + "," + none +
		" from " + needed + " where " + whom + " and " + overlap + " and x.change <> $5")
}

// args returns the arguments of the statement.
func (q question) args(d *dialect) ([]any, error) {
	systems, err := d.list(q.systems)
	if err != nil {
		return nil, err
	}
	people, err := d.list(q.people)
	if err != nil {
		return nil, err
	}
	return append(append([]any{systems}, span(q.window)...), number(q.self), people), nil
}

// ask reads what the question is about into f.
func (c conn) ask(ctx context.Context, q question, f *change.Facts) error {
	args, err := q.args(c.d)
	if err != nil {
		return err
	}
	a := answer{seen: map[piece]bool{}}
	if err := c.each(ctx, a.scan, c.d.answers, args...); err != nil {
		return fmt.Errorf("read what others hold: %w", err)
	}
	sortHoldings(a.holdings)
	f.Holdings, f.Freezes, f.Parallel = a.holdings, a.freezes, a.parallel
	return nil
}

// answer collects rows. What is declared for long is told once, though it lies in pieces.
type answer struct {
	holdings []change.Holding
	freezes  []change.Freeze
	parallel []change.Parallel
	seen     map[piece]bool
}

type piece struct {
	system change.Ref
	mode   change.Mode
	by     change.ID
}

func (a *answer) scan(r *sql.Rows) error {
	kind, h, text, err := scanHolding(r)
	if err != nil {
		return err
	}
	switch kind {
	case rowFreeze:
		var f change.Freeze
		err := decode(text, &f)
		a.freezes = append(a.freezes, f)
		return err
	case rowParallel:
		person := h.System
		h.System = ""
		a.parallel = append(a.parallel, change.Parallel{Person: person, Other: h})
		return nil
	}
	return a.hold(h, text)
}

func (a *answer) hold(h change.Holding, path string) error {
	if h.By.Declared() {
		p := piece{h.System, h.Mode, h.By}
		if a.seen[p] {
			return nil
		}
		a.seen[p] = true
	}
	err := decode(path, &h.Path)
	a.holdings = append(a.holdings, h)
	return err
}

// scanHolding reads a row; text is its path, or the freeze.
func scanHolding(r *sql.Rows) (kind int, h change.Holding, text string, err error) {
	var party, access, starts, ends, since int64
	err = r.Scan(&kind, &h.System, &h.Mode, &access, &text, &party, &h.Owner, &starts, &ends, &h.Token, &since,
		&h.Title, &h.Status, &h.Type, &h.Impact, &h.Person, &h.Whose, &h.Contact, &h.Window.Zone)
	h.By, h.Access, h.Since = idOf(party), access != 0, moment(since)
	h.Window.Start, h.Window.End = moment(starts), moment(ends)
	return kind, h, text, err
}

// facts reads what a judgement about the footprint of s rests on.
func (t *tx) facts(ctx context.Context, s standing) (change.Facts, error) {
	f := change.Facts{Now: t.now, Record: s.Record}
	if err := t.ask(ctx, questionOf(s.ID, s.Plan, s.Holds()), &f); err != nil {
		return f, err
	}
	var err error
	f.Approvals, err = t.approvals(ctx, s.ID, s.Revision)
	return f, err
}

// Review reads the facts for a judgement about a plan that is not recorded, or not yet:
// what a transaction would read at this moment. Nothing of the change self is among
// them; empty, it is a new one.
func (l *Ledger) Review(ctx context.Context, plan change.Plan, self change.ID) (change.Facts, error) {
	f := change.Facts{
		Now:    l.clock().UTC().Truncate(time.Microsecond),
		Record: change.Record{ID: self, Plan: plan, Submitter: plan.Submitter},
	}
	err := l.look(ctx, questionOf(self, plan, plan.Footprint), &f)
	return f, l.explain("look at what others hold", err)
}

// Around returns what others than self hold on systems at any time in [from, to), claims
// whenever they are, and the freezes whose bounds overlap it.
func (l *Ledger) Around(
	ctx context.Context, self change.ID, systems []change.Ref, from, to time.Time,
) ([]change.Holding, []change.Freeze, error) {
	var f change.Facts
	q := question{self: self, systems: distinct(systems), window: change.Window{Start: from, End: to}}
	err := l.look(ctx, q, &f)
	return f.Holdings, f.Freezes, l.explain("look at what others hold", err)
}

// look asks outside of any transaction: it is one statement.
func (l *Ledger) look(ctx context.Context, q question, f *change.Facts) error {
	err := conn{querier: l.reader, d: l.d, p: l.looking}.ask(ctx, q, f)
	l.looking.prepare(ctx)
	return err
}
