package ledger

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"github.com/changectl/changectl/internal/change"
)

func (w *world) submit(t *rapid.T) bool {
	s := w.draw(t)
	sub, err := w.submission(s)
	if err != nil {
		t.Fatal(err)
	}
	r, created, err := w.l.Submit(t.Context(), sub)
	if err != nil || !created {
		t.Fatalf("submit: created %v, %v", created, err)
	}
	t.Logf("submit %s: %v", r.ID, s)
	w.changes = append(w.changes, &actor{id: r.ID, revision: 1, status: change.Submitted, sketch: s, today: s})
	return true
}

func (w *world) reserve(t *rapid.T) bool {
	a := w.one(t, in(change.Submitted))
	if a == nil {
		return false
	}
	next := oneOf(t, []change.Status{change.AwaitingApproval, change.Scheduled})
	_, err := w.l.Reserve(t.Context(), a.id, a.revision, w.key(), next, w.judge(a))
	expect(t, "reserve "+string(a.id), err, a.status != change.Submitted)
	switch {
	case err != nil:
	case a.sketch.urgent:
		a.status = change.AwaitingApproval
	case len(w.blockers(a)) > 0:
		a.status = change.Refused
		w.came("refused")
	default:
		a.status, a.holds = next, true
		w.came("reserved")
	}
	return true
}

func (w *world) start(t *rapid.T) bool {
	a := w.one(t, in(change.Scheduled, change.Waiting))
	if a == nil {
		return false
	}
	to := oneOf(t, []change.Status{change.Running, change.Running, change.Running, change.Running, change.Waiting, change.AwaitingApproval, change.Expired})
	_, err := w.l.Start(t.Context(), a.id, a.revision, w.key(), func(f change.Facts) change.Ruling {
		w.look(a, f)
		return change.Ruling{To: to, Why: w.key()}
	})
	claimed := slices.ContainsFunc(w.shown(a), func(l line) bool {
		return l.Token > 0 && slices.Contains(a.today.footprint().Touch, l.System)
	})
	expect(t, "start "+string(a.id), err, a.status != change.Scheduled && a.status != change.Waiting || to == change.Running && claimed)
	switch {
	case err != nil && claimed:
		w.came("a claim in the way")
	case err != nil:
	case to == change.Running:
		w.came("started")
		w.tokens++
		a.status, a.started, a.token = to, true, w.tokens
	case to == change.Expired:
		a.leave(to)
	default:
		a.status = to
	}
	return true
}

// onward is where a change may go by Enter; a hold before the start is none of them,
// and what is put into the calendar must be held.
var onward = map[change.Status][]change.Status{
	change.Submitted:        {change.Refused, change.Cancelled, change.Expired},
	change.AwaitingApproval: {change.AwaitingApproval, change.Refused, change.Rejected, change.Scheduled, change.Expired, change.Cancelled},
	change.Scheduled:        {change.AwaitingApproval, change.Rejected, change.Waiting, change.Expired, change.Cancelled},
	change.Waiting:          {change.AwaitingApproval, change.Rejected, change.Expired, change.Cancelled},
	change.Running:          {change.Held, change.BackingOut, change.Completed, change.Failed},
	change.BackingOut:       {change.Held, change.BackedOut, change.Failed},
	change.Completed:        {change.ReviewDue},
	change.BackedOut:        {change.ReviewDue},
	change.Failed:           {change.ReviewDue},
	change.ReviewDue:        {change.Closed},
}

func (a *actor) may(to change.Status) bool {
	if a.beforeStart() {
		ends := to == change.Rejected || to == change.Expired || to == change.Cancelled
		back := to == change.Scheduled || to == change.Waiting || to == change.AwaitingApproval
		return ends || back && a.holds || to == change.AwaitingApproval && a.sketch.urgent
	}
	if a.status == change.Held {
		return to == change.Running || to == change.BackingOut || to == change.Failed
	}
	return slices.Contains(onward[a.status], to) && (to != change.Scheduled || a.holds)
}

func (w *world) enter(t *rapid.T) bool {
	a := w.one(t, func(a *actor) bool { return !a.ended() && a.status != change.Submitted })
	if a == nil {
		return false
	}
	to := oneOf(t, change.Statuses)
	if pick(t, 6) > 0 { // seldom what cannot be, or what ends a change before it began
		early := []change.Status{change.Refused, change.Rejected, change.Expired, change.Cancelled, change.AwaitingApproval}
		likely := slices.DeleteFunc(slices.Clone(change.Statuses), func(s change.Status) bool { return !a.may(s) || slices.Contains(early, s) })
		if len(likely) == 0 {
			return false
		}
		to = oneOf(t, likely)
	}
	if to == change.Held && (a.status == change.Scheduled || a.status == change.Waiting) {
		return false // nobody holds a change before its start but the ledger
	}
	tr := change.Transition{Change: a.id, Revision: a.revision, To: to, Key: w.key(), Who: self, Why: "the model says so"}
	if to == change.Held {
		tr.Hold = &change.Hold{Reason: "a step failed", Choices: []change.Verb{change.RetryIt}}
	}
	_, err := w.l.Enter(t.Context(), tr)
	expect(t, fmt.Sprintf("%s from %s to %s", a.id, a.status, to), err, !a.may(to))
	if err != nil {
		return true
	}
	ends := slices.Contains([]change.Status{
		change.Refused, change.Rejected, change.Completed, change.BackedOut, change.Expired, change.Cancelled, change.Closed,
	}, to)
	if ends {
		a.leave(to)
	}
	a.status = to
	w.came(string(to))
	return true
}

// early is what can be revised.
func (a *actor) early() bool {
	return a.beforeStart() || in(change.Submitted, change.AwaitingApproval, change.Scheduled, change.Waiting)(a)
}

func (w *world) revise(t *rapid.T) bool {
	a := w.one(t, func(a *actor) bool { return a.early() && !a.beforeStart() })
	if a == nil {
		return false
	}
	s := w.draw(t)
	sub, err := w.submission(s)
	if err != nil {
		t.Fatal(err)
	}
	fits := *a
	fits.sketch, fits.today, fits.accepted = s, s, nil
	w.replace(a, &fits) // what others are shown does not change, what it is itself does
	blocked := len(w.blockers(&fits)) > 0 && !s.urgent
	_, err = w.l.Revise(t.Context(), a.id, sub, w.judge(&fits))
	w.replace(&fits, a)
	t.Logf("revise %s (%s) to %v", a.id, a.status, s)
	expect(t, "revise "+string(a.id), err, !a.early() || blocked)
	if err == nil {
		w.came("revised")
		fits.revision++
		fits.status, fits.holds = change.AwaitingApproval, !s.urgent
		*a = fits
	}
	return true
}

func (w *world) replace(a, by *actor) { w.changes[slices.Index(w.changes, a)] = by }
