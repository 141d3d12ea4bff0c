package cli_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/httpapi/apitest"
)

func (d *desk) notCalled(methods ...string) {
	d.t.Helper()
	for _, c := range d.service.Calls() {
		for _, m := range methods {
			if c.Method == m {
				d.t.Errorf("%s was called", m)
			}
		}
	}
}

func TestSandboxPrintsWhoElseIsPlaying(t *testing.T) {
	d := newDesk(t)
	d.service.Playing = change.Sandbox{At: apitest.Now, Of: "resource:orders-db-1", Neighbours: apitest.Neighbours()}
	r := d.run("sandbox", "orders-db-1")
	d.expect(r, 0, "Who else is playing around resource:orders-db-1", "OVERRUNNING", "Nordkabel GmbH", "NOC +49 4841 1234")
	if of := d.last("Sandbox")[0]; of != "resource:orders-db-1" {
		t.Errorf("asked about %q", of)
	}
	d.expect(d.run("sandbox", "chg-7"), 0)
	if of := d.last("Sandbox")[0]; of != "CHG-7" {
		t.Errorf("asked about %q", of)
	}
	if r := d.run("sandbox", "-o", "name"); r.out != "CHG-9\nMNT-3\nCHG-5\nCHG-4\n" {
		t.Errorf("names %q", r.out)
	}
	var back change.Sandbox
	if err := json.Unmarshal([]byte(d.run("sandbox", "-o", "json").out), &back); err != nil || !cmp.Equal(back, d.service.Playing) {
		t.Errorf("json: %v", err)
	}
	d.service.Do(func(s *apitest.Service) { s.Playing = change.Sandbox{At: apitest.Now, Of: "CHG-7"} })
	if r := d.run("sandbox", "CHG-7"); r.code != 0 || !strings.HasPrefix(r.out, "nobody else is playing around CHG-7") {
		t.Errorf("%d %q", r.code, r.out)
	}
	d.expect(d.run("sandbox", "a b"), 2, "neither a change nor a system")
	d.expect(d.run("sandbox", "a", "b"), 2, "at most one SYSTEM|CHG")
}

func free() []change.Window {
	at := time.Date(2027, 3, 8, 22, 0, 0, 0, time.UTC)
	return []change.Window{{Start: at, End: at.Add(90 * time.Minute), Zone: "Europe/Berlin"}, {Start: at.Add(24 * time.Hour), End: at.Add(25*time.Hour + 30*time.Minute), Zone: "Europe/Berlin"}}
}

func TestSlotsAskForWhatIsGiven(t *testing.T) {
	d := newDesk(t)
	d.service.Free = free()
	bare := strings.NewReplacer("metadata: {title: Patch the pair}\n", "", "  reason: Security release\n", "", "start: '2027-03-06T23:00', ", "").Replace(changeFile)
	r := d.run("slots", "-f", d.file("c.yaml", bare), "-n", "2", "--from", "2027-03-08", "--to", "48h")
	d.expect(r, 0, "Mon 2027-03-08 23:00 to 2027-03-09 00:30 CET", "in 47h55m")
	from := time.Date(2027, 3, 8, 0, 0, 0, 0, time.UTC)
	want := httpapi.SlotsQuery{
		Request: &change.Request{
			Title: "free slots", Reason: "free slots", Type: change.Normal, Runbook: "patch", Parameters: map[string]any{"version": "15.20"},
			Window: change.WindowRequest{Duration: "90m", Zone: "Europe/Berlin"},
		},
		Count: 2, From: from, To: from.Add(48 * time.Hour),
	}
	if diff := cmp.Diff(want, d.last("Slots")[1]); diff != "" {
		t.Error(diff)
	}
	d.expect(d.run("slots", "chg-7"), 0)
	if diff := cmp.Diff(httpapi.SlotsQuery{Change: "CHG-7", Count: 5}, d.last("Slots")[1]); diff != "" {
		t.Error(diff)
	}
	d.expect(d.run("slots", "--runbook", "b", "--duration", "1h", "--exception", "frz-3"), 0)
	if q := d.last("Slots")[1].(httpapi.SlotsQuery); q.Request.Runbook != "b" || !cmp.Equal(q.Request.Exceptions, []change.ID{"FRZ-3"}) {
		t.Errorf("%+v", q.Request)
	}
	if r := d.run("slots", "CHG-7", "-o", "name"); r.out != "2027-03-08T22:00:00Z/2027-03-08T23:30:00Z\n2027-03-09T22:00:00Z/2027-03-09T23:30:00Z\n" {
		t.Errorf("names %q", r.out)
	}
}

