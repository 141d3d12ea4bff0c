package ledger

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
)

func approvalOf(r change.Record, person change.Ref, nonce string) change.Approval {
	s := change.Statement{
		Instance: "example", Change: r.ID, Revision: r.Revision, Plan: r.Digest, Verb: change.Approve,
		Role: "group:dba", Expires: epoch.AddDate(0, 0, 1), Nonce: nonce,
	}
	b, err := change.Canonical(s)
	if err != nil {
		panic(err)
	}
	return change.Approval{Statement: s, Signed: change.SignedStatement{Statement: b, Signature: "sig"}, Person: person, Key: "SHA256:k"}
}

func allow(change.Facts) error { return nil }

func TestTheWholeLifeOfAChange(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		ctx := t.Context()
		p := plan("Patch", window(1), "resource:a", "resource:b")
		r := submit(t, l, p)
		if r.ID != "CHG-1" || r.Status != change.Submitted || r.Revision != 1 {
			t.Fatalf("submitted as %s %s revision %d", r.ID, r.Status, r.Revision)
		}
		warn := func(change.Facts) change.Verdict {
			return change.Verdict{Findings: []change.Finding{{Rule: "x", Severity: change.Warns, Message: "mind"}}}
		}
		r, err := l.Reserve(ctx, r.ID, 1, "reserve", change.AwaitingApproval, warn)
		if err != nil || r.Status != change.AwaitingApproval || len(r.Findings) != 1 {
			t.Fatalf("reserved: %s, %v, %v", r.Status, r.Findings, err)
		}
		if r, err = l.Approve(ctx, approvalOf(r, "user:bob", "n1"), allow); err != nil || len(r.Approvals) != 1 {
			t.Fatalf("approved: %v, %v", r.Approvals, err)
		}
		r = enter(t, l, r, change.Scheduled)
		if r, err = l.Start(ctx, r.ID, 1, "start", run); err != nil || r.Token != 1 || r.StartedAt.IsZero() {
			t.Fatalf("started: token %d at %s, %v", r.Token, r.StartedAt, err)
		}
		k := change.RunKey{Change: r.ID, Revision: 1, Step: 0, Direction: change.Do, Run: 1}
		step, err := l.Begin(ctx, k, "worker-1", r.Token, pass)
		if err != nil || step.Attempt != 1 || step.IntentAt.IsZero() {
			t.Fatalf("begun: %+v, %v", step, err)
		}
		res := change.Result{Outcome: change.Passed, Message: "done", Output: "hello", Values: json.RawMessage(`{"exit":0}`)}
		if err := l.Finish(ctx, k, 1, res); err != nil {
			t.Fatal(err)
		}
		r = enter(t, l, r, change.Held)
		if r.Hold == nil || r.Hold.Number != 1 || r.Hold.Since.IsZero() {
			t.Fatalf("held: %+v", r.Hold)
		}
		d := change.Decision{Change: r.ID, Revision: 1, Verb: change.Continue, Hold: 1, Person: "user:bob", Reason: "fine", Nonce: "d1"}
		if _, err = l.Decide(ctx, d, pass); err != nil {
			t.Fatal(err)
		}
		r = enter(t, l, r, change.Running)
		r = enter(t, l, r, change.Completed)
		if r.Hold != nil || r.Token != 0 || r.EndedAt.IsZero() || len(r.Runs) != 1 || r.Runs[0].Output != "hello" {
			t.Fatalf("completed: %+v", r)
		}
		got, err := l.Change(ctx, r.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r, got); diff != "" {
			t.Errorf("what the last transition returned differs from what is read:\n%s", diff)
		}
		wantKinds := []string{
			"change.submitted", "change.awaiting-approval", "approval.given", "change.scheduled", "change.running", "step.intent",
			"step.result", "change.held", "decision.continue", "change.running", "change.completed",
		}
		if diff := cmp.Diff(wantKinds, kinds(t, l, EntryFilter{Change: r.ID})); diff != "" {
			t.Error(diff)
		}
		if v, err := l.Version(ctx, r.ID); err != nil || v != size(t, l)-1 || r.Version != v {
			t.Errorf("version %d and %d, %v; the log has %d entries", v, r.Version, err, size(t, l))
		}
		if h, err := l.History(ctx, "switchover"); err != nil || h != (change.History{Uses: 1}) {
			t.Errorf("history %+v, %v", h, err)
		}
		if c, err := l.Calendar(ctx, epoch, epoch.AddDate(1, 0, 0), ""); err != nil || len(c) != 0 {
			t.Errorf("a change that has ended holds %v, %v", c, err)
		}
		digest, err := got.Plan.Digest()
		if err != nil || digest != got.Digest {
			t.Errorf("the plan that is read has the digest %s, %v, want %s", digest, err, got.Digest)
		}
		verified(t, l)
	})
}

