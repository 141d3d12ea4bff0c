package fault_test

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/changectl/changectl/internal/change"
)

func TestChangesSurviveAKillOfTheWorkerAtEveryPoint(t *testing.T) {
	t.Parallel()
	inside, next, told := insidePoints(), intentPoints(), resultPoints()
	first := []*point{{step: "raise", direction: change.Do, place: beforeIntent}}
	busy := len(inside) + len(next)
	p := newPlant(t, busy+len(told)+1, busy, 4*time.Second)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()

	p.park(ctx, append(inside[:len(inside):len(inside)], next...))
	p.park(ctx, first) // the worker has its hands full: it waits at its first step
	until(ctx, t, "the last change runs", func() bool {
		rec, err := p.as("alice").Get(ctx, first[0].id)
		return err == nil && rec.Status == change.Running && len(rec.Runs) == 0
	})
	unlock := p.handOut(ctx, next)
	p.killWorker()
	unlock()
	lift(inside)
	p.startWorker()

	p.park(ctx, told)
	p.finish(ctx, told, func(pt *point) (string, change.Direction) { return pt.step, pt.direction })
	p.killWorker()
	p.temporal.signal(t, syscall.SIGCONT)
	p.startWorker()

	p.conclude(ctx, inside, next, told, first)
	p.askedOnlyWhereNobodyKnows(ctx, inside, next, told, first)
}

func TestChangesSurviveAKillOfTemporalAtEveryPoint(t *testing.T) {
	t.Parallel()
	inside := insidePoints()
	p := newPlant(t, len(inside), 2*len(inside), 3*time.Second)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()

	p.park(ctx, inside)
	p.killTemporal()
	p.startTemporal()
	lift(inside)

	p.conclude(ctx, inside)
}

// A worker that does not get to run for a while (a machine that was suspended)
// is given up by the server while the effects of its steps are still at work.
func TestAWorkerThatWasGivenUpDoesNotStandInItsOwnWay(t *testing.T) {
	t.Parallel()
	inside := insidePoints()
	p := newPlant(t, len(inside), 2*len(inside), 3*time.Second)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()

	p.park(ctx, inside)
	had := p.taken(ctx, inside)
	p.worker.signal(t, syscall.SIGSTOP)
	for _, pt := range inside {
		until(ctx, t, fmt.Sprintf("%s is taken from the worker", pt.id), func() bool {
			a, err := p.inHand(ctx, pt.id)
			return err == nil && (!a.started || a.attempt > had[pt.id].attempt)
		})
	}
	p.worker.signal(t, syscall.SIGCONT)
	p.takenAgain(ctx, had)
	lift(inside)
	p.conclude(ctx, inside)
}

func TestChangesSurviveAKillOfWorkerAndTemporalAtEveryPoint(t *testing.T) {
	t.Parallel()
	inside := insidePoints()
	p := newPlant(t, len(inside), len(inside), 4*time.Second)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()

	p.park(ctx, inside)
	had := p.taken(ctx, inside)
	p.killTemporal()
	p.killWorker()
	p.startTemporal()
	p.startWorker()
	p.takenAgain(ctx, had) // the bars stand: an orphan of the worker would still be at work
	lift(inside)

	p.conclude(ctx, inside)
	p.askedOnlyWhereNobodyKnows(ctx, inside)
}

// conclude waits for the end of all changes and has the checker judge them.
func (p *plant) conclude(ctx context.Context, lists ...[]*point) {
	p.t.Helper()
	got := p.settle(ctx, idsOf(lists...))
	p.judge(ctx)
	p.report(ctx, got)
}

// askedOnlyWhereNobodyKnows: a person is asked about the steps of which nothing
// tells what they did, and about no others.
func (p *plant) askedOnlyWhereNobodyKnows(ctx context.Context, lists ...[]*point) {
	p.t.Helper()
	held := map[change.ID]bool{}
	for _, e := range p.log(ctx) {
		if e.Kind == "change.held" {
			held[e.Change] = true
		}
	}
	for _, l := range lists {
		for _, pt := range l {
			inside := pt.place != beforeIntent && pt.place != afterResult
			if unknown := pt.step == "strike" && inside; held[pt.id] != unknown {
				p.t.Errorf("%s, killed as it was to %s: held %t, want %t", pt.id, pt, held[pt.id], unknown)
			}
		}
	}
}
