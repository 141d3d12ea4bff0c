package cli_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/httpapi/apitest"
)

func declared(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t)
	d.service.Declared = []change.Declaration{apitest.Declaration()}
	d.service.Declares = httpapi.DeclareAnswer{Declaration: apitest.Declaration(), Hits: []change.Summary{
		{ID: "CHG-7", Status: change.Held, Title: "Patch", Submitter: "user:alice", Note: "MNT-3 is in the way"},
		{ID: "CHG-8", Status: change.Running, Title: "Move", Submitter: "user:bob"},
	}}
	return d
}

var fibre = []string{
	"--on", "lan-1,site:husum", "--title", "Fibre", "--owner", "Nordkabel, GmbH", "--contact", "NOC", "--start", "2027-03-06T23:00",
	"--duration", "2h", "--zone", "Europe/Berlin",
}

func TestDeclareSaysWhichChangesItHits(t *testing.T) {
	d := declared(t)
	r := d.run(append([]string{"declare", "--impact", "degraded", "--tentative"}, fibre...)...)
	d.expect(r, 0, "MNT-3  Splicing of the northern fibre", "It hits 2 changes:", "CHG-7  is held: Patch (user:alice)", "MNT-3 is in the way", "CHG-8  is running: Move (user:bob)")
	req := d.last("Declare")[1].(httpapi.DeclareRequest)
	if req.Nonce == "" {
		t.Error("no nonce")
	}
	req.Nonce = ""
	want := httpapi.DeclareRequest{
		Title: "Fibre", Targets: []change.Ref{"resource:lan-1", "site:husum"}, Impact: change.DegradedService, Owner: "Nordkabel, GmbH", Contact: "NOC",
		Window: change.WindowRequest{Start: "2027-03-06T23:00", Duration: "2h", Zone: "Europe/Berlin"}, State: change.Tentative,
	}
	if diff := cmp.Diff(want, req); diff != "" {
		t.Error(diff)
	}
	d.expect(d.run(append([]string{"declare"}, fibre...)...), 0)
	if req := d.last("Declare")[1].(httpapi.DeclareRequest); req.Impact != "" || req.State != "" {
		t.Errorf("what was not said was sent: %+v", req)
	}
	if r := d.run(append([]string{"declare", "-o", "name"}, fibre...)...); r.out != "MNT-3\n" {
		t.Errorf("names %q", r.out)
	}
}

func TestDeclareTellsWhatIsWrong(t *testing.T) {
	d := declared(t)
	d.expect(d.run("declare"), 2, "--on", "--title", "--owner", "--contact", "--start", "--end, --duration")
	d.expect(d.run(append([]string{"declare", "--impact", "bad"}, fibre...)...), 2, "--impact", "REDUCED-REDUNDANCY")
	d.expect(d.run(append([]string{"declare", "--on", "a b"}, fibre...)...), 2, "--on", "site:husum")
	d.notCalled("Declare")
	for field, flag := range map[string]string{"targets[0]": "--on", "impact": "--impact", "spec.window.start": "--start"} {
		d.service.Do(func(s *apitest.Service) { s.Errs["Declare"] = change.Invalid("is wrong").At(field) })
		d.expect(d.run(append([]string{"declare"}, fibre...)...), 2, flag+": is wrong")
	}
	d.expect(d.run("__complete", "declare", "--impact", ""), 0, "NO-IMPACT")
}

