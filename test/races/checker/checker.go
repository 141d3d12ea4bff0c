// Package checker looks at what is in a ledger's database after a race and says
// what must not be there.
//
// It is a second opinion. It reads tables with plain SQL, counts and compares by
// brute force, and must not import the product's rules, its ledger, its catalog or
// its arithmetic of windows: a mistake there must not be repeated here.
package checker

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
)

// Group is a redundancy group: of Members, MustRun must stay up at any time.
type Group struct {
	Name    string
	Members []string
	MustRun int
}

// Finding is one thing that must not be in the database.
type Finding struct {
	Rule string // matrix, redundancy, whole, claim or fence
	Text string
}

// String returns the finding as one line.
func (f Finding) String() string { return f.Rule + ": " + f.Text }

// Report is what a check looked at and found. Nothing found is the wish; nothing
// looked at proves nothing.
type Report struct {
	Changes  int // that were recorded
	Holdings int // of changes
	Pairs    int // of holdings of two parties on one system that were compared
	Instants int // at which members of a redundancy group were counted
	Findings []Finding
}

// String returns the figures in one line.
func (r Report) String() string {
	return fmt.Sprintf("%d changes, %d holdings, %d pairs compared, redundancy counted at %d instants, %d findings",
		r.Changes, r.Holdings, r.Pairs, r.Instants, len(r.Findings))
}

// Database is a database or one transaction of it.
type Database interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Check reads a ledger's database and returns everything that is wrong in it.
func Check(ctx context.Context, db Database, groups []Group) (Report, error) {
	b, err := read(ctx, db)
	if err != nil {
		return Report{}, err
	}
	b.report = Report{Changes: len(b.changes), Holdings: len(b.holdings)}
	b.matrix()
	for _, g := range groups {
		b.redundancy(g)
	}
	b.whole()
	b.claims()
	b.fence()
	return b.report, nil
}

func (b *books) say(rule, format string, args ...any) {
	b.report.Findings = append(b.report.Findings, Finding{Rule: rule, Text: fmt.Sprintf(format, args...)})
}

// peaceful are the pairs of modes that may share a system; all others conflict.
var peaceful = [][2]string{{"impact", "impact"}, {"observe", "observe"}}

// matrix compares every two holdings of different changes on one system. What is
// declared is left out: it cannot be refused.
func (b *books) matrix() {
	on := map[string][]holding{}
	for _, h := range b.holdings {
		on[h.system] = append(on[h.system], h)
	}
	for _, list := range on {
		for i, x := range list {
			for _, y := range list[i+1:] {
				b.pair(x, y)
			}
		}
	}
}

func (b *books) pair(x, y holding) {
	if x.party == y.party {
		return
	}
	b.report.Pairs++
	apart := x.to <= y.from || y.to <= x.from
	if apart || slices.Contains(peaceful, [2]string{x.mode, y.mode}) || b.seized(x, y) || b.seized(y, x) {
		return
	}
	b.say("matrix", "%s is held by CHG-%d (%s, %d to %d) and by CHG-%d (%s, %d to %d)",
		x.system, x.party, x.mode, x.from, x.to, y.party, y.mode, y.from, y.to)
}

// seized reports whether x is what an emergency has reserved beside the claim y, for
// which it waits.
func (b *books) seized(x, y holding) bool {
	return b.changes[x.party].kind == "emergency" && x.token == 0 && y.token > 0
}

// redundancy counts, at every moment at which anything begins, the members of a group
// that are worked on or lose service.
func (b *books) redundancy(g Group) {
	var mine []holding
	for _, h := range b.holdings {
		if h.mode != "observe" && slices.Contains(g.Members, h.system) {
			mine = append(mine, h)
		}
	}
	for _, at := range mine {
		b.report.Instants++
		var down []string
		for _, h := range mine {
			if h.from <= at.from && at.from < h.to && !slices.Contains(down, h.system) {
				down = append(down, h.system)
			}
		}
		if up := len(g.Members) - len(down); up < g.MustRun {
			slices.Sort(down)
			b.say("redundancy", "at %d %d of the group %s are up, of which %d must be: %v are down", at.from, up, g.Name, g.MustRun, down)
		}
	}
}

// whole asks whether each change holds what it is to hold, all of it or nothing.
func (b *books) whole() {
	has := map[int64][]hand{}
	for _, h := range b.holdings {
		has[h.party] = append(has[h.party], hand{h.system, h.mode, h.from, h.to})
	}
	for party := range has {
		if _, ok := b.changes[party]; !ok {
			b.say("whole", "CHG-%d holds systems and is not recorded", party)
		}
	}
	for n, c := range b.changes {
		sorted(has[n])
		sorted(c.footprint)
		all, none := slices.Equal(has[n], c.footprint), len(has[n]) == 0
		if c.may == everything && !all || c.may == nothing && !none || !all && !none {
			b.say("whole", "CHG-%d is %s and must hold %s of its footprint %v; it holds %v", n, c.status, c.may, c.footprint, has[n])
		}
	}
}

func sorted(list []hand) {
	slices.SortFunc(list, func(x, y hand) int { return cmp.Or(cmp.Compare(x.system, y.system), cmp.Compare(x.mode, y.mode)) })
}

// The statuses without a claim and with one; in the others it depends on what came before.
var (
	claimless = []string{
		"submitted", "refused", "awaiting-approval", "rejected", "scheduled", "waiting", "completed", "backed-out", "expired", "cancelled",
	}
	claiming = []string{"running", "backing-out"}
)

// claims asks whether two claims stand on one system, and whether a change and its
// holdings agree about its token.
func (b *books) claims() {
	by := map[string]int64{}
	for _, h := range b.holdings {
		if c := b.changes[h.party]; h.token != c.token {
			b.say("claim", "CHG-%d has the token %d and holds %s with the token %d", h.party, c.token, h.system, h.token)
		}
		if h.mode != "touch" || h.token == 0 {
			continue
		}
		if other, taken := by[h.system]; taken {
			b.say("claim", "%s is claimed by CHG-%d and by CHG-%d", h.system, other, h.party)
		}
		by[h.system] = h.party
	}
	of := map[int64]int64{}
	for n, c := range b.changes {
		if slices.Contains(claimless, c.status) && c.token > 0 || slices.Contains(claiming, c.status) && c.token == 0 {
			b.say("claim", "CHG-%d is %s with the token %d", n, c.status, c.token)
		}
		if other, taken := of[c.token]; taken && c.token > 0 {
			b.say("claim", "CHG-%d and CHG-%d have the same token %d", other, n, c.token)
		}
		of[c.token] = n
	}
}

// fence asks whether the fence of each claimed system is that of its claim, and no
// fence or token is ahead of the counter that they come from.
func (b *books) fence() {
	for _, h := range b.holdings {
		if h.token > 0 && h.mode == "touch" && b.fences[h.system] != h.token {
			b.say("fence", "%s is claimed with the token %d and its fence is at %d", h.system, h.token, b.fences[h.system])
		}
	}
	for system, token := range b.fences {
		if token > b.tokens {
			b.say("fence", "the fence of %s is at %d and only %d tokens were given", system, token, b.tokens)
		}
	}
	for n, c := range b.changes {
		if c.token > b.tokens {
			b.say("fence", "CHG-%d has the token %d and only %d tokens were given", n, c.token, b.tokens)
		}
	}
}
