package cli_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/httpapi/apitest"
)

func TestAChangeThatIsHeldBeforeItsStartIsExplainedAndDecided(t *testing.T) {
	rec := apitest.HeldBeforeStart()
	d := newDesk(t, rec)
	d.key()
	d.expect(d.run("explain", "CHG-7"), 0, "changectl decide CHG-7 continue", "submit --revise CHG-7", "changectl cancel CHG-7", "next free slot", "contact NOC")
	d.expect(d.run("decide", "CHG-7", "back-out"), 3, "held before its start", "nothing to back-out", "changectl cancel CHG-7")
	d.expect(d.run("decide", "CHG-7", "retry"), 3, "held before its start")
	d.notCalled("Decide")
	d.service.Statements = []change.Statement{{
		Instance: "test", Change: "CHG-7", Revision: 1, Plan: rec.Digest, Verb: change.Continue, Hold: 1,
		Reason: "told them", Expires: rec.Plan.Window.End, Nonce: "nonce-1",
	}}
	d.service.OnDecide = func(r change.Record, _ httpapi.DecideRequest) change.Record {
		r.Status, r.Hold = change.Scheduled, nil
		return r
	}
	d.expect(d.run("decide", "CHG-7", "continue", "--reason", "told them"), 0, "CHG-7 is scheduled")
	got := d.last("Decide")[2].(httpapi.DecideRequest)
	if got.Hold != 1 || got.Step != "" || got.Nonce != "nonce-1" || !strings.Contains(got.Signed.Signature, "SSH SIGNATURE") {
		t.Errorf("%+v", got)
	}
}

func TestWatchTellsWhoElseIsPlayingAndWhatComesUp(t *testing.T) {
	d := newDesk(t, apitest.Sample(change.Running))
	done := make(chan ran, 1)
	go func() { done <- d.runContext(context.WithoutCancel(t.Context()), "watch", "CHG-7") }()
	hit := apitest.Sample(change.Running)
	hit.Findings = []change.Finding{apitest.DeclaredFinding(apitest.Now)}
	held := apitest.Disturbed()
	held.Findings = hit.Findings
	for i, rec := range []change.Record{hit, held, apitest.Sample(change.Completed)} {
		awaited(t.Context(), d, int64(12+i))
		rec.Version = int64(13 + i)
		d.service.Do(func(s *apitest.Service) { s.Records["CHG-7"] = rec })
	}
	r := <-done
	d.expect(r, 0)
	at := -1
	for _, want := range []string{
		"in the way: MNT-3 takes down resource:lan-2, through which resource:orders-db-1 is reached (NOC +49 4841 1234, ticket NK-991)",
		"who else is playing: overrunning CHG-5", "hold 1: step stop failed",
	} {
		i := strings.Index(r.out[at+1:], want)
		if i < 0 {
			t.Fatalf("%q does not come after what was before it:\n%s", want, r.out)
		}
		at += 1 + i
	}
	if n := strings.Count(r.out, "in the way: MNT-3"); n != 1 {
		t.Errorf("told %d times:\n%s", n, r.out)
	}
}

func breakable(t *testing.T) (*desk, change.Statement) {
	t.Helper()
	rec := apitest.Sample(change.Running)
	d := newDesk(t, rec)
	d.key()
	st := change.Statement{
		Instance: "test", Change: rec.ID, Revision: 1, Plan: rec.Digest, Verb: change.BreakClaim, Reason: "its worker is gone",
		Expires: rec.Plan.Window.End, Nonce: "abcdef",
	}
	d.service.Statements = []change.Statement{st}
	d.service.Breaks = httpapi.BreakAnswer{Change: rec, By: []change.Ref{"user:bob"}}
	return d, st
}

func TestBreakingAClaimSaysWhetherASecondPersonIsNeeded(t *testing.T) {
	d, st := breakable(t)
	r := d.run("break-claim", "chg-7", "--reason", "its worker is gone")
	d.expect(r, 0, "signed by user:bob", "until a second person signs", "changectl break-claim CHG-7")
	if !strings.Contains(r.err, "holds resource:orders-db-1 since") {
		t.Errorf("it does not say what is taken away: %s", r.err)
	}
	signed := d.last("BreakClaim")[2].(change.SignedStatement)
	want, err := change.Canonical(st)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(signed.Statement, want) || !strings.Contains(signed.Signature, "BEGIN SSH SIGNATURE") {
		t.Errorf("signed %+v", signed)
	}
	d.service.Do(func(s *apitest.Service) {
		s.Breaks.Broken, s.Breaks.By = true, []change.Ref{"user:carol", "user:bob"}
		s.Breaks.Change.Status = change.Failed
	})
	d.expect(d.run("break-claim", "CHG-7", "--reason", "its worker is gone"), 0, "is taken away, by user:carol, user:bob; it is failed")
	d.terminal, d.in = true, "n\n"
	d.expect(d.run("break-claim", "CHG-7", "--reason", "its worker is gone"), 1, "[y/N]", "nothing was signed")
}

func TestBreakingAClaimSignsNothingElse(t *testing.T) {
	for name, alter := range map[string]func(*change.Statement){
		"another change": func(s *change.Statement) { s.Change = "CHG-8" },
		"another plan":   func(s *change.Statement) { s.Plan = "sha256:0" },
		"another verb":   func(s *change.Statement) { s.Verb = change.Approve },
		"another reason": func(s *change.Statement) { s.Reason = "because" },
	} {
		d, st := breakable(t)
		alter(&st)
		d.service.Statements = []change.Statement{st}
		r := d.run("break-claim", "CHG-7", "--reason", "its worker is gone")
		if r.code != 4 || !strings.Contains(r.err, "nothing was signed") {
			t.Errorf("%s: %d %s", name, r.code, r.err)
		}
		d.notCalled("BreakClaim")
	}
	d, _ := breakable(t)
	d.expect(d.run("break-claim", "CHG-7"), 2, "--reason")
	d.service.Statements = nil
	d.expect(d.run("break-claim", "CHG-7", "--reason", "x"), 4, "you cannot sign")
	d.notCalled("BreakClaim")
}
