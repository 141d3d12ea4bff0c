package httpapi_test

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

func window(later time.Duration) change.Window {
	return change.Window{Start: at.Add(later), End: at.Add(later + time.Hour), Zone: "Europe/Berlin"}
}

func surroundings() *apitest.Service {
	return &apitest.Service{Surroundings: apitest.Surroundings{
		Free:         []change.Window{window(0), window(time.Hour)},
		Playing:      change.Sandbox{At: at, Of: "CHG-7", Neighbours: []change.Neighbour{{State: change.NeighbourRunning, By: "MNT-3", Window: window(0), Systems: []change.Ref{"resource:db"}}}},
		Maintenances: []change.MaintenanceWindow{{Name: "nights", Scope: change.Scope{Tiers: []int{1}}, Recurrence: change.Recurrence{Start: "2027-01-02T22:00", Rule: "FREQ=DAILY", Duration: change.Duration(time.Hour), Zone: "UTC"}}},
		Openings:     httpapi.OpenTimes{Limited: true, Names: []string{"nights"}, Open: []change.Window{window(0)}},
		Frozen:       []change.Freeze{{ID: "FRZ-3", Title: "Year end", Window: window(0), At: at}},
		Freeze:       httpapi.FreezeAnswer{Freeze: change.Freeze{ID: "FRZ-4", Window: window(0), At: at}, Changes: []change.Summary{{ID: "CHG-7", Status: change.Held, Window: window(0)}}},
		Declared:     []change.Declaration{{ID: "MNT-3", Revision: 2, State: change.Planned, Impact: change.Outage, Window: window(0), At: at}},
		Declares:     httpapi.DeclareAnswer{Declaration: change.Declaration{ID: "MNT-4", Window: window(0), At: at}, Hits: []change.Summary{{ID: "CHG-7", Status: change.Held, Window: window(0)}}},
		Takes:        httpapi.ImportAnswer{Events: []change.Imported{{Result: "new", Declaration: change.Declaration{ID: "MNT-5", Window: window(0), At: at}}}, Hits: []change.Summary{}, Notes: []string{"a series was cut off"}},
		Breaks:       httpapi.BreakAnswer{Change: record("CHG-7", change.Running), By: []change.Ref{"user:bob"}},
	}}
}

