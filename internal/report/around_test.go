package report_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi/apitest"
	"github.com/changectl/changectl/internal/report"
)

func berlin(t *testing.T) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func sandbox() change.Sandbox {
	return change.Sandbox{At: apitest.Now, Of: "resource:orders-db-1", Neighbours: apitest.Neighbours()}
}

func TestWhoElseIsPlayingReadsInTheNight(t *testing.T) {
	text := report.Sandbox(sandbox(), berlin(t)) + "\n" + report.Sandbox(change.Sandbox{At: apitest.Now, Of: "CHG-7"}, time.UTC) +
		"\n" + report.Sandbox(change.Sandbox{At: apitest.Now}, time.UTC)
	golden(t, "sandbox", text)
	for l := range strings.Lines(text) {
		if utf8.RuneCountInString(strings.TrimRight(l, "\n")) > 80 {
			t.Errorf("wider than 80 columns: %s", l)
		}
	}
}

// Who overruns is read before who runs, that before who has ended, and that before who
// comes, in whatever order they are given.
func TestNeighboursComeInTheOrderInWhichTheyMatter(t *testing.T) {
	text := report.Sandbox(sandbox(), time.UTC)
	var lines []string
	for _, l := range report.NeighbourLines(apitest.Neighbours(), apitest.Now) {
		lines = append(lines, strings.Fields(l)[1])
	}
	if d := cmp.Diff([]string{"CHG-5", "MNT-3", "CHG-4", "CHG-9"}, lines); d != "" {
		t.Error(d)
	}
	at := -1
	for _, want := range []string{"OVERRUNNING", "CHG-5", "RUNNING", "MNT-3", "JUST ENDED", "CHG-4", "NEXT", "CHG-9"} {
		i := strings.Index(text[at+1:], want)
		if i < 0 {
			t.Fatalf("%s does not come after what was before it:\n%s", want, text)
		}
		at += 1 + i
	}
}

func TestANeighbourIsTimedAsSeenNow(t *testing.T) {
	line := func(n change.Neighbour, later time.Duration) string {
		return report.NeighbourLines([]change.Neighbour{n}, apitest.Now.Add(later))[0]
	}
	n := apitest.Neighbours()[1]
	for later, want := range map[time.Duration]string{0: "to end in 1h30m, began 30m ago", 2 * time.Hour: "30m over its window, began 2h30m ago"} {
		if got := line(n, later); !strings.Contains(got, ": "+want+"; works on") {
			t.Errorf("after %s: %s", later, got)
		}
	}
	next := apitest.Neighbours()[0]
	if got := line(next, 4*time.Hour); !strings.Contains(got, "its window opened 1h ago") {
		t.Errorf("a neighbour whose window has opened: %s", got)
	}
}

// A change that is held says first who else was playing; one that is held before its
// start says what can be done about it.
func TestHoldsAreExplained(t *testing.T) {
	var b strings.Builder
	for _, rec := range []change.Record{apitest.Disturbed(), apitest.HeldBeforeStart()} {
		b.WriteString(report.Explain(rec, apitest.Now).Text() + "\n")
	}
	golden(t, "explain-holds", b.String())
	record := report.Record(apitest.Disturbed(), apitest.Now)
	playing, plan := strings.Index(record, "Who else was playing"), strings.Index(record, "Runbook")
	if playing < 0 || playing > plan || strings.Count(record, "Who else was playing") != 1 {
		t.Errorf("who else was playing is not told once and first:\n%s", record)
	}
	rec := apitest.HeldBeforeStart()
	rec.Hold.Choices = []change.Verb{change.Cancel}
	if e := report.Explain(rec, apitest.Now); strings.Contains(strings.Join(e.Next, "\n"), "continue") || len(e.Next) != 2 {
		t.Errorf("offers what is not among the choices: %v", e.Next)
	}
	rec = apitest.HeldBeforeStart()
	if e := report.Explain(rec, apitest.Now.Add(90*time.Minute)); !strings.Contains(e.Until, "its window is open") {
		t.Errorf("until %s", e.Until)
	}
}

// Whoever waits for a maintenance or a freeze is told whom to call.
func TestAWaitNamesWhoCanEndIt(t *testing.T) {
	rec := apitest.Sample(change.Waiting)
	f := apitest.Freeze()
	rec.Findings = []change.Finding{apitest.DeclaredFinding(apitest.Now), {Rule: "freeze", Severity: change.Blocks, Freeze: &f}, {Rule: "x", Severity: change.Warns, Other: &change.Holding{By: "CHG-1", Person: "user:nobody"}}}
	want := "Nordkabel GmbH (NOC +49 4841 1234, ticket NK-991), whose maintenance MNT-3 is; group:finance, who can lift the freeze FRZ-3"
	if got := report.Explain(rec, apitest.Now).Who; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	refused := apitest.Sample(change.Refused)
	refused.Findings = rec.Findings
	if e := report.Explain(refused, apitest.Now); !strings.Contains(strings.Join(e.Next, "\n"), "--next-slot") {
		t.Errorf("the next slot is not offered: %v", e.Next)
	}
	running := apitest.Sample(change.Running)
	running.Findings = rec.Findings
	if text := report.Explain(running, apitest.Now).Text(); !strings.Contains(text, "MNT-3 takes down resource:lan-2") {
		t.Errorf("a running change does not tell what hits it:\n%s", text)
	}
}