func TestSlotsTellWhatIsWrong(t *testing.T) {
	d := newDesk(t)
	d.expect(d.run("slots"), 2, "--runbook", "--end, --duration")
	d.expect(d.run("slots", "CHG-7", "--runbook", "b"), 2, "leave out")
	d.expect(d.run("slots", "CHG-7", "-f", "x"), 2, "leave out")
	d.expect(d.run("slots", "CHG-7", "-n", "0"), 2, "--count")
	d.expect(d.run("slots", "CHG-7", "--from", "someday"), 2, "--from")
	d.expect(d.run("slots", "seven"), 2, "CHG-17")
	d.notCalled("Slots")
	d.expect(d.run("slots", "CHG-7"), 3, "there is no free slot within 90 days")
	d.expect(d.run("slots", "CHG-7", "-o", "json"), 3, "[]")
	d.expect(d.run("slots", "CHG-7", "--to", "2027-03-09"), 3, "before 2027-03-09T00:00:00Z")
	d.service.Errs["Slots"] = change.Invalid("must match").At("spec.parameters.version")
	d.expect(d.run("slots", "-f", d.file("c.yaml", changeFile)), 2, "c.yaml:7:", "must match")
}

func TestSubmitTakesTheNextSlot(t *testing.T) {
	d := newDesk(t)
	d.service.Submitted, d.service.Free = apitest.Sample(change.Scheduled), free()
	bare := d.file("c.yaml", strings.Replace(changeFile, "start: '2027-03-06T23:00', ", "", 1))
	r := d.run("submit", "-f", bare, "--next-slot", "--not-before", "2027-03-08")
	d.expect(r, 0, "CHG-7 is scheduled")
	if !strings.Contains(r.err, "next free slot: Mon 2027-03-08 23:00 to 2027-03-09 00:30 CET (22:00 to 23:30 UTC), 1h30m") {
		t.Errorf("it does not say which: %s", r.err)
	}
	q := d.last("Slots")[1].(httpapi.SlotsQuery)
	if !q.From.Equal(time.Date(2027, 3, 8, 0, 0, 0, 0, time.UTC)) || q.Count != 1 || q.Request.Window.Duration != "90m" {
		t.Errorf("asked %+v", q)
	}
	want := change.WindowRequest{Start: "2027-03-08T22:00:00Z", End: "2027-03-08T23:30:00Z", Zone: "Europe/Berlin"}
	if diff := cmp.Diff(want, d.last("Submit")[1].(change.Request).Window); diff != "" {
		t.Error(diff)
	}
	d.expect(d.run("submit", "-f", bare, "--next-slot", "--revise", "CHG-7"), 0)
	if diff := cmp.Diff(want, d.last("Revise")[2].(change.Request).Window); diff != "" {
		t.Error(diff)
	}
	d.expect(d.run("submit", "-f", bare, "--next-slot", "--dry-run"), 0)
	if diff := cmp.Diff(want, d.last("Preview")[1].(change.Request).Window); diff != "" {
		t.Error(diff)
	}
}

