package fault_test

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"syscall"

	enumspb "go.temporal.io/api/enums/v1"
	_ "modernc.org/sqlite" // to stand in front of the ledger's database

	"github.com/changectl/changectl/internal/change"
)

// place is where in a step a change stands when the kill comes.
type place string

// The places of a step, in order. The first and the last are the boundaries.
const (
	beforeIntent place = "before its intent"
	beforeEffect place = "after its intent, before its effect"
	inTheMiddle  place = "in the middle of its effect"
	afterEffect  place = "after its effect, before its result"
	afterResult  place = "after its result, before the next step"
)

// barAt says where an effect is stopped to have its step stand at a place.
var barAt = map[place]string{beforeEffect: "before", inTheMiddle: "middle", afterEffect: "after", afterResult: "after"}

// point is one moment to be killed at, and the change that stands there.
type point struct {
	step      string
	direction change.Direction
	place     place

	// Before its intent, a step is found by the effect of the step before it.
	before          string
	beforeDirection change.Direction

	id  change.ID
	bar *bar
}

func (pt *point) String() string { return fmt.Sprintf("%s %s %s", pt.direction, pt.step, pt.place) }

// insidePoints are all places inside the steps.
func insidePoints() []*point {
	var list []*point
	for _, pl := range []place{beforeEffect, inTheMiddle, afterEffect} {
		for _, step := range []string{"raise", "shift", "strike", "seal"} {
			list = append(list, &point{step: step, direction: change.Do, place: pl})
		}
		for _, step := range []string{"strike", "shift", "raise"} {
			list = append(list, &point{step: step, direction: change.Undo, place: pl})
		}
	}
	return append(list, &point{step: "rest", direction: change.Do, place: inTheMiddle})
}

// intentPoints are all boundaries at which a step has been handed out to the
// worker and its intent has not been written.
func intentPoints() []*point {
	var list []*point
	for _, s := range [][2]string{{"raise", "shift"}, {"shift", "strike"}, {"strike", "rest"}, {"rest", "seal"}, {"seal", "pause"}} {
		list = append(list, &point{step: s[1], direction: change.Do, place: beforeIntent, before: s[0], beforeDirection: change.Do})
	}
	for _, s := range [][2]string{{"strike", "shift"}, {"shift", "raise"}} {
		list = append(list, &point{step: s[1], direction: change.Undo, place: beforeIntent, before: s[0], beforeDirection: change.Undo})
	}
	return list
}

// resultPoints are all boundaries at which a step has its result and nobody has
// been told.
func resultPoints() []*point {
	var list []*point
	for _, step := range []string{"raise", "shift", "strike", "rest", "seal"} {
		list = append(list, &point{step: step, direction: change.Do, place: afterResult})
	}
	for _, step := range []string{"strike", "shift", "raise"} {
		list = append(list, &point{step: step, direction: change.Undo, place: afterResult})
	}
	return list
}

// park submits a change for each point and returns when each stands at its bar.
func (p *plant) park(ctx context.Context, points []*point) {
	p.t.Helper()
	var mu sync.Mutex
	each(points, func(pt *point) {
		mu.Lock()
		box := p.boxes
		p.boxes++
		mu.Unlock()
		ending := "pass"
		if pt.direction == change.Undo {
			ending = "fail"
		}
		pt.id = p.submit(ctx, box, ending, 0)
		switch {
		case pt.place == beforeIntent && pt.before == "rest", pt.place != beforeIntent && pt.step == "rest":
			pt.bar = p.journal.bar(pt.id, "rest", change.Do, "middle")
		case pt.place == beforeIntent && pt.before != "":
			pt.bar = p.journal.bar(pt.id, pt.before, pt.beforeDirection, "after")
		case pt.place != beforeIntent:
			pt.bar = p.journal.bar(pt.id, pt.step, pt.direction, barAt[pt.place])
		}
		p.approve(ctx, pt.id)
	})
	for _, pt := range points {
		until(ctx, p.t, fmt.Sprintf("%s reaches %s", pt.id, pt), func() bool { return pt.bar == nil || pt.bar.reached() })
	}
}