func TestFindingsTellWhoseAndWhenAndTheNextSlotOnce(t *testing.T) {
	f := apitest.Freeze()
	closed := f
	closed.Exception, closed.Recurrence = "", nil
	declared := apitest.DeclaredFinding(apitest.Now)
	emergency := change.Finding{Rule: "emergency", Severity: change.Blocks, Message: "an emergency is going on", Other: &change.Holding{
		By: "CHG-5", Title: "Broken disk", Status: change.Running, Type: change.Emergency, Person: "user:carol", Whose: "user:carol", Window: declared.Other.Window, System: "resource:x", Mode: change.Touch,
	}}
	list := []change.Finding{
		declared, emergency,
		{Rule: "freeze", Severity: change.Blocks, Message: "FRZ-3 freezes resource:orders-db-1", Freeze: &f, Next: declared.Next},
		{Rule: "freeze", Severity: change.Blocks, Message: "FRZ-3 freezes resource:orders-db-1", Freeze: &closed},
	}
	text := report.Findings(list)
	golden(t, "findings-around", text)
	if n := strings.Count(text, "next free slot"); n != 1 {
		t.Errorf("the next free slot is told %d times:\n%s", n, text)
	}
	if w, ok := report.NextSlot(list); !ok || w != *declared.Next {
		t.Errorf("next slot %v %v", w, ok)
	}
	if _, ok := report.NextSlot(list[1:2]); ok {
		t.Error("a slot out of nothing")
	}
}

func TestFreezesWindowsAndDeclarationsRead(t *testing.T) {
	now, f := apitest.Now, apitest.Freeze()
	lifted, over := f, f
	lifted.LiftedAt, lifted.LiftedBy, lifted.LiftedFor, lifted.ID = now.Add(-time.Minute), "user:bob", "the books are closed", "FRZ-4"
	over.Window, over.ID, over.Recurrence, over.Scope, over.Exception = change.Window{Start: now.Add(-2 * time.Hour), End: now, Zone: "UTC"}, "FRZ-5", nil, change.Scope{}, ""
	nights := change.MaintenanceWindow{
		Name: "nights", Title: "Nights of the databases", Owner: "group:dba", Scope: change.Scope{Sites: []string{"husum"}, Redundancy: []string{"orders-db"}},
		Recurrence: change.Recurrence{Start: "2027-01-02T22:00", Rule: "FREQ=DAILY", Duration: change.Duration(4 * time.Hour), Zone: "Europe/Berlin", Except: []string{"2027-03-08"}},
	}
	once := change.MaintenanceWindow{Name: "once", Recurrence: change.Recurrence{Start: "2020-01-02T22:00", Duration: change.Duration(time.Hour), Zone: "UTC"}}
	d := apitest.Declaration()
	golden(t, "freezes", report.Freezes([]change.Freeze{f, lifted, over}, now).Text()+"\n"+report.Freeze(f, now)+"\n"+report.Freeze(lifted, now)+"\n"+report.Freeze(over, now))
	golden(t, "windows", report.MaintenanceWindows([]change.MaintenanceWindow{nights, once}).Text()+"\n"+report.MaintenanceWindow(nights, now)+
		"\n"+report.MaintenanceWindow(once, now)+"\n"+report.Slots([]change.Window{d.Window, {Start: now.Add(-time.Hour), End: now.Add(time.Hour), Zone: "Europe/Berlin"}}, now).Text())
	golden(t, "declarations", report.Declarations([]change.Declaration{d}).Text()+"\n"+report.Declaration(d)+"\n"+
		report.Imported([]change.Imported{{Result: "new", Declaration: d}}).Text()+"\n"+
		report.Hits("hits", []change.Summary{{ID: "CHG-7", Status: change.Held, Title: "Patch", Submitter: "user:alice", Note: "MNT-3 is in the way"}, {ID: "CHG-8", Status: change.Running, Title: "Move", Submitter: "user:bob"}})+
		report.Hits("hits", nil))
}

// A freeze says where it stands.
func TestAFreezeStandsSomewhereInTime(t *testing.T) {
	f := apitest.Freeze()
	plain := f
	plain.Recurrence = nil
	lifted := plain
	lifted.LiftedAt = apitest.Now
	for _, tc := range []struct {
		freeze change.Freeze
		now    time.Time
		want   string
	}{
		{plain, f.Window.Start.Add(-time.Second), "to come"},
		{plain, f.Window.Start, "on"},
		{f, f.Window.Start, "recurring"},
		{plain, f.Window.End.Add(-time.Second), "on"},
		{plain, f.Window.End, "over"},
		{lifted, apitest.Now, "lifted"},
	} {
		if got := report.Freezes([]change.Freeze{tc.freeze}, tc.now).Rows[0][1]; got != tc.want {
			t.Errorf("at %s: %s, want %s", tc.now, got, tc.want)
		}
	}
}