func TestSubmitWithoutASlotSubmitsNothing(t *testing.T) {
	d := newDesk(t)
	d.expect(d.run("submit", "-f", d.file("c.yaml", changeFile), "--next-slot"), 3, "there is no free slot")
	d.expect(d.run("submit", "-f", d.file("c.yaml", changeFile), "--not-before", "2027-03-08"), 2, "--not-before", "--next-slot")
	d.expect(d.run("submit", "-f", d.file("c.yaml", changeFile), "--next-slot", "--not-before", "soon"), 2, "--not-before")
	d.expect(d.run("submit", "-f", d.file("c.yaml", strings.Replace(changeFile, "start: '2027-03-06T23:00', ", "", 1))), 2, "spec.window.start")
	d.expect(d.run("submit", "--next-slot", "--runbook", "b", "--duration", "1h"), 2, "--title", "--reason")
	d.notCalled("Submit")
}

func TestSubmitAsksForExceptionsAndNamesTheController(t *testing.T) {
	d := newDesk(t)
	d.service.Submitted = apitest.Sample(change.AwaitingApproval)
	args := []string{"--title", "T", "--reason", "R", "--runbook", "b", "--start", "2027-03-06T23:00Z", "--duration", "1h", "--exception", "FRZ-3,frz-4"}
	d.expect(d.run(append([]string{"submit", "--type", "emergency", "--controller", "dave"}, args...)...), 0)
	req := d.last("Submit")[1].(change.Request)
	if req.Controller != "user:dave" || !cmp.Equal(req.Exceptions, []change.ID{"FRZ-3", "FRZ-4"}) {
		t.Errorf("%+v", req)
	}
	d.expect(d.run(append([]string{"plan"}, args...)...), 0)
	if req := d.last("Preview")[1].(change.Request); len(req.Exceptions) != 2 {
		t.Errorf("%+v", req)
	}
	d.expect(d.run(append([]string{"submit", "--controller", "dave"}, args...)...), 2, "--controller", "only an emergency")
	d.expect(d.run("submit", "-f", d.file("c.yaml", changeFile), "--exception", "FRZ-3"), 2, "--exception", "--file")
	r := d.run("__complete", "submit", "--type", "")
	d.expect(r, 0, "emergency")
}

func TestPlanOffersTheNextSlot(t *testing.T) {
	d := newDesk(t)
	d.service.Plan = httpapi.Preview{Plan: apitest.Sample(change.Scheduled).Plan, Findings: []change.Finding{apitest.DeclaredFinding(apitest.Now)}}
	r := d.run("plan", "-f", d.file("c.yaml", changeFile))
	d.expect(r, 3, "contact NOC +49 4841 1234", "next free slot: Sun 2027-03-07 03:05")
	if !strings.Contains(r.err, "--next-slot") {
		t.Errorf("it does not say how to take it: %s", r.err)
	}
}

func TestWindowsAreListedShownAndFoundOpen(t *testing.T) {
	d := newDesk(t)
	d.service.Maintenances = []change.MaintenanceWindow{{
		Name: "nights", Title: "Nights", Recurrence: change.Recurrence{Start: "2027-01-02T22:00", Rule: "FREQ=DAILY", Duration: change.Duration(4 * time.Hour), Zone: "Europe/Berlin"},
	}}
	d.expect(d.run("window", "list", "--system", "web"), 0, "nights", "FREQ=DAILY")
	if s := d.last("Windows")[0]; s != change.Ref("resource:web") {
		t.Errorf("asked about %v", s)
	}
	d.expect(d.run("window", "show", "Nights"), 0, "Next", "2027-03-06 22:00 to 2027-03-07 02:00 CET")
	d.expect(d.run("window", "show", "days"), 1, "no maintenance window days", "window list")
	long := free()[0]
	long.End = long.End.Add(time.Hour)
	d.service.Openings = httpapi.OpenTimes{Limited: true, Names: []string{"nights"}, Open: []change.Window{free()[0], long, free()[1]}}
	d.expect(d.run("window", "next", "web", "site:husum", "--from", "2027-03-08"), 0, "by the maintenance windows nights", "1  Mon 2027-03-08 23:00", "3  Tue")
	from := time.Date(2027, 3, 8, 0, 0, 0, 0, time.UTC)
	if diff := cmp.Diff([]any{[]change.Ref{"resource:web", "site:husum"}, from, from.Add(90 * 24 * time.Hour)}, d.last("Open")); diff != "" {
		t.Error(diff)
	}
	if r := d.run("window", "next", "web", "--for", "2h", "-o", "name"); r.out != "2027-03-08T22:00:00Z/2027-03-09T00:30:00Z\n" {
		t.Errorf("long enough: %q", r.out)
	}
	if r := d.run("window", "next", "web", "-n", "1", "-o", "name"); strings.Count(r.out, "\n") != 1 {
		t.Errorf("one: %q", r.out)
	}
	d.service.Do(func(s *apitest.Service) { s.Openings = httpapi.OpenTimes{Limited: true} })
	d.expect(d.run("window", "next", "web", "db"), 3, "no time within 90 days", "resource:web, resource:db")
	d.service.Do(func(s *apitest.Service) { s.Openings = httpapi.OpenTimes{}; s.Maintenances = nil })
	d.expect(d.run("window", "next", "web"), 0, "at any time")
	d.expect(d.run("window", "list"), 0, "at any time")
	d.expect(d.run("window", "next"), 2, "at least one system")
	d.expect(d.run("window", "next", "a b"), 2, "SYSTEM")
}

