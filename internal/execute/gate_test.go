package execute

import (
	"strings"
	"testing"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// passable is a change whose second step may begin now.
func passable(t *testing.T) (*world, Input) {
	t.Helper()
	a, b, c := shell("true"), shell("true"), shell("true")
	a.Undo = &change.Action{Uses: "command", With: []byte(`{"shell":"true"}`)}
	b.Undo, c.Undo = a.Undo, a.Undo
	w := newWorld(t, a, b, c)
	w.ran(0, change.Do, 1, change.Passed)
	return w, w.input(1)
}

func (w *world) ran(step int, d change.Direction, run int, o change.Outcome) {
	f := &w.book.facts
	at := noon.Add(-time.Hour + time.Duration(len(f.Runs))*time.Minute)
	f.Runs = append(f.Runs, change.Run{
		RunKey:  change.RunKey{Change: f.Record.ID, Revision: f.Record.Revision, Step: step, Direction: d, Run: run},
		Attempt: 1, Worker: "worker-0", IntentAt: at, ResultAt: at.Add(time.Second), Result: change.Result{Outcome: o},
	})
}

func judge(w *world, in Input) error {
	f := w.book.facts
	f.Now = w.now
	return Gate(f, in, w.Verify)
}

func TestGateLetsAStepBegin(t *testing.T) {
	w, in := passable(t)
	if err := judge(w, in); err != nil {
		t.Fatalf("everything is in order, yet the gate says: %v", err)
	}
}

// TestGateRefuses breaks one rule at a time.
func TestGateRefuses(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(*world, *Input)
		want  string // in the refusal
	}{
		{"another change", func(_ *world, in *Input) { in.Change = "CHG-8" }, "CHG-8"},
		{"an older revision", func(_ *world, in *Input) { in.Revision = 0 }, "only the newest revision"},
		{"another plan", func(_ *world, in *Input) { in.Digest = "sha256:beef" }, "sha256:beef"},
		{"no digest", func(_ *world, in *Input) { in.Digest = "" }, "(none)"},
		{"a plan altered in the ledger", func(w *world, _ *Input) { w.book.facts.Record.Plan.Title = "Another" }, "was altered"},
		{"a step beyond the plan", func(_ *world, in *Input) { in.Step = 3 }, "no step 3"},
		{"a negative step", func(_ *world, in *Input) { in.Step = -1 }, "no step -1"},
		{"no direction", func(_ *world, in *Input) { in.Direction = "" }, "do or undo"},
		{"run zero", func(_ *world, in *Input) { in.Run = 0 }, "numbered from 1"},
		{"a change that is held", func(w *world, _ *Input) { w.book.facts.Record.Status = change.Held }, "must be running"},
		{"a change that has ended", func(w *world, _ *Input) { w.book.facts.Record.Status = change.Completed }, "must be running"},
		{"a change that backs out", func(w *world, _ *Input) { w.book.facts.Record.Status = change.BackingOut }, "must be running"},
		{"an old token", func(_ *world, in *Input) { in.Token = 4 }, "fencing token 4"},
		{"no claim", func(w *world, in *Input) { w.book.facts.Record.Token, in.Token = 0, 0 }, "no claim"},
		{"no approval", func(w *world, _ *Input) { w.book.facts.Approvals = nil }, "1 more approval of group:dba"},
		{"no verifier", func(w *world, _ *Input) { w.Verify = nil }, "no verifier"},
		{"too few persons", func(w *world, in *Input) { w.require(in, 2) }, "1 more approval of group:dba"},
		{"one person twice", func(w *world, in *Input) {
			w.require(in, 2)
			w.approve(func(a *change.Approval) { a.Key = "another" })
		}, "1 more approval of group:dba"},
		{"approved by the submitter", func(w *world, _ *Input) { w.only(func(a *change.Approval) { a.Person = "user:sam" }) }, "nobody approves a change of their own"},
		{"approved by nobody", func(w *world, _ *Input) { w.only(func(a *change.Approval) { a.Person = "" }) }, "names no person"},
		{"approved in another role", func(w *world, _ *Input) { w.only(func(a *change.Approval) { a.Role = "group:net" }) }, "1 more approval of group:dba"},
		{"approved elsewhere", func(w *world, _ *Input) { w.only(func(a *change.Approval) { a.Instance = "prod" }) }, `signed for the installation "prod"`},
		{"approved for another change", func(w *world, _ *Input) { w.only(func(a *change.Approval) { a.Change = "CHG-6" }) }, "CHG-6"},
		{"approved for another revision", func(w *world, _ *Input) { w.only(func(a *change.Approval) { a.Revision = 0 }) }, "revision 0"},
		{"approved for another plan", func(w *world, _ *Input) { w.only(func(a *change.Approval) { a.Plan = "sha256:beef" }) }, "sha256:beef"},
		{"an approval that has expired", func(w *world, _ *Input) { w.only(func(a *change.Approval) { a.Expires = noon }) }, "expired at"},
		{"a forged approval", func(w *world, _ *Input) { w.only(func(a *change.Approval) { a.Signed.Signature = "x" }) }, "is forged"},
		{"a sign-off is no approval", func(w *world, _ *Input) { w.only(func(a *change.Approval) { a.Verb = change.SignOff }) }, "1 more approval of group:dba"},
		{"rejected since by the approver", func(w *world, _ *Input) {
			w.approve(func(a *change.Approval) { a.Verb, a.At = change.Reject, noon })
		}, "rejected"},
		{"rejected by another", func(w *world, _ *Input) {
			w.approve(func(a *change.Approval) { a.Verb, a.Person = change.Reject, "user:eve" })
		}, "user:eve rejected"},
		{"before the window", func(w *world, _ *Input) { w.now = window.Start.Add(-time.Nanosecond) }, "opens at"},
		{"at the end of the window", func(w *world, _ *Input) { w.now = window.End }, "ended at"},
		{"past the window with a decision about a failed check", func(w *world, _ *Input) {
			w.now = window.End
			w.decide(change.Continue, "step-a", noon)
		}, "ended at"},
		{"past the window with a forged decision", func(w *world, _ *Input) {
			w.now = window.End
			w.decide(change.Continue, "step-b", noon)
			w.book.facts.Decisions[0].Signed.Signature = "x"
		}, "ended at"},
		{"past the window with a decision about another plan", func(w *world, _ *Input) {
			w.now = window.End
			w.book.facts.Record.Digest = "sha256:beef"
			w.decide(change.Continue, "step-b", noon)
			w.reseal()
		}, "ended at"},
		{"past the window with a decision of an older revision", func(w *world, _ *Input) {
			w.now = window.End
			w.decide(change.Continue, "step-b", noon)
			w.book.facts.Decisions[0].Revision = 0
		}, "ended at"},
		{"the step before it not begun", func(w *world, _ *Input) { w.book.facts.Runs = nil }, "not begun"},
		{"the step before it failed", func(w *world, _ *Input) { w.ran(0, change.Do, 2, change.FailedRun) }, "which is failed"},
		{"the step before it under way", func(w *world, _ *Input) { w.ran(0, change.Do, 2, change.Pending) }, "without a result"},
		{"the step before it of unknown outcome", func(w *world, _ *Input) { w.ran(0, change.Do, 2, change.Unknown) }, "unknown outcome"},
		{"the step before it not signed off", func(w *world, _ *Input) { w.ran(0, change.Do, 2, change.NeedsPerson) }, "sign-off"},
		{"the step before it undone", func(w *world, _ *Input) { w.ran(0, change.Undo, 1, change.Passed) }, "which is undone"},
		{"the step before it passed in another revision", func(w *world, _ *Input) { w.book.facts.Runs[0].Revision = 0 }, "not begun"},
		{"a decision about another step", func(w *world, _ *Input) {
			w.ran(0, change.Do, 2, change.FailedRun)
			w.decide(change.Continue, "step-c", noon)
		}, "which is failed"},
		{"a run that comes late", func(w *world, _ *Input) {
			w.ran(1, change.Do, 1, change.FailedRun)
			w.ran(1, change.Do, 2, change.Pending)
		}, "comes late"},
		{"a step that is done", func(w *world, in *Input) {
			w.ran(1, change.Do, 1, change.Passed)
			in.Run = 2
		}, "done already"},
		{"a retry that nobody decided", func(w *world, in *Input) {
			w.ran(1, change.Do, 1, change.Unknown)
			in.Run = 2
		}, "only when a person decides"},
		{"a retry that was decided before it failed", func(w *world, in *Input) {
			w.decide(change.RetryIt, "step-b", noon.Add(-3*time.Hour))
			w.ran(1, change.Do, 1, change.FailedRun)
			in.Run = 2
		}, "only when a person decides"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, in := passable(t)
			tt.spoil(w, &in)
			refused(t, judge(w, in), tt.want)
		})
	}
}

