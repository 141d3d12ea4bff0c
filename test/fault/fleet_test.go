package fault_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/test/fault/checker"
)

// tally says how many changes ended in which status.
type tally map[change.Status]int

// submit asks for a change on a box of its own. Its window is open already: it
// starts with its approval.
func (p *plant) submit(ctx context.Context, box int, ending string, work time.Duration) change.ID {
	p.t.Helper()
	req := change.Request{
		Title: fmt.Sprintf("trial on box %d", box), Type: change.Normal, Reason: "see what a kill leaves", Runbook: "trial",
		Parameters: map[string]any{
			"target": fmt.Sprintf("resource:box-%d", box), "program": effectProgram, "journal": p.journal.dir,
			"ending": ending, "work": work.String(),
		},
		Window: change.WindowRequest{Start: time.Now().Add(2 * time.Second).UTC().Format(time.RFC3339), Duration: "30m"},
		Nonce:  fmt.Sprintf("box-%d-%d", box, time.Now().UnixNano()),
	}
	var rec change.Record
	p.insist(ctx, "submit a change", func() (err error) {
		rec, err = p.as("alice").Submit(ctx, req)
		if rec.Status == change.AwaitingApproval {
			return nil
		}
		return err
	})
	return rec.ID
}

// approve has bob approve a change.
func (p *plant) approve(ctx context.Context, id change.ID) {
	p.t.Helper()
	p.insist(ctx, "approve "+string(id), func() error {
		rec, err := p.as("bob").Sign(ctx, id, httpapi.SignQuery{Verb: change.Approve})
		if err != nil && rec.ID == "" {
			rec, _ = p.as("bob").Get(ctx, id)
		}
		if rec.ID != "" && (rec.Status != change.AwaitingApproval || len(rec.Approvals) > 0) {
			return nil // a worker that dies now must not forget it
		}
		return err
	})
}

// insist repeats a call as long as nobody answers it, as a person would.
func (p *plant) insist(ctx context.Context, what string, call func() error) {
	p.t.Helper()
	until(ctx, p.t, what, func() bool {
		err := call()
		if err != nil && change.KindOf(err) != change.KindUnavailable && ctx.Err() == nil {
			p.t.Fatalf("%s: %v", what, err)
		}
		return err == nil
	})
}

// each does something for every element, a few at a time.
func each[T any](list []T, do func(T)) {
	var wg sync.WaitGroup
	turns := make(chan struct{}, 6)
	for _, x := range list {
		wg.Add(1)
		turns <- struct{}{}
		go func() {
			defer func() { <-turns; wg.Done() }()
			do(x)
		}()
	}
	wg.Wait()
}

// settle waits until all changes have ended, and has dave decide where one is
// held: by what the journal says, as somebody who looks at the system.
func (p *plant) settle(ctx context.Context, ids []change.ID) tally {
	p.t.Helper()
	t := tally{}
	open := map[change.ID]bool{}
	for _, id := range ids {
		open[id] = true
	}
	last := map[change.ID]change.Status{}
	until(ctx, p.t, "every change has ended", func() bool {
		list, err := p.as("dave").List(ctx, httpapi.Filter{})
		if err != nil {
			return false // a worker comes back
		}
		for _, c := range list {
			if !open[c.ID] {
				continue
			}
			last[c.ID] = c.Status
			if c.Status == change.Held {
				p.decide(ctx, c.ID)
			}
			if c.Status.Final() {
				t[c.Status]++
				delete(open, c.ID)
			}
		}
		if ctx.Err() != nil {
			p.t.Logf("still open: %v, with the statuses %v", open, last)
		}
		return len(open) == 0
	})
	return t
}

// decide decides about one hold.
func (p *plant) decide(ctx context.Context, id change.ID) {
	p.t.Helper()
	dave := p.as("dave")
	rec, err := dave.Get(ctx, id)
	if err != nil || rec.Status != change.Held {
		return
	}
	direction := change.Do
	if rec.Hold.During == change.BackingOut {
		direction = change.Undo
	}
	if p.journal.ended(id, rec.Hold.Step, direction) {
		_, err = dave.Sign(ctx, id, httpapi.SignQuery{Verb: change.Continue, Reason: "the journal says that it was done"})
	} else {
		_, err = dave.Decide(ctx, id, httpapi.DecideRequest{
			Verb: change.RetryIt, Step: rec.Hold.Step, Hold: rec.Hold.Number, Nonce: fmt.Sprintf("%s-hold-%d", id, rec.Hold.Number),
		})
	}
	kind := change.KindOf(err)
	if err == nil || kind == change.KindUnavailable || kind == change.KindConflict {
		return // done; or a kill came between; or it had been decided already
	}
	p.t.Errorf("decide about %s (%s): %v", id, rec.Note, err)
}

// judge collects what both sides wrote and has the checker look at it.
func (p *plant) judge(ctx context.Context) {
	p.t.Helper()
	e, err := p.evidence(ctx)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, f := range checker.Check(e) {
		p.t.Error(f)
	}
}

func (p *plant) evidence(ctx context.Context) (checker.Evidence, error) {
	alice, e := p.as("alice"), checker.Evidence{Journal: p.journal.lines()}
	head, err := alice.Checkpoint(ctx)
	if err != nil {
		return e, err
	}
	e.Checkpoint, e.Verifier = head.Note, head.Verifier
	for int64(len(e.Log)) < head.Size {
		part, err := alice.Log(ctx, httpapi.LogFilter{From: int64(len(e.Log)), Limit: 1000})
		if err != nil {
			return e, err
		}
		if len(part) == 0 {
			return e, errors.New("the log ends before its checkpoint")
		}
		e.Log = append(e.Log, part...)
	}
	list, err := alice.List(ctx, httpapi.Filter{})
	for _, c := range list {
		rec, getErr := alice.Get(ctx, c.ID)
		e.Changes, err = append(e.Changes, rec), errors.Join(err, getErr)
	}
	return e, err
}

// report prints what happened.
func (p *plant) report(ctx context.Context, got tally) {
	p.t.Helper()
	kinds := map[string]int{}
	for _, e := range p.log(ctx) {
		kinds[e.Kind]++
	}
	effects := 0
	for _, l := range p.journal.lines() {
		if l.Event == checker.Begin {
			effects++
		}
	}
	p.t.Logf("%d changes with %d effects; killed %v; %d worker starts; %d intents, %d results; %d holds, %d retries, %d continues; ended as %v",
		p.boxes, effects, p.kills, kinds["worker.started"], kinds["step.intent"], kinds["step.result"],
		kinds["change.held"], kinds["decision.retry"], kinds["decision.continue"], got)
}

// log returns all entries of the audit log.
func (p *plant) log(ctx context.Context) []audit.Entry {
	p.t.Helper()
	e, err := p.evidence(ctx)
	if err != nil {
		p.t.Fatal(err)
	}
	list := make([]audit.Entry, len(e.Log))
	for i, r := range e.Log {
		list[i] = r.Entry
	}
	return list
}
