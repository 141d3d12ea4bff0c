package cli_test

import (
	"context"
	"strings"
	"testing"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi/apitest"
)

func TestWatchEndsWithTheOutcomeAsExitCode(t *testing.T) {
	for status, code := range map[change.Status]int{
		change.Completed: 0, change.Closed: 0, change.ReviewDue: 0, change.BackedOut: 6, change.Failed: 6,
		change.Refused: 3, change.Rejected: 4, change.Expired: 1, change.Cancelled: 1,
	} {
		d := newDesk(t, apitest.Sample(status))
		r := d.run("watch", "CHG-7")
		d.expect(r, code, string(status))
		if code != 0 && !strings.Contains(r.err, "CHG-7 ended as "+string(status)) {
			t.Errorf("%s: %s", status, r.err)
		}
	}
}

// Each event is one line, told once, in the order of time.
func TestWatchPrintsALineForEachEvent(t *testing.T) {
	d := newDesk(t, apitest.Sample(change.Scheduled))
	done := make(chan ran, 1)
	go func() { done <- d.runContext(context.WithoutCancel(t.Context()), "watch", "CHG-7") }()
	for version, status := range []change.Status{change.Running, change.Held, change.BackingOut, change.BackedOut} {
		seen := int64(12 + version)
		awaited(t.Context(), d, seen)
		rec := apitest.Sample(status)
		rec.Version = seen + 1
		d.service.Do(func(s *apitest.Service) { s.Records["CHG-7"] = rec })
	}
	r := <-done
	d.expect(r, 6)
	want := `22:04:00.000  CHG-7  scheduled: PostgreSQL 15.20 on the orders pair, Sun 2027-03-07 00:05 to 01:35 CET (2027-03-06 23:05 to 2027-03-07 00:35 UTC), 1h30m
21:00:00.000  CHG-7  running
21:00:00.000  CHG-7  approve: user:bob as group:dba
22:00:00.250  CHG-7  step 1/3 lag begins
22:00:01.500  CHG-7  step 1/3 lag passed in 1.25s: as expected
22:02:00.250  CHG-7  step 2/3 stop begins
22:02:01.500  CHG-7  step 2/3 stop failed in 1.25s: pg_ctl did not end within 30s
22:04:00.000  CHG-7  held
22:04:20.000  CHG-7  hold 1: step stop failed: pg_ctl did not end within 30s; decide: retry, continue, back-out
22:03:00.000  CHG-7  backing-out
22:03:00.000  CHG-7  undo of step 2/3 stop begins
22:03:04.000  CHG-7  undo of step 2/3 stop passed in 4s
22:04:00.000  CHG-7  backed-out
`
	if r.out != want {
		t.Errorf("got\n%s\nwant\n%s", r.out, want)
	}
}

// awaited waits until watch has asked for news behind a version.
func awaited(ctx context.Context, d *desk, after int64) {
	d.t.Helper()
	err := d.service.Until(ctx, func(c apitest.Call) bool { return c.Method == "Await" && c.Args[1] == after })
	if err != nil {
		d.t.Error(err)
	}
}

func TestWatchEndsSoonerWhenAskedTo(t *testing.T) {
	d := newDesk(t, apitest.Sample(change.AwaitingApproval))
	d.expect(d.run("watch", "CHG-7", "--timeout", "500ms"), 5, "still awaiting-approval after 500ms")
	d.expect(d.run("watch", "CHG-7", "--until", "awaiting-approval"), 0)
	d.expect(d.run("watch", "CHG-7", "--until", "asleep"), 2, "--until")
	d.expect(d.run("watch", "CHG-7", "--interval", "2m"), 2, "--interval")
	d.expect(d.run("watch", "CHG-7", "-o", "yaml"), 2, "--output")
	d = newDesk(t, apitest.Sample(change.Running))
	d.expect(d.run("watch", "CHG-7", "--timeout", "500ms"), 1, "still running")
	d = newDesk(t, apitest.Sample(change.Running))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func(d *desk) {
		awaited(context.WithoutCancel(ctx), d, 12)
		cancel()
	}(d)
	d.expect(d.runContext(ctx, "watch", "CHG-7"), 1, "goes on without you")
	d = newDesk(t, apitest.Sample(change.Completed))
	if r := d.run("watch", "CHG-7", "-o", "json"); strings.Count(r.out, "\n") != 1 || !strings.HasPrefix(r.out, `{"id":"CHG-7"`) {
		t.Errorf("json: %s", r.out)
	}
}

// A server that goes away and comes back does not end the watching.
func TestWatchOutlivesItsServer(t *testing.T) {
	d := newDesk(t, apitest.Sample(change.Running))
	d.service.Errs["Await"] = change.Unavailable("the ledger does not answer")
	done := make(chan ran, 1)
	go func() { done <- d.runContext(context.WithoutCancel(t.Context()), "watch", "CHG-7") }()
	awaited(t.Context(), d, 12)
	rec := apitest.Sample(change.Completed)
	rec.Version = 13
	d.service.Do(func(s *apitest.Service) { delete(s.Errs, "Await"); s.Records["CHG-7"] = rec })
	r := <-done
	d.expect(r, 0, "the ledger does not answer", "trying again", "completed")
	if strings.Count(r.err, "trying again") != 1 {
		t.Errorf("told more than once: %s", r.err)
	}
}