func TestDeclaredMaintenancesAreListedAndShown(t *testing.T) {
	d := declared(t)
	d.expect(d.run("declare", "list"), 0, "MNT-3  planned  OUTAGE")
	if diff := cmp.Diff(httpapi.DeclarationFilter{From: apitest.Now}, d.last("Declarations")[0]); diff != "" {
		t.Error(diff)
	}
	d.expect(d.run("declare", "list", "--all", "--system", "lan-2"), 0)
	if diff := cmp.Diff(httpapi.DeclarationFilter{All: true, System: "resource:lan-2"}, d.last("Declarations")[0]); diff != "" {
		t.Error(diff)
	}
	d.expect(d.run("declare", "list", "--from", "2027-03-07", "--to", "48h"), 0)
	from := time.Date(2027, 3, 7, 0, 0, 0, 0, time.UTC)
	if diff := cmp.Diff(httpapi.DeclarationFilter{From: from, To: from.Add(48 * time.Hour)}, d.last("Declarations")[0]); diff != "" {
		t.Error(diff)
	}
	d.expect(d.run("declare", "list", "--from", "2027-03-07", "--to", "2027-03-06"), 2, "--to")
	d.expect(d.run("declare", "show", "mnt-3"), 0, "nordkabel, event 991@nordkabel.example", "resource:lan-2 > resource:orders-db-1")
	d.expect(d.run("declare", "show", "MNT-9"), 1, "no declared maintenance MNT-9")
	d.expect(d.run("declare", "show", "CHG-9"), 2, "MNT-3")
	d.service.Do(func(s *apitest.Service) { s.Declared = nil })
	d.expect(d.run("declare", "list"), 0, "there are no such declared maintenances")
}

// Altering sends what is given and nothing else.
func TestADeclarationIsMovedEndedAndWithdrawn(t *testing.T) {
	d := declared(t)
	sent := func(args ...string) httpapi.DeclareRequest {
		t.Helper()
		d.expect(d.run(append([]string{"declare"}, args...)...), 0, "MNT-3", "It hits 2 changes")
		got := d.last("Redeclare")
		if got[1] != change.ID("MNT-3") {
			t.Errorf("altered %v", got[1])
		}
		req := got[2].(httpapi.DeclareRequest)
		if req.Nonce == "" {
			t.Error("no nonce")
		}
		req.Nonce = ""
		return req
	}
	for _, tc := range []struct {
		args []string
		want httpapi.DeclareRequest
	}{
		{[]string{"move", "mnt-3", "--start", "2027-03-07T23:00", "--end", "2027-03-08T01:00", "--zone", "UTC", "--reason", "late"}, httpapi.DeclareRequest{Window: change.WindowRequest{Start: "2027-03-07T23:00", End: "2027-03-08T01:00", Zone: "UTC"}, Reason: "late"}},
		{[]string{"move", "MNT-3", "--confirmed"}, httpapi.DeclareRequest{State: change.Planned}},
		{[]string{"move", "MNT-3", "--tentative", "--on", "lan-3"}, httpapi.DeclareRequest{State: change.Tentative, Targets: []change.Ref{"resource:lan-3"}}},
		{[]string{"move", "MNT-3", "--impact", "no-impact"}, httpapi.DeclareRequest{Impact: change.NoImpact}},
		{[]string{"end", "MNT-3", "--reason", "NOC says so"}, httpapi.DeclareRequest{State: change.Ended, Reason: "NOC says so"}},
	} {
		if diff := cmp.Diff(tc.want, sent(tc.args...)); diff != "" {
			t.Errorf("%v: %s", tc.args, diff)
		}
	}
	d.expect(d.run("declare", "move", "MNT-3"), 2, "nothing to alter")
	d.expect(d.run("declare", "move", "MNT-3", "--reason", "x"), 2, "nothing to alter")
	d.expect(d.run("declare", "move", "MNT-3", "--confirmed", "--tentative"), 2, "--confirmed")
	d.expect(d.run("declare", "withdraw", "MNT-3"), 2, "--reason")
	d.notCalled("Withdraw")
	withdrawn := d.service.Declares
	withdrawn.Declaration.State = change.Withdrawn
	d.service.Do(func(s *apitest.Service) { s.Declares = withdrawn })
	d.expect(d.run("declare", "withdraw", "mnt-3", "--reason", "called off"), 0, "It no longer hits 2 changes")
	if diff := cmp.Diff([]any{apitest.Person.Ref, change.ID("MNT-3"), "called off"}, d.last("Withdraw")); diff != "" {
		t.Error(diff)
	}
}