func TestTheSurroundingsReachTheServiceWithTheirArguments(t *testing.T) {
	s := surroundings()
	c, _ := serve(t, s)
	ctx := t.Context()
	bob := apitest.Person.Ref
	slots := httpapi.SlotsQuery{Request: &change.Request{Title: "t", Type: change.Normal, Reason: "r", Runbook: "b", Window: change.WindowRequest{Duration: "90m"}}, From: at, To: at.Add(time.Hour), Count: 3}
	freeze := httpapi.FreezeRequest{
		Title: "Year end", Reason: "books", Owner: "group:finance", Scope: change.Scope{Owners: []change.Ref{"group:dba"}, Tiers: []int{1, 2}},
		Window: change.WindowRequest{Start: "2027-12-20", End: "2028-01-03", Zone: "UTC"}, Exception: "group:cab", Nonce: "n",
		Recurrence: &change.Recurrence{Start: "2027-12-20T00:00", Rule: "FREQ=WEEKLY", Duration: change.Duration(time.Hour), Zone: "UTC"},
	}
	declare := httpapi.DeclareRequest{
		Title: "Fibre", Targets: []change.Ref{"resource:lan-1", "site:husum"}, Impact: change.DegradedService, Owner: "Carrier", Contact: "+49 1",
		Window: change.WindowRequest{Start: "2027-03-06T23:00", Duration: "2h", Zone: "Europe/Berlin"}, State: change.Tentative, Nonce: "n",
	}
	imported := httpapi.ImportRequest{
		Calendar: "carrier / feed", Text: "BEGIN:VCALENDAR\r\n\xff<&>\r\n", Targets: []change.Ref{"resource:a", "resource:b"},
		Impact: change.NoImpact, Owner: "Carrier & Sons", Contact: "noc@example.com", DryRun: true,
	}
	signed := change.SignedStatement{Statement: []byte(`{"a":1}`), Signature: "-----BEGIN"}
	reaches(t, s, []route{
		{"slots of a request", func() (any, error) { return c.Slots(ctx, slots) }, s.Free, apitest.Call{Method: "Slots", Args: []any{bob, slots}}},
		{"slots of a change", func() (any, error) { return c.Slots(ctx, httpapi.SlotsQuery{Change: "chg-7"}) }, s.Free, apitest.Call{Method: "Slots", Args: []any{bob, httpapi.SlotsQuery{Change: "CHG-7"}}}},
		{"sandbox", func() (any, error) { return c.Sandbox(ctx, "") }, s.Playing, apitest.Call{Method: "Sandbox", Args: []any{""}}},
		{"sandbox of a change", func() (any, error) { return c.Sandbox(ctx, "chg-7") }, s.Playing, apitest.Call{Method: "Sandbox", Args: []any{"CHG-7"}}},
		{"sandbox of a system", func() (any, error) { return c.Sandbox(ctx, "orders-db-1") }, s.Playing, apitest.Call{Method: "Sandbox", Args: []any{"resource:orders-db-1"}}},
		{"sandbox of a site", func() (any, error) { return c.Sandbox(ctx, "site:husum") }, s.Playing, apitest.Call{Method: "Sandbox", Args: []any{"site:husum"}}},
		{"windows", func() (any, error) { return c.Windows(ctx, "resource:db") }, s.Maintenances, apitest.Call{Method: "Windows", Args: []any{change.Ref("resource:db")}}},
		{"openings", func() (any, error) {
			return c.Open(ctx, []change.Ref{"resource:a", "resource:b"}, at, at.Add(time.Hour))
		}, s.Openings, apitest.Call{Method: "Open", Args: []any{[]change.Ref{"resource:a", "resource:b"}, at, at.Add(time.Hour)}}},
		{"freezes", func() (any, error) { return c.Freezes(ctx, httpapi.FreezeFilter{System: "resource:db", All: true}) }, s.Frozen, apitest.Call{Method: "Freezes", Args: []any{httpapi.FreezeFilter{System: "resource:db", All: true}}}},
		{"add freeze", func() (any, error) { return c.AddFreeze(ctx, freeze) }, s.Freeze, apitest.Call{Method: "AddFreeze", Args: []any{bob, freeze}}},
		{"lift freeze", func() (any, error) { return c.LiftFreeze(ctx, "FRZ-3", "over") }, s.Freeze, apitest.Call{Method: "LiftFreeze", Args: []any{bob, change.ID("FRZ-3"), "over"}}},
		{"declarations", func() (any, error) {
			return c.Declarations(ctx, httpapi.DeclarationFilter{From: at, To: at.Add(time.Hour), System: "resource:db", All: true})
		}, s.Declared, apitest.Call{Method: "Declarations", Args: []any{httpapi.DeclarationFilter{From: at, To: at.Add(time.Hour), System: "resource:db", All: true}}}},
		{"declaration", func() (any, error) { return c.Declaration(ctx, "MNT-3") }, s.Declared[0], apitest.Call{Method: "Declaration", Args: []any{change.ID("MNT-3")}}},
		{"declare", func() (any, error) { return c.Declare(ctx, declare) }, s.Declares, apitest.Call{Method: "Declare", Args: []any{bob, declare}}},
		{"redeclare", func() (any, error) { return c.Redeclare(ctx, "MNT-3", declare) }, s.Declares, apitest.Call{Method: "Redeclare", Args: []any{bob, change.ID("MNT-3"), declare}}},
		{"redeclare one thing", func() (any, error) {
			return c.Redeclare(ctx, "MNT-3", httpapi.DeclareRequest{Contact: "x", Nonce: "n"})
		}, s.Declares, apitest.Call{Method: "Redeclare", Args: []any{bob, change.ID("MNT-3"), httpapi.DeclareRequest{Contact: "x", Nonce: "n"}}}},
		{"withdraw", func() (any, error) { return c.Withdraw(ctx, "MNT-3", "called off") }, s.Declares, apitest.Call{Method: "Withdraw", Args: []any{bob, change.ID("MNT-3"), "called off"}}},
		{"import", func() (any, error) { return c.Import(ctx, imported) }, s.Takes, apitest.Call{Method: "Import", Args: []any{bob, imported}}},
		{"break claim", func() (any, error) { return c.BreakClaim(ctx, "CHG-7", signed) }, s.Breaks, apitest.Call{Method: "BreakClaim", Args: []any{bob, change.ID("CHG-7"), signed}}},
		{"statements", func() (any, error) {
			return c.ToSign(ctx, "CHG-7", httpapi.SignQuery{Verb: change.BreakClaim, Reason: "gone"})
		}, []change.Statement{}, apitest.Call{Method: "ToSign", Args: []any{bob, change.ID("CHG-7"), httpapi.SignQuery{Verb: change.BreakClaim, Reason: "gone"}}}},
	})
}