func TestAFailedChangeKeepsItsClaimUntilItIsClosed(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		r := running(t, l, plan("Patch", window(1), "resource:a"))
		r = enter(t, l, r, change.Failed)
		if r.Token == 0 || r.EndedAt.IsZero() {
			t.Fatalf("failed with token %d, ended %s", r.Token, r.EndedAt)
		}
		later := submit(t, l, plan("Next", window(30), "resource:a"))
		later, err := l.Reserve(t.Context(), later.ID, 1, "k", change.Scheduled, free)
		if err != nil || later.Status != change.Refused || later.Findings[0].Other.Token != r.Token {
			t.Fatalf("another on its systems is %s with %+v, %v", later.Status, later.Findings, err)
		}
		r = enter(t, l, r, change.ReviewDue)
		r = enter(t, l, r, change.Closed)
		if r.Token != 0 {
			t.Errorf("closed with token %d", r.Token)
		}
		scheduled(t, l, plan("Next", window(30), "resource:a"))
		if h, err := l.History(t.Context(), "switchover"); err != nil || h != (change.History{Uses: 1, Failures: 1}) {
			t.Errorf("history %+v, %v", h, err)
		}
	})
}

func TestIllegalTransitionsAreConflictsAndWriteNothing(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		states := map[change.Status]change.Record{
			change.Submitted: submit(t, l, plan("submitted", window(1), "resource:a")),
			change.Scheduled: scheduled(t, l, plan("scheduled", window(2), "resource:a")),
			change.Running:   running(t, l, plan("running", window(3), "resource:b")),
			change.Held:      enter(t, l, running(t, l, plan("held", window(4), "resource:c")), change.Held),
			change.Completed: enter(t, l, running(t, l, plan("completed", window(5), "resource:d")), change.Completed),
			change.Cancelled: enter(t, l, submit(t, l, plan("cancelled", window(6), "resource:e")), change.Cancelled),
		}
		byReserve := []change.Status{change.AwaitingApproval, change.Scheduled}
		unwritten(t, l, func() {
			for from, r := range states {
				for _, to := range change.Statuses {
					legal := from.MayFollow(to) && (to != change.Running || from == change.Held) &&
						(from != change.Submitted || !slices.Contains(byReserve, to))
					if legal {
						continue
					}
					tr := change.Transition{Change: r.ID, Revision: 1, To: to, Key: "try-" + string(to), Hold: &change.Hold{Reason: "x"}}
					if _, err := l.Enter(t.Context(), tr); change.KindOf(err) != change.KindConflict {
						t.Errorf("%s to %s: got %v, want a Conflict", from, to, err)
					}
				}
			}
			r := states[change.Running]
			_, err := l.Enter(t.Context(), change.Transition{Change: r.ID, Revision: 2, To: change.Completed, Key: "k"})
			want(t, err, change.KindConflict)
			_, err = l.Enter(t.Context(), change.Transition{Change: r.ID, Revision: 1, To: change.Held, Key: "k"})
			want(t, err, change.KindInvalid)
			_, err = l.Enter(t.Context(), change.Transition{Change: r.ID, Revision: 1, To: change.Completed})
			want(t, err, change.KindInvalid)
			_, err = l.Enter(t.Context(), change.Transition{Change: "CHG-99", Revision: 1, To: change.Completed, Key: "k"})
			want(t, err, change.KindNotFound)
			_, err = l.Start(t.Context(), states[change.Submitted].ID, 1, "k", run)
			want(t, err, change.KindConflict)
			_, err = l.Reserve(t.Context(), r.ID, 1, "k", change.Scheduled, free)
			want(t, err, change.KindConflict)
		})
	})
}

