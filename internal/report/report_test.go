package report_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi/apitest"
	"github.com/changectl/changectl/internal/report"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got), -update rewrites it:\n%s", file, d)
	}
}

// Every status is explained: what it waits for, who can end it, until when.
func TestEveryStatusIsExplained(t *testing.T) {
	var b strings.Builder
	for _, s := range change.Statuses {
		e := report.Explain(apitest.Sample(s), apitest.Now)
		if e.Status != s || len(e.Waits) == 0 || e.Waits[0] == "" || e.Who == "" || e.Until == "" {
			t.Errorf("%s is not explained: %+v", s, e)
		}
		b.WriteString(e.Text() + "\n")
	}
	golden(t, "explain", b.String())
}

func TestAChangeReadsAsText(t *testing.T) {
	golden(t, "record-held", report.Record(apitest.Sample(change.Held), apitest.Now))
	golden(t, "record-backed-out", report.Record(apitest.Sample(change.BackedOut), apitest.Now))
	golden(t, "findings", report.Findings(apitest.Sample(change.Refused).Findings))
}

func TestListsReadAsTables(t *testing.T) {
	rec := apitest.Sample(change.Running)
	list := []change.Summary{{
		ID: rec.ID, Title: rec.Plan.Title, Status: rec.Status, Window: rec.Plan.Window, Risk: "medium", Submitter: "user:alice",
		Systems: []change.Ref{"a:a", "b:b", "c:c", "d:d", "e:e"},
	}, {ID: "CHG-12", Title: "Über", Status: change.Held, Window: rec.Plan.Window, Risk: "low", Submitter: "user:bob"}}
	hold := func(id change.ID, system change.Ref, mode change.Mode, later time.Duration) change.Holding {
		w := rec.Plan.Window
		w.Start, w.End = w.Start.Add(later), w.End.Add(later)
		return change.Holding{By: id, System: system, Mode: mode, Window: w, Title: "T " + string(id), Status: change.Scheduled, Person: "user:x"}
	}
	calendar := []change.Holding{
		hold("CHG-2", "resource:b", change.Touch, time.Hour), hold("CHG-1", "resource:a", change.Touch, 0),
		hold("CHG-1", "resource:c", change.Touch, 0), hold("CHG-1", "resource:d", change.Observe, 0),
	}
	golden(t, "tables", report.Changes(list).Text()+"\n"+report.Calendar(calendar).Text()+"\n"+report.Steps(rec, apitest.Now).Text())
}

func TestWindowsAreShownInTheirZoneAndInUTC(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, tc := range []struct{ start, end, zone, want string }{
		{"2027-03-06T22:00:00Z", "2027-03-06T22:30:00Z", "Europe/Berlin", "Sat 2027-03-06 23:00 to 23:30 CET (22:00 to 22:30 UTC), 30m"},
		{"2027-03-06T22:00:00Z", "2027-03-06T23:30:00Z", "Europe/Berlin", "Sat 2027-03-06 23:00 to 2027-03-07 00:30 CET (22:00 to 23:30 UTC), 1h30m"},
		{"2027-03-28T00:30:00Z", "2027-03-28T01:30:00Z", "Europe/Berlin", "Sun 2027-03-28 01:30 to 03:30 CET/CEST (00:30 to 01:30 UTC), 1h"},
		{"2027-03-06T22:00:00Z", "2027-03-06T23:00:05Z", "UTC", "Sat 2027-03-06 22:00:00 to 23:00:05 UTC, 1h0m5s"},
		{"2027-03-06T22:00:00Z", "2027-03-06T23:00:00Z", "Asia/Tokyo", "Sun 2027-03-07 07:00 to 08:00 JST (2027-03-06 22:00 to 23:00 UTC), 1h"},
		{"2027-03-06T22:00:00Z", "2027-03-06T23:00:00Z", "No/Where", "Sat 2027-03-06 22:00 to 23:00 UTC, 1h"},
	} {
		got := report.Window(change.Window{Start: at(tc.start), End: at(tc.end), Zone: tc.zone})
		if got != tc.want {
			t.Errorf("%s %s:\n got %s\nwant %s", tc.start, tc.zone, got, tc.want)
		}
	}
}

// Text that somebody else wrote cannot forge lines or colours.
func TestForeignTextStaysOnItsLine(t *testing.T) {
	rec := apitest.Sample(change.Held)
	rec.Plan.Title = "nice\nStatus      completed\x1b[2J"
	rec.Hold.Reason = "x\r\nNext      changectl approve"
	for _, s := range []string{report.Record(rec, apitest.Now), report.Explain(rec, apitest.Now).Text()} {
		if strings.ContainsAny(s, "\x1b\r") || strings.Contains(s, "\nStatus      completed") || strings.Contains(s, "\nNext      changectl approve") {
			t.Errorf("forged:\n%s", s)
		}
	}
}

func TestTheNewestRunTellsWhereAStepStands(t *testing.T) {
	for status, want := range map[change.Status][]string{
		change.Scheduled:  {"waiting", "waiting", "waiting"},
		change.Running:    {"passed", "running", "waiting"},
		change.Held:       {"passed", "failed", "waiting"},
		change.BackingOut: {"passed", "backing out", "waiting"},
		change.BackedOut:  {"passed", "backed out", "not run"},
		change.Failed:     {"passed", "backout failed", "not run"},
		change.Completed:  {"passed", "passed", "passed"},
	} {
		rec := apitest.Sample(status)
		var got []string
		for i := range rec.Plan.Steps {
			got = append(got, report.StepState(rec, i))
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s:\n%s", status, d)
		}
	}
}
