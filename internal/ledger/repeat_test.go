package ledger

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
)

func TestEveryMethodHappensOnceForOneKey(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		ctx := t.Context()
		sub := submission1(t, plan("Patch", window(1), "resource:a"), "nonce-1")
		r, created, err := l.Submit(ctx, sub)
		if err != nil || !created {
			t.Fatal(created, err)
		}
		same := func(name string, again func() (change.Record, error)) {
			t.Helper()
			unwritten(t, l, func() {
				got, err := again()
				if err != nil {
					t.Fatalf("%s again: %v", name, err)
				}
				if diff := cmp.Diff(r, got); diff != "" {
					t.Fatalf("%s again: %s", name, diff)
				}
			})
		}
		same("submit", func() (change.Record, error) {
			got, created, err := l.Submit(ctx, sub)
			if created {
				t.Error("created a second time")
			}
			return got, err
		})
		reserve := func() (change.Record, error) { return l.Reserve(ctx, r.ID, 1, "r", change.AwaitingApproval, free) }
		if r, err = reserve(); err != nil {
			t.Fatal(err)
		}
		same("reserve", reserve)
		approve := func() (change.Record, error) { return l.Approve(ctx, approvalOf(r, "user:bob", "n1"), allow) }
		if r, err = approve(); err != nil {
			t.Fatal(err)
		}
		same("approve", approve)
		r = enter(t, l, r, change.Scheduled)
		start := func() (change.Record, error) { return l.Start(ctx, r.ID, 1, "s", run) }
		if r, err = start(); err != nil {
			t.Fatal(err)
		}
		same("start", start)
		hold := change.Transition{Change: r.ID, Revision: 1, To: change.Held, Key: "h", Hold: &change.Hold{Reason: "x"}}
		enterHold := func() (change.Record, error) { return l.Enter(ctx, hold) }
		if r, err = enterHold(); err != nil {
			t.Fatal(err)
		}
		same("enter", enterHold)
		d := change.Decision{Change: r.ID, Revision: 1, Verb: change.RetryIt, Hold: 1, Person: "user:bob", Nonce: "d1"}
		decide := func() (change.Record, error) { return l.Decide(ctx, d, pass) }
		if r, err = decide(); err != nil {
			t.Fatal(err)
		}
		same("decide", decide)
		if got, err := l.Decision(ctx, "d1"); err != nil || got.Verb != change.RetryIt || got.At.IsZero() {
			t.Errorf("decision %+v, %v", got, err)
		}
		hold.To, hold.Hold = change.Running, nil
		_, err = l.Enter(ctx, hold)
		want(t, err, change.KindConflict) // the key of another transition
	})
}

func TestANonceServesOneStatement(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		ctx := t.Context()
		r := submit(t, l, plan("Patch", window(1), "resource:a"))
		a := approvalOf(r, "user:bob", "n1")
		if _, err := l.Approve(ctx, a, allow); err != nil {
			t.Fatal(err)
		}
		other := approvalOf(r, "user:eve", "n1")
		_, err := l.Approve(ctx, other, allow)
		want(t, err, change.KindDenied)
		longer := a
		longer.Signed.Statement = append([]byte(" "), a.Signed.Statement...)
		_, err = l.Approve(ctx, longer, allow)
		want(t, err, change.KindDenied)
		d := change.Decision{Change: r.ID, Revision: 1, Verb: change.Cancel, Person: "user:bob", Nonce: "n1"}
		_, err = l.Decide(ctx, d, pass)
		want(t, err, change.KindDenied)
		got, err := l.Change(ctx, r.ID)
		if err != nil || len(got.Approvals) != 1 {
			t.Fatalf("%d approvals, %v", len(got.Approvals), err)
		}
		wantKinds := []string{"change.submitted", "approval.given", "approval.refused", "approval.refused", "decision.refused"}
		if diff := cmp.Diff(wantKinds, kinds(t, l, EntryFilter{Change: r.ID})); diff != "" {
			t.Error(diff)
		}
	})
}