func TestListsAndEntriesSelect(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		ctx := t.Context()
		p := plan("two", window(2), "resource:b")
		p.Submitter = "user:eve"
		p.Footprint.Observe = []change.Affected{{System: "component:api", Path: []change.Ref{"resource:b", "component:api"}}}
		submit(t, l, plan("one", window(1), "resource:z", "resource:a"))
		enter(t, l, submit(t, l, p), change.Cancelled)
		scheduled(t, l, plan("three", window(3), "resource:a"))
		for _, tc := range []struct {
			name string
			f    Filter
			want []change.ID
		}{
			{"all", Filter{}, []change.ID{"CHG-3", "CHG-2", "CHG-1"}},
			{"limit", Filter{Limit: 2}, []change.ID{"CHG-3", "CHG-2"}},
			{"open", Filter{Open: true}, []change.ID{"CHG-3", "CHG-1"}},
			{"status", Filter{Status: []change.Status{change.Cancelled, change.Scheduled}}, []change.ID{"CHG-3", "CHG-2"}},
			{"system", Filter{System: "resource:a"}, []change.ID{"CHG-3", "CHG-1"}},
			{"observed system", Filter{System: "component:api"}, []change.ID{"CHG-2"}},
			{"submitter", Filter{Submitter: "user:eve"}, []change.ID{"CHG-2"}},
			{"two of them", Filter{Submitter: "user:ada", System: "resource:b"}, nil},
		} {
			got, err := l.Changes(ctx, tc.f)
			if err != nil {
				t.Fatal(err)
			}
			var ids []change.ID
			for _, s := range got {
				ids = append(ids, s.ID)
			}
			if diff := cmp.Diff(tc.want, ids); diff != "" {
				t.Errorf("%s: %s", tc.name, diff)
			}
		}
		all, err := l.Changes(ctx, Filter{})
		if err != nil {
			t.Fatal(err)
		}
		wantLast := change.Summary{
			ID: "CHG-1", Revision: 1, Title: "one", Type: change.Normal, Status: change.Submitted, Runbook: "switchover",
			Submitter: "user:ada", Systems: []change.Ref{"resource:a", "resource:z"}, Window: window(1), Risk: "medium",
		}
		if diff := cmp.Diff(wantLast, all[2]); diff != "" {
			t.Error(diff)
		}
		if ids, err := l.Unfinished(ctx); err != nil || !slices.Equal(ids, []change.ID{"CHG-1", "CHG-3"}) {
			t.Errorf("unfinished %v, %v", ids, err)
		}
		if err := l.Append(ctx, audit.Entry{Kind: "worker.started", Who: "system:worker-1", What: "starts", At: epoch}); err != nil {
			t.Fatal(err)
		}
		for _, tc := range []struct {
			name string
			f    EntryFilter
			want []string
		}{
			{"person", EntryFilter{Person: "user:eve"}, []string{"change.submitted"}},
			{"system", EntryFilter{System: "resource:b"}, []string{"change.submitted", "change.cancelled"}},
			{"change", EntryFilter{Change: "CHG-3"}, []string{"change.submitted", "change.scheduled"}},
			{"from", EntryFilter{From: 5}, []string{"change.scheduled", "worker.started"}},
			{"limit", EntryFilter{From: 1, Limit: 1}, []string{"change.submitted"}},
			{"since", EntryFilter{Since: epoch.AddDate(1, 0, 0)}, nil},
			{"until", EntryFilter{Until: epoch}, nil},
		} {
			if diff := cmp.Diff(tc.want, kinds(t, l, tc.f)); diff != "" {
				t.Errorf("%s: %s", tc.name, diff)
			}
		}
		c, err := l.Calendar(ctx, window(3).Start, window(3).End, "resource:a")
		if err != nil || len(c) != 1 || c[0].By != "CHG-3" || c[0].Owner != "group:dba" || c[0].Window != window(3) {
			t.Errorf("calendar %+v, %v", c, err)
		}
		if c, err := l.Calendar(ctx, window(2).Start, window(2).End, ""); err != nil || len(c) != 0 {
			t.Errorf("calendar of the hour before %+v, %v", c, err)
		}
		_, err = l.Change(ctx, "CHG-77")
		want(t, err, change.KindNotFound)
		_, err = l.Version(ctx, "CHG-77")
		want(t, err, change.KindNotFound)
		_, err = l.Decision(ctx, "none")
		want(t, err, change.KindNotFound)
		_, err = l.Catalog(ctx, "none")
		want(t, err, change.KindNotFound)
	})
}

func TestCatalogSnapshotsAreKeptOnce(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		for range 2 {
			if err := l.SaveCatalog(t.Context(), "sha256:c1", []byte("snapshot\x00")); err != nil {
				t.Fatal(err)
			}
		}
		got, err := l.Catalog(t.Context(), "sha256:c1")
		if err != nil || string(got) != "snapshot\x00" {
			t.Errorf("got %q, %v", got, err)
		}
		if diff := cmp.Diff([]string{"log.started", "catalog.loaded"}, kinds(t, l, EntryFilter{})); diff != "" {
			t.Error(diff)
		}
	})
}