func TestTheCalendarShowsDeclaredMaintenances(t *testing.T) {
	w := change.Window{Start: apitest.Now, End: apitest.Now.Add(time.Hour), Zone: "UTC"}
	table := report.Calendar([]change.Holding{
		{System: "resource:lan-2", Mode: change.Touch, By: "MNT-3", Title: "Fibre", Impact: change.DegradedService, Person: "user:carol", Whose: "Nordkabel GmbH", Contact: "NOC", Window: w},
		{System: "resource:lan-3", Mode: change.Impact, By: "MNT-4", Title: "Fibre", Person: "user:carol", Window: w},
		{System: "resource:a", Mode: change.Touch, By: "CHG-7", Title: "Patch", Status: change.Running, Token: 3, Person: "user:alice", Contact: "on call", Window: w},
	})
	var got [][]string
	for _, r := range table.Rows {
		got = append(got, []string{r[1], r[2], r[5]})
	}
	want := [][]string{{"MNT-3", "DEGRADED", "Nordkabel GmbH, NOC"}, {"MNT-4", "OUTAGE", "user:carol"}, {"CHG-7", "running (claimed)", "user:alice"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestAPlanTellsControllerExceptionsAndGroupsOfGroups(t *testing.T) {
	p := apitest.Sample(change.Scheduled).Plan
	p.Type, p.Controller, p.Exceptions = change.Emergency, "user:dave", []change.ID{"FRZ-3", "FRZ-4"}
	p.Footprint.Degraded = []change.Degraded{{Group: "world", MustRun: 1, Groups: []change.Degraded{
		{Group: "eu", Members: []change.Ref{"a:a", "a:b"}, Touched: []change.Ref{"a:a"}, MustRun: 1},
		{Group: "us", Members: []change.Ref{"a:c"}, MustRun: 1},
	}}}
	p.Footprint.Severed = []change.Affected{{System: "resource:bastion", Path: []change.Ref{"resource:lan-1", "resource:bastion"}}}
	text := report.Plan(p, "sha256:1")
	for _, want := range []string{
		"Controller  user:dave", "Exceptions  asks to be let through FRZ-3, FRZ-4",
		"1 of 2 must stay up; eu: a:a of 2 touched, 1 must stay up; us:  of 1 touched, 1 must stay up",
		"cuts off", "resource:lan-1 > resource:bastion",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// No text from elsewhere can forge lines or colours, wherever it stands.
func TestForeignTextAroundStaysOnItsLine(t *testing.T) {
	const evil = "x\nCHG-1  forged\r\x1b[2J"
	n := apitest.Neighbours()[1]
	n.Title, n.Owner, n.Contact, n.Relation = evil, evil, evil, evil
	finding := apitest.DeclaredFinding(apitest.Now)
	finding.Message, finding.Other.Title, finding.Other.Whose, finding.Other.Contact, finding.Rule = evil, evil, evil, evil, evil
	f := apitest.Freeze()
	f.Title, f.Reason, f.LiftedFor, f.LiftedAt, f.Recurrence.Rule = evil, evil, evil, apitest.Now, evil
	f.Scope.Sites = []string{evil}
	finding.Freeze = &f
	d := apitest.Declaration()
	d.Title, d.Owner, d.Contact, d.Reason, d.Source.UID, d.Source.Calendar = evil, evil, evil, evil, evil, evil
	rec := apitest.HeldBeforeStart()
	rec.Findings, rec.Hold.Neighbours, rec.Hold.Reason = []change.Finding{finding}, []change.Neighbour{n}, evil
	w := change.MaintenanceWindow{Name: evil, Title: evil, Recurrence: change.Recurrence{Start: evil, Rule: evil, Zone: evil}}
	for name, text := range map[string]string{
		"sandbox":     report.Sandbox(change.Sandbox{At: apitest.Now, Of: evil, Neighbours: []change.Neighbour{n}}, time.UTC),
		"nobody":      report.Sandbox(change.Sandbox{At: apitest.Now, Of: evil}, time.UTC),
		"line":        strings.Join(report.NeighbourLines([]change.Neighbour{n}, apitest.Now), "\n") + "\n",
		"record":      report.Record(rec, apitest.Now),
		"explain":     report.Explain(rec, apitest.Now).Text(),
		"findings":    report.Findings([]change.Finding{finding}),
		"freeze":      report.Freeze(f, apitest.Now) + report.Freezes([]change.Freeze{f}, apitest.Now).Text(),
		"declaration": report.Declaration(d) + report.Declarations([]change.Declaration{d}).Text(),
		"window":      report.MaintenanceWindow(w, apitest.Now) + report.MaintenanceWindows([]change.MaintenanceWindow{w}).Text(),
		"hits":        report.Hits("hits", []change.Summary{{ID: "CHG-7", Title: evil, Note: evil}}),
		"calendar":    report.Calendar([]change.Holding{{By: "MNT-1", Title: evil, Whose: evil, Contact: evil}}).Text(),
	} {
		if strings.ContainsAny(text, "\x1b\r") || strings.Contains(text, "\nCHG-1  forged") {
			t.Errorf("%s is forged:\n%s", name, text)
		}
	}
}