func refused(t *testing.T, err error, want string) {
	t.Helper()
	if change.KindOf(err) != change.KindDenied || !strings.Contains(err.Error(), want) {
		t.Errorf("the gate says: %v\nexpected a refusal with %q", err, want)
	}
}

// require asks for count persons, and approves the altered plan by one.
func (w *world) require(in *Input, count int) {
	w.book.facts.Record.Plan.Approvals[0].Count = count
	w.reseal()
	in.Digest = w.book.facts.Record.Digest
}

// reseal renews digest and approval where a plan is altered on purpose.
func (w *world) reseal() {
	r := &w.book.facts.Record
	r.Digest, _ = r.Plan.Digest()
	w.book.facts.Approvals = []change.Approval{approval(*r, "user:ada")}
}

func (w *world) approve(alter func(*change.Approval)) {
	a := approval(w.book.facts.Record, "user:ada")
	alter(&a)
	w.book.facts.Approvals = append(w.book.facts.Approvals, a)
}

func (w *world) only(alter func(*change.Approval)) {
	w.book.facts.Approvals = nil
	w.approve(alter)
}

func TestGateAllows(t *testing.T) {
	tests := []struct {
		name  string
		alter func(*world, *Input)
	}{
		{"two persons where two are asked for", func(w *world, in *Input) {
			w.require(in, 2)
			w.approve(func(a *change.Approval) { a.Person = "user:bob" })
		}},
		{"an approval after a rejection of the same person", func(w *world, _ *Input) {
			w.approve(func(a *change.Approval) { a.Verb, a.At = change.Reject, noon.Add(-3*time.Hour) })
		}},
		{"a forged approval beside a genuine one", func(w *world, _ *Input) {
			w.approve(func(a *change.Approval) { a.Person, a.Signed.Signature = "user:eve", "x" })
		}},
		{"the first moment of the window", func(w *world, _ *Input) { w.now = window.Start }},
		{"past the window by a decision before the step", func(w *world, _ *Input) {
			w.now = window.End
			w.decide(change.Continue, "step-b", noon)
		}},
		{"past the window by a decision made then", func(w *world, _ *Input) {
			w.now = window.End.Add(time.Minute)
			w.decide(change.Continue, "step-a", window.End)
		}},
		{"the step before it skipped", func(w *world, _ *Input) { w.ran(0, change.Do, 2, change.Skipped) }},
		{"the step before it waived", func(w *world, _ *Input) {
			w.ran(0, change.Do, 2, change.FailedRun)
			w.decide(change.Continue, "step-a", noon)
		}},
		{"the step before it signed for", func(w *world, _ *Input) {
			w.ran(0, change.Do, 2, change.NeedsPerson)
			w.decide(change.SignOff, "step-a", noon)
		}},
		{"another attempt at a lost run", func(w *world, _ *Input) { w.ran(1, change.Do, 1, change.Pending) }},
		{"a retry that a person decided", func(w *world, in *Input) {
			w.ran(1, change.Do, 1, change.FailedRun)
			w.decide(change.RetryIt, "step-b", noon)
			in.Run = 2
		}},
		{"another look at a sign-off", func(w *world, in *Input) {
			w.ran(1, change.Do, 1, change.NeedsPerson)
			in.Run = 2
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, in := passable(t)
			tt.alter(w, &in)
			if err := judge(w, in); err != nil {
				t.Errorf("the gate refuses: %v", err)
			}
		})
	}
}

func TestARefusedStepHasNoEffect(t *testing.T) {
	mark := t.TempDir() + "/mark"
	w := newWorld(t, shell("touch "+mark))
	in := w.input(0)
	in.Token = 4
	_, err := w.Run(t.Context(), in)
	refused(t, err, "fencing token")
	if exists(mark) || len(w.book.runs()) > 0 {
		t.Error("the step ran although the gate refused")
	}
}