func TestRefusalsAreWrittenDownAndLeaveNoApproval(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		ctx := t.Context()
		r := submit(t, l, plan("Patch", window(1), "resource:a"))
		no := change.Denied("nobody approves their own change")
		_, err := l.Approve(ctx, approvalOf(r, "user:ada", "n1"), func(f change.Facts) error {
			if f.Record.ID != r.ID || f.Record.Plan.Title != "Patch" || f.Now.IsZero() {
				t.Errorf("judged by %+v", f)
			}
			return no
		})
		if !errors.Is(err, no) {
			t.Fatalf("got %v", err)
		}
		late := approvalOf(r, "user:bob", "n2")
		late.Revision = 2
		_, err = l.Approve(ctx, late, allow)
		want(t, err, change.KindDenied)
		foreign := approvalOf(r, "user:bob", "n3")
		foreign.Plan = "sha256:00"
		_, err = l.Approve(ctx, foreign, allow)
		want(t, err, change.KindDenied)
		d := change.Decision{Change: r.ID, Revision: 1, Verb: change.Cancel, Person: "user:eve", Nonce: "n4"}
		_, err = l.Decide(ctx, d, func(change.GateFacts) error { return no })
		want(t, err, change.KindDenied)
		_, err = l.Decision(ctx, "n4")
		want(t, err, change.KindNotFound)
		got, err := l.Change(ctx, r.ID)
		if err != nil || len(got.Approvals) != 0 || got.Version != size(t, l)-1 {
			t.Errorf("%d approvals, version %d, %v", len(got.Approvals), got.Version, err)
		}
		if _, err := l.Approve(ctx, approvalOf(r, "user:bob", "n1"), allow); err != nil {
			t.Errorf("a nonce is not spent by a refusal: %v", err)
		}
		verified(t, l)
	})
}

func TestARevisionVoidsApprovalsAndReplacesReservations(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		ctx := t.Context()
		r := scheduled(t, l, plan("Patch", window(1), "resource:a"))
		if _, err := l.Approve(ctx, approvalOf(r, "user:bob", "n1"), allow); err != nil {
			t.Fatal(err)
		}
		scheduled(t, l, plan("Other", window(2), "resource:b"))
		taken := submission1(t, plan("Patch", window(2), "resource:b"), "m1")
		unwritten(t, l, func() {
			got, err := l.Revise(ctx, r.ID, taken, free)
			want(t, err, change.KindConflict)
			if len(got.Findings) != 1 || got.Revision != 1 || got.Status != change.Scheduled {
				t.Errorf("a refused revision returns %+v", got)
			}
		})
		sub := submission1(t, plan("Patch later", window(3), "resource:a", "resource:c"), "m2")
		for range 2 {
			got, err := l.Revise(ctx, r.ID, sub, free)
			if err != nil || got.Revision != 2 || got.Status != change.AwaitingApproval || len(got.Approvals) != 0 || got.Plan.Title != "Patch later" {
				t.Fatalf("revised to %+v, %v", got, err)
			}
		}
		c, err := l.Calendar(ctx, epoch, epoch.AddDate(1, 0, 0), "")
		if err != nil || len(c) != 3 || c[1].Window != window(3) {
			t.Errorf("calendar %+v, %v", c, err)
		}
		list, err := l.Changes(ctx, Filter{System: "resource:c"})
		if err != nil || len(list) != 1 || list[0].Title != "Patch later" || list[0].Window != window(3) || list[0].Revision != 2 {
			t.Errorf("list %+v, %v", list, err)
		}
		_, err = l.Start(ctx, r.ID, 1, "old", run)
		want(t, err, change.KindConflict)
		_, err = l.Revise(ctx, "CHG-2", sub, free)
		want(t, err, change.KindConflict)
		_, _, err = l.Submit(ctx, sub)
		want(t, err, change.KindConflict)
		started := running(t, l, plan("Runs", window(5), "resource:d"))
		_, err = l.Revise(ctx, started.ID, submission1(t, plan("Runs on", window(6), "resource:d"), ""), free)
		want(t, err, change.KindConflict)
		verified(t, l)
	})
}

func TestAMalformedSubmissionIsRefused(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		long := window(1)
		long.End = long.Start.Add(LongestWindow + 1)
		back := window(1)
		back.End = back.Start
		for name, s := range map[string]Submission{
			"too long":   submission1(t, plan("x", long, "resource:a"), ""),
			"no time":    submission1(t, plan("x", back, "resource:a"), ""),
			"the digest": {Plan: plan("x", window(1)), Digest: "sha256:00", Submitter: "user:ada"},
		} {
			unwritten(t, l, func() {
				if _, _, err := l.Submit(t.Context(), s); change.KindOf(err) != change.KindInvalid {
					t.Errorf("%s: got %v", name, err)
				}
			})
		}
	})
}
