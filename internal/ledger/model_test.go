package ledger

import (
	"database/sql"
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/changectl/changectl/internal/change"
)

// The model of a ledger is a naive list: who is where, and which rows each holds. It is
// told of every action, says what must come of it, and is compared with the ledger
// afterwards: statuses, revisions, tokens, the calendar and the queue of those to be
// judged again. What a judge is shown is compared too.

// state is what is compared of a change.
type state struct {
	ID       change.ID
	Revision int
	Status   change.Status
	Token    int64
}

// compare holds the ledger against the model.
func (w *world) compare(t *rapid.T) {
	if w.wrong != "" {
		t.Fatalf("a judge was shown (-model +ledger):\n%s", w.wrong)
	}
	var want []state
	for _, a := range w.changes {
		want = append(want, state{a.id, a.revision, a.status, a.token})
	}
	if diff := cmp.Diff(want, w.states(t)); diff != "" {
		t.Fatalf("changes (-model +ledger):\n%s", diff)
	}
	hs, err := w.l.CalendarOf(t.Context(), w.at(-1), w.at(24), w.systems)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w.lines(), w.linesOf(hs)); diff != "" {
		t.Fatalf("calendar (-model +ledger):\n%s", diff)
	}
	queue, err := w.l.Rechecks(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range w.changes {
		waits := a.aside != nil && a.aside.holds // for the end of the emergency
		if a.beforeStart() && !waits && len(w.blockers(a)) == 0 && !slices.Contains(queue, a.id) {
			t.Fatalf("%s is held, nothing is in its way, and it is not judged again", a.id)
		}
	}
}

func (w *world) states(t *rapid.T) (all []state) {
	if len(w.changes) == 0 {
		return nil
	}
	first := number(w.changes[0].id)
	err := w.l.read(t.Context(), "read the changes", func(c conn) error {
		return c.each(t.Context(), func(r *sql.Rows) error {
			var n int64
			var s state
			err := r.Scan(&n, &s.Revision, &s.Status, &s.Token)
			s.ID = idOf(n)
			all = append(all, s)
			return err
		}, "select number, revision, status, token from changes where number >= ? order by number", first)
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// newWorld is a ledger with systems, people and a month of their own.
func newWorld(t *rapid.T, l *Ledger, n int) *world {
	w := &world{l: l, base: epoch.AddDate(0, n, 0), done: map[string]int{}}
	for i := range 5 {
		w.systems = append(w.systems, change.Ref(fmt.Sprintf("resource:model-%d-%d", n, i)))
	}
	for i := range 2 {
		w.people = append(w.people, change.Ref(fmt.Sprintf("user:model-%d-%d", n, i)))
	}
	err := l.read(t.Context(), "read the counter", func(c conn) error {
		return c.row(t.Context(), "select value from counters where name = 'token'").Scan(&w.tokens)
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// act draws actions until one can be done, and does it.
func (w *world) act(t *rapid.T) {
	actions := []func(*rapid.T) bool{
		w.submit, w.submit, w.reserve, w.reserve, w.reserve, w.start, w.start, w.start, w.enter, w.enter, w.enter, w.enter, w.revise,
		w.declare, w.freeze, w.freeze, w.recheck, w.recheck, w.recheck, w.recheck, w.resume, w.seize, w.seize, w.breakClaim,
	}
	for range 10 {
		if actions[pick(t, len(actions))](t) {
			return
		}
	}
}

// comes is what must have come of the actions, in all checks together, for the test to
// have tried anything.
var comes = []string{
	"reserved", "refused", "started", "a claim in the way", "held", "backing-out", "completed", "failed", "revised", "held by a recheck", "let go by a recheck", "reserved again", "a footprint that would steal", "resumed", "seized", "pushed aside", "broken",
}

// The same worlds are tried each time, so that what comes of them is known; with
// CHANGECTL_FAULT=full many more, and others each time.
func TestTheLedgerDoesWhatANaiveModelDoes(t *testing.T) {
	settings := map[string]string{"rapid.checks": "30", "rapid.seed": "4", "rapid.nofailfile": "true"}
	if os.Getenv("CHANGECTL_FAULT") == "full" {
		settings["rapid.checks"], settings["rapid.seed"] = "500", "0"
	}
	for name, value := range settings {
		if err := flag.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	on(t, func(t *testing.T, l *Ledger) {
		n, done := 0, map[string]int{}
		rapid.Check(t, func(t *rapid.T) {
			n++
			w := newWorld(t, l, n)
			w.done = done
			for range 60 {
				w.act(t)
				w.compare(t)
			}
		})
		t.Logf("%d worlds; what came of it: %v", n, done)
		for _, what := range comes {
			if done[what] == 0 {
				t.Errorf("nothing was ever %s", what)
			}
		}
		verified(t, l)
	})
}