func lift(points []*point) {
	for _, pt := range points {
		if pt.bar != nil {
			pt.bar.lift()
		}
	}
}

func idsOf(lists ...[]*point) (ids []change.ID) {
	for _, l := range lists {
		for _, pt := range l {
			ids = append(ids, pt.id)
		}
	}
	return ids
}

// resultOf reports whether the ledger has the result of the newest run of a step.
func (p *plant) resultOf(ctx context.Context, id change.ID, step string, d change.Direction) bool {
	rec, err := p.as("alice").Get(ctx, id)
	if err != nil {
		return false
	}
	for _, r := range rec.Runs {
		if rec.Plan.Steps[r.Step].Name == step && r.Direction == d && r.Outcome != change.Pending {
			return true
		}
	}
	return false
}

// finish lets steps end while Temporal stands still: their results are in the
// ledger, and nothing has followed from them.
func (p *plant) finish(ctx context.Context, points []*point, step func(*point) (string, change.Direction)) {
	p.t.Helper()
	p.temporal.signal(p.t, syscall.SIGSTOP)
	lift(points)
	for _, pt := range points {
		name, d := step(pt)
		until(ctx, p.t, fmt.Sprintf("%s has the result of %s %s", pt.id, d, name), func() bool { return p.resultOf(ctx, pt.id, name, d) })
	}
}

// lockLedger takes the ledger's database for itself until unlock is called: no
// intent can be written.
func (p *plant) lockLedger(ctx context.Context) (unlock func()) {
	p.t.Helper()
	db, err := sql.Open("sqlite", "file:"+p.path("ledger.db")+"?_pragma=busy_timeout(10000)&_txlock=immediate")
	if err != nil {
		p.t.Fatal(err)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return sync.OnceFunc(func() {
		_ = tx.Rollback()
		_ = db.Close()
	})
}

// activity is what Temporal says about the step that a change has in hand.
type activity struct {
	id      string // empty for none
	attempt int32
	started bool // a worker has taken it
}

func (p *plant) inHand(ctx context.Context, id change.ID) (activity, error) {
	d, err := p.engine.DescribeWorkflowExecution(ctx, string(id), "")
	if err != nil || len(d.GetPendingActivities()) == 0 {
		return activity{}, err
	}
	a := d.GetPendingActivities()[0]
	return activity{a.GetActivityId(), a.GetAttempt(), a.GetState() == enumspb.PENDING_ACTIVITY_STATE_STARTED}, nil
}

// taken waits until a worker has the activity of each change, and returns them.
func (p *plant) taken(ctx context.Context, points []*point) map[change.ID]activity {
	p.t.Helper()
	had := map[change.ID]activity{}
	for _, pt := range points {
		until(ctx, p.t, fmt.Sprintf("%s is in a worker's hands", pt.id), func() bool {
			a, err := p.inHand(ctx, pt.id)
			had[pt.id] = a
			return err == nil && a.started
		})
	}
	return had
}

// takenAgain waits until each activity is in a worker's hands once more, or over.
func (p *plant) takenAgain(ctx context.Context, had map[change.ID]activity) {
	p.t.Helper()
	for id, before := range had {
		until(ctx, p.t, fmt.Sprintf("%s is in a worker's hands again", id), func() bool {
			a, err := p.inHand(ctx, id)
			return err == nil && (a.id != before.id || (a.started && a.attempt > before.attempt))
		})
	}
}

// handOut brings changes from the end of one step to where the next is in a
// worker's hands and its intent cannot be written.
func (p *plant) handOut(ctx context.Context, points []*point) (unlock func()) {
	p.t.Helper()
	had := p.taken(ctx, points)
	p.finish(ctx, points, func(pt *point) (string, change.Direction) { return pt.before, pt.beforeDirection })
	unlock = p.lockLedger(ctx)
	p.temporal.signal(p.t, syscall.SIGCONT)
	for _, pt := range points {
		until(ctx, p.t, fmt.Sprintf("%s reaches %s", pt.id, pt), func() bool {
			a, err := p.inHand(ctx, pt.id)
			return err == nil && a.started && a.id != had[pt.id].id
		})
	}
	return unlock
}