func TestFreezesAreAddedListedAndLifted(t *testing.T) {
	d := newDesk(t)
	f := apitest.Freeze()
	d.service.Frozen = []change.Freeze{f}
	d.service.Freeze = httpapi.FreezeAnswer{Freeze: f, Changes: []change.Summary{{ID: "CHG-7", Status: change.Held, Title: "Patch", Submitter: "user:alice", Note: "FRZ-3 freezes it"}}}
	d.expect(d.run("freeze", "list", "--all", "--system", "db"), 0, "FRZ-3   recurring")
	if diff := cmp.Diff(httpapi.FreezeFilter{System: "resource:db", All: true}, d.last("Freezes")[0]); diff != "" {
		t.Error(diff)
	}
	d.expect(d.run("freeze", "show", "frz-3"), 0, "the auditors are in", "group:change-managers can let a change through")
	d.expect(d.run("freeze", "show", "FRZ-9"), 1, "no freeze FRZ-9")
	r := d.run("freeze", "add", "--title", "Year end", "--reason", "books", "--owner", "group:finance", "--from", "2027-12-20", "--duration", "48h",
		"--zone", "Europe/Berlin", "--systems", "db,web", "--owned-by", "dba", "--tier", "1,2", "--site", "husum", "--cluster", "k1", "--region", "eu", "--redundancy", "orders",
		"--rule", "FREQ=WEEKLY;BYDAY=FR", "--every-start", "2027-12-20T18:00", "--every-duration", "12h", "--except", "2027-12-24", "--exception-by", "group:cab")
	d.expect(r, 0, "FRZ-3  Year end in the books", "It holds 1 change:", "CHG-7  is held: Patch (user:alice)", "changectl explain CHG-7")
	req := d.last("AddFreeze")[1].(httpapi.FreezeRequest)
	if req.Nonce == "" {
		t.Error("no nonce")
	}
	req.Nonce = ""
	want := httpapi.FreezeRequest{
		Title: "Year end", Reason: "books", Owner: "group:finance", Window: change.WindowRequest{Start: "2027-12-20T00:00", Duration: "48h", Zone: "Europe/Berlin"},
		Scope: change.Scope{
			Systems: []change.Ref{"resource:db", "resource:web"}, Owners: []change.Ref{"group:dba"}, Tiers: []int{1, 2}, Sites: []string{"husum"},
			Clusters: []string{"k1"}, Regions: []string{"eu"}, Redundancy: []string{"orders"},
		},
		Recurrence: &change.Recurrence{Start: "2027-12-20T18:00", Rule: "FREQ=WEEKLY;BYDAY=FR", Duration: change.Duration(12 * time.Hour), Zone: "Europe/Berlin", Except: []string{"2027-12-24"}},
		Exception:  "group:cab",
	}
	if diff := cmp.Diff(want, req); diff != "" {
		t.Error(diff)
	}
	d.expect(d.run("freeze", "lift", "frz-3", "--reason", "closed"), 0, "It no longer holds 1 change:")
	if diff := cmp.Diff([]any{apitest.Person.Ref, change.ID("FRZ-3"), "closed"}, d.last("LiftFreeze")); diff != "" {
		t.Error(diff)
	}
	if r := d.run("freeze", "list", "-o", "name"); r.out != "FRZ-3\n" {
		t.Errorf("names %q", r.out)
	}
}