const calendarText = "BEGIN:VCALENDAR\r\nSUMMARY:\xff<&>\r\nEND:VCALENDAR\r\n"

func TestCalendarsAreImportedFromFilesStandardInputAndFeeds(t *testing.T) {
	d := declared(t)
	d.service.Takes = httpapi.ImportAnswer{
		Events: []change.Imported{{Result: "new", Declaration: apitest.Declaration()}, {Result: "stale", Declaration: change.Declaration{Title: "none yet"}}},
		Hits:   d.service.Declares.Hits, Notes: []string{"a series was cut off\x1b"},
	}
	feed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/secret/feed.ics" || r.Header.Get("Authorization") != "" {
			http.Error(w, "no", http.StatusNotFound)
			return
		}
		_, _ = w.Write([]byte(calendarText))
	}))
	defer feed.Close()
	d.in = calendarText
	for _, source := range []string{d.file("c.ics", calendarText), "-", feed.URL + "/secret/feed.ics"} {
		r := d.run("declare", "import", source, "--calendar", "nordkabel", "--on", "lan-1", "--impact", "outage", "--owner", "O", "--contact", "C")
		d.expect(r, 0, "new     MNT-3", "It hits 2 changes")
		if !strings.Contains(r.err, "note: a series was cut off \n") {
			t.Errorf("notes: %q", r.err)
		}
		want := httpapi.ImportRequest{Calendar: "nordkabel", Text: calendarText, Targets: []change.Ref{"resource:lan-1"}, Impact: change.Outage, Owner: "O", Contact: "C"}
		if diff := cmp.Diff(want, d.last("Import")[1]); diff != "" {
			t.Error(diff)
		}
	}
	r := d.run("declare", "import", "-", "--calendar", "c", "--dry-run")
	d.expect(r, 0, "Nothing was recorded", "It would hit 2 changes")
	if req := d.last("Import")[1].(httpapi.ImportRequest); !req.DryRun {
		t.Error("it was no dry run")
	}
	if r := d.run("declare", "import", "-", "--calendar", "c", "-o", "name"); r.out != "MNT-3\n" {
		t.Errorf("names %q", r.out)
	}
	d.service.Do(func(s *apitest.Service) { s.Takes = httpapi.ImportAnswer{} })
	d.expect(d.run("declare", "import", "-", "--calendar", "c"), 0, "holds no event")
}

// What cannot be fetched is not imported, and the rest of its address stays secret.
func TestFeedsThatCannotBeFetched(t *testing.T) {
	d := declared(t)
	feed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/secret/huge":
			block := make([]byte, 1<<20)
			for range httpapi.MaxCalendar>>20 + 1 {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		case "/secret/away":
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		case "/secret/cut":
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte("BEGIN"))
		default:
			http.Error(w, "no", http.StatusNotFound)
		}
	}))
	defer feed.Close()
	for source, want := range map[string]struct {
		code int
		text string
	}{
		feed.URL + "/secret/none":     {1, "404"},
		feed.URL + "/secret/huge":     {2, "over 64 MiB"},
		feed.URL + "/secret/away":     {1, "file"},
		feed.URL + "/secret/cut":      {1, "nothing was imported"},
		"http://127.0.0.1:1/secret":   {1, "127.0.0.1:1"},
		"http:///secret":              {2, "cannot be read"},
		"http://[secret":              {2, "cannot be read"},
		"webcal://carrier/secret.ics": {2, "write https://"},
		"file:///etc/secret":          {2, "cannot be fetched"},
		"no-such-file":                {1, "no-such-file"},
	} {
		r := d.run("declare", "import", source, "--calendar", "c")
		d.expect(r, want.code, want.text)
		if strings.Contains(r.err, "secret") {
			t.Errorf("%s: the address is told: %s", source, r.err)
		}
	}
	d.expect(d.run("declare", "import", "-"), 2, "--calendar")
	d.expect(d.run("declare", "import", "-", "--calendar", "c", "--impact", "x"), 2, "--impact")
	d.notCalled("Import")
}
