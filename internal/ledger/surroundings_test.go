package ledger

import (
	"slices"
	"testing"

	"github.com/changectl/changectl/internal/change"
)

// maintenance is a declared maintenance that touches systems.
func maintenance(title string, w change.Window, touch ...change.Ref) change.Declaration {
	d := change.Declaration{
		State: change.Planned, Title: title, Targets: touch, Impact: change.Outage, Window: w, Owner: "Example Carrier", Contact: "noc@example.com",
	}
	for _, ref := range touch {
		d.Holds = append(d.Holds, change.Hand{System: ref, Mode: change.Touch})
	}
	return d
}

// event is one that was imported.
func event(uid string, sequence int, d change.Declaration) change.Declaration {
	d.Source = &change.CalendarEntry{Calendar: "carrier", UID: uid, Sequence: sequence}
	return d
}

func declare(t testing.TB, l *Ledger, ds ...change.Declaration) []change.Imported {
	t.Helper()
	out, err := l.Declare(t.Context(), "user:ann", "", ds)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// withdraw takes a declared maintenance back.
func withdraw(t testing.TB, l *Ledger, d change.Declaration) change.Declaration {
	t.Helper()
	d.State = change.Withdrawn
	return declare(t, l, d)[0].Declaration
}

// queued returns the queue, and empties it by judging with judge.
func queued(t testing.TB, l *Ledger, judge func(change.Facts) change.Verdict) []change.ID {
	t.Helper()
	ids := queue(t, l)
	for _, id := range ids {
		recheck(t, l, id, judge)
	}
	slices.Sort(ids)
	return ids
}

func queue(t testing.TB, l *Ledger) []change.ID {
	t.Helper()
	ids, err := l.Rechecks(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// recheck judges a change again by the catalog that it was planned with.
func recheck(t testing.TB, l *Ledger, id change.ID, judge func(change.Facts) change.Verdict) (change.Record, bool) {
	t.Helper()
	r, err := l.Change(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	r, moved, err := l.Recheck(t.Context(), id, r.Plan.Footprint, judge)
	if err != nil {
		t.Fatal(err)
	}
	return r, moved
}

// sober is free for those whose windows overlap, and lets accepted maintenances and
// what an emergency may push aside pass.
func sober(f change.Facts) change.Verdict {
	v := free(f)
	for i, found := range v.Findings {
		pushed := f.Record.Plan.Type == change.Emergency && found.Other.Token == 0
		if pushed || slices.Contains(f.Record.Accepted, found.Other.By) {
			v.Findings[i].Severity = change.Warns
		}
	}
	return v
}

func status(t testing.TB, l *Ledger, id change.ID) change.Record {
	t.Helper()
	r, err := l.Change(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func holders(t testing.TB, l *Ledger, system change.Ref) []change.ID {
	t.Helper()
	hs, err := l.Calendar(t.Context(), epoch.AddDate(-2, 0, 0), epoch.AddDate(2, 0, 0), system)
	if err != nil {
		t.Fatal(err)
	}
	var out []change.ID
	for _, h := range hs {
		out = append(out, h.By)
	}
	return out
}

// emergency awaits approval and holds nothing.
func emergency(t testing.TB, l *Ledger, p change.Plan) change.Record {
	t.Helper()
	p.Type = change.Emergency
	r := submit(t, l, p)
	r, err := l.Reserve(t.Context(), r.ID, 1, "reserve", change.AwaitingApproval, sober)
	if err != nil || r.Status != change.AwaitingApproval {
		t.Fatalf("reserve %s: %s, %v", r.ID, r.Status, err)
	}
	return r
}

func seize(t testing.TB, l *Ledger, r change.Record) change.Record {
	t.Helper()
	r, err := l.Seize(t.Context(), r.ID, r.Revision, "seize", sober)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func days(from, to int) change.Window {
	return change.Window{Start: epoch.AddDate(0, 0, from), End: epoch.AddDate(0, 0, to), Zone: "UTC"}
}