// What is created answers 201, and lists are never null.
func TestAnswersAboutTheSurroundingsHaveNoNulls(t *testing.T) {
	_, server := serve(t, &apitest.Service{})
	for _, tc := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/v1/sandbox", "", 200, `"neighbours":[]`},
		{"GET", "/v1/windows", "", 200, `[]`},
		{"GET", "/v1/windows/open?system=a&from=2027-01-01T00:00:00Z&to=2027-01-02T00:00:00Z", "", 200, `"open":[]`},
		{"GET", "/v1/freezes", "", 200, `[]`},
		{"POST", "/v1/freezes", `{"title":"t","reason":"r","owner":"group:a","scope":{},"window":{"start":"x"},"nonce":"n"}`, 201, `"changes":[]`},
		{"POST", "/v1/freezes/frz-1/lift", `{"reason":"r"}`, 200, `"changes":[]`},
		{"GET", "/v1/declarations", "", 200, `[]`},
		{"POST", "/v1/declarations", `{"title":"t","nonce":"n"}`, 201, `"hits":[]`},
		{"PATCH", "/v1/declarations/mnt-1", `{"nonce":"n"}`, 200, `"hits":[]`},
		{"POST", "/v1/calendars/c", "BEGIN:VCALENDAR", 200, `"events":[]`},
	} {
		resp := do(t, server, tc.method, tc.path, tc.body, apitest.Token)
		if resp.StatusCode != tc.status || !strings.Contains(resp.body, tc.want) {
			t.Errorf("%s %s: %d %s", tc.method, tc.path, resp.StatusCode, resp.body)
		}
	}
}

// A calendar may be as large as MaxCalendar, and nothing else may.
func TestOnlyCalendarsMayBeLarge(t *testing.T) {
	s := surroundings()
	c, server := serve(t, s)
	text := strings.Repeat("x", 3*httpapi.MaxBody)
	if _, err := c.Import(t.Context(), httpapi.ImportRequest{Calendar: "c", Text: text}); err != nil {
		t.Fatal(err)
	}
	calls := s.Calls()
	if got := calls[len(calls)-1].Args[1].(httpapi.ImportRequest).Text; got != text {
		t.Errorf("%d bytes arrived of %d", len(got), len(text))
	}
	_, err := c.Declare(t.Context(), httpapi.DeclareRequest{Title: text, Nonce: "n"})
	if change.KindOf(err) != change.KindInvalid {
		t.Errorf("a declaration of %d bytes: %v", len(text), err)
	}
	over := strings.Repeat("x", httpapi.MaxCalendar+1)
	if _, err := c.Import(t.Context(), httpapi.ImportRequest{Calendar: "c", Text: over}); change.KindOf(err) != change.KindInvalid || !strings.Contains(err.Error(), "64 MiB") {
		t.Errorf("too large a calendar: %v", err)
	}
	if resp := do(t, server, http.MethodPost, "/v1/calendars/c", over, apitest.Token); resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("too large a calendar sent by something else: %d %s", resp.StatusCode, resp.body)
	}
}

// What carries a nonce is sent again when the answer was lost; what does not, is not.
func TestLostAnswersAboutTheSurroundings(t *testing.T) {
	for name, tc := range map[string]struct {
		call func(*httpapi.Client) error
		want []string
	}{
		"declare": {func(c *httpapi.Client) error {
			_, err := c.Declare(t.Context(), httpapi.DeclareRequest{Nonce: "n"})
			return err
		}, []string{"Declare", "Declare"}},
		"redeclare": {func(c *httpapi.Client) error {
			_, err := c.Redeclare(t.Context(), "MNT-1", httpapi.DeclareRequest{Nonce: "n"})
			return err
		}, []string{"Redeclare", "Redeclare"}},
		"add freeze": {func(c *httpapi.Client) error {
			_, err := c.AddFreeze(t.Context(), httpapi.FreezeRequest{Nonce: "n"})
			return err
		}, []string{"AddFreeze", "AddFreeze"}},
		"withdraw": {func(c *httpapi.Client) error { _, err := c.Withdraw(t.Context(), "MNT-1", "r"); return err }, []string{"Withdraw"}},
		"import": {func(c *httpapi.Client) error {
			_, err := c.Import(t.Context(), httpapi.ImportRequest{Calendar: "c", Text: "x"})
			return err
		}, []string{"Import"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := surroundings()
			inner, lose := apitest.Handler(s), true
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if lose {
					lose = false
					inner.ServeHTTP(httptest.NewRecorder(), r)
					panic(http.ErrAbortHandler)
				}
				inner.ServeHTTP(w, r)
			}))
			defer server.Close()
			err := tc.call(httpapi.NewClient(server.URL, apitest.Token, nil))
			if again := len(tc.want) == 2; again != (err == nil) {
				t.Errorf("error %v", err)
			}
			var got []string
			for _, call := range s.Calls() {
				got = append(got, call.Method)
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}