func TestFreezesTellWhatIsWrong(t *testing.T) {
	d := newDesk(t)
	d.expect(d.run("freeze", "lift", "FRZ-3"), 2, "--reason")
	d.expect(d.run("freeze", "lift", "CHG-3", "--reason", "x"), 2, "FRZ-2")
	d.expect(d.run("freeze", "add"), 2, "--title", "--reason", "--owner", "--from", "--everything")
	bad := d.file("f.yaml", "apiVersion: changectl.dev/v1\nkind: Freeze\nmetadata: {title: t}\nspec: {reason: r, owner: group:a, window: {start: s, end: e}}\n")
	d.expect(d.run("freeze", "add", "-f", bad), 2, "f.yaml:4:7: spec.scope", "scope: {}")
	d.expect(d.run("freeze", "add", "-f", bad, "--tier", "1"), 2, "--tier", "--file")
	d.notCalled("AddFreeze", "LiftFreeze")
	d.expect(d.run("freeze", "list"), 0, "there are no such freezes")
	good := d.file("f.yaml", "apiVersion: changectl.dev/v1\nkind: Freeze\nmetadata: {title: t}\nspec: {reason: r, owner: group:a, scope: {}, window: {start: s, end: e}}\n")
	d.service.Errs["AddFreeze"] = change.Invalid("is not a time").At("spec.window.start")
	d.expect(d.run("freeze", "add", "-f", good), 2, "f.yaml:4:62: spec.window.start", "is not a time")
	d.expect(d.run("freeze", "add", "--title", "t", "--reason", "r", "--owner", "a", "--from", "s", "--to", "e", "--everything"), 2, "--from: is not a time")
}

func TestTheCalendarShowsWhatIsDeclared(t *testing.T) {
	d := newDesk(t)
	d.service.Holdings = []change.Holding{{System: "resource:lan-2", Mode: change.Touch, By: "MNT-3", Title: "Fibre", Impact: change.Outage, Whose: "Nordkabel GmbH", Contact: "NOC", Window: free()[0]}}
	d.expect(d.run("calendar"), 0, "MNT-3", "OUTAGE", "Nordkabel GmbH, NOC")
	if r := d.run("calendar", "-o", "name"); r.out != "MNT-3\n" {
		t.Errorf("names %q", r.out)
	}
}

// Every new command says what it is for, with an example where it takes more than a name.
func TestTheCommandsAroundHelp(t *testing.T) {
	d := newDesk(t)
	d.expect(d.run("--help"), 0, "Who else is playing, and when:", "sandbox", "slots", "window", "freeze", "declare", "break-claim")
	for _, args := range [][]string{{"sandbox"}, {"slots"}, {"window", "next"}, {"freeze", "add"}, {"freeze", "lift"}, {"declare"}, {"declare", "move"}, {"declare", "import"}, {"break-claim"}, {"submit"}} {
		r := d.run(append(args, "--help")...)
		d.expect(r, 0, "Examples:\n  changectl "+args[0])
	}
	d.expect(d.run("freeze", "lst"), 2, "no command changectl freeze lst")
	d.expect(d.run("declare", "lst"), 2, "lst")
	d.expect(d.run("window", "nxt"), 2, "no command changectl window nxt")
}
