package desk_test

import (
	"context"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/app"
	"github.com/changectl/changectl/internal/catalog"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/workflows"
)

// schedule submits a change on a system, has it approved, and moves it as its workflow would.
func (o *office) schedule(t *testing.T, who, by, system string) change.Record {
	t.Helper()
	rec := o.submit(t, who, system)
	if _, err := o.Approve(t.Context(), o.people[by], rec.ID, o.sign(t, rec, "user:"+by, func(s *change.Statement) {
		s.Role, s.Nonce = rec.Plan.Approvals[0].Role, "nonce-"+by+system
	})); err != nil {
		t.Fatal(err)
	}
	rec, err := o.ledger.Enter(t.Context(), change.Transition{Change: rec.ID, Revision: 1, To: change.Scheduled, Key: "scheduled"})
	if err != nil {
		t.Fatal(err)
	}
	o.engine.told = nil
	return rec
}

// declaration is work of somebody else in the window of request, on a system.
func declaration(on change.Ref) httpapi.DeclareRequest {
	return httpapi.DeclareRequest{
		Title: "Fibre splicing", Targets: []change.Ref{on}, Owner: "Nordlicht Telecom", Contact: "noc@nordlicht.example",
		Window: change.WindowRequest{Start: "2027-03-06T22:30", Duration: "4h", Zone: "Europe/Berlin"}, Nonce: "declare-" + string(on),
	}
}

func (o *office) get(t *testing.T, id change.ID) change.Record {
	t.Helper()
	rec, err := o.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

func TestANewDeclarationHoldsTheScheduledChangeThatItHits(t *testing.T) {
	o := open(t)
	hit, spared := o.schedule(t, "alice", "bob", "resource:orders-db-1"), o.schedule(t, "alice", "frank", "component:reporting")
	a, err := o.Declare(t.Context(), o.people["frank"], declaration("resource:jump-host")) // the way in
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Hits) != 1 || a.Hits[0].ID != hit.ID || a.Hits[0].Status != change.Held {
		t.Errorf("whoever declares is told of %+v, want %s held", a.Hits, hit.ID)
	}
	rec := o.get(t, hit.ID)
	if rec.Status != change.Held || !slices.Equal(rec.Hold.Choices, []change.Verb{change.Continue, change.Cancel}) {
		t.Errorf("it is %s with %+v", rec.Status, rec.Hold)
	}
	f := rec.Findings[0]
	if f.Other.By != a.Declaration.ID || f.Other.Contact != "noc@nordlicht.example" || f.Next == nil {
		t.Errorf("the finding does not say with whom and when else: %+v", f)
	}
	if !slices.Equal(o.engine.told, []string{workflows.UpdateSurroundings}) {
		t.Errorf("the workflows were told %v", o.engine.told)
	}
	if s := o.get(t, spared.ID).Status; s != change.Scheduled {
		t.Errorf("a change that it has nothing to do with is %s", s)
	}
}

func TestAWithdrawnDeclarationLetsGo(t *testing.T) {
	o := open(t)
	rec := o.schedule(t, "alice", "bob", "resource:orders-db-1")
	a, err := o.Declare(t.Context(), o.people["frank"], declaration("resource:orders-db-1"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Withdraw(t.Context(), o.people["alice"], a.Declaration.ID, "not mine"); change.KindOf(err) != change.KindDenied {
		t.Errorf("a stranger's withdrawal was answered with %v", err)
	}
	a, err = o.Withdraw(t.Context(), o.people["frank"], a.Declaration.ID, "they come next week")
	if err != nil || a.Declaration.State != change.Withdrawn {
		t.Fatalf("%+v %v", a.Declaration, err)
	}
	if s := o.get(t, rec.ID).Status; s != change.Scheduled || len(a.Hits) != 1 {
		t.Errorf("it is %s, and the answer names %+v", s, a.Hits)
	}
}

func TestAMovedDeclarationHitsWhatItMovesTo(t *testing.T) {
	o := open(t)
	rec := o.schedule(t, "alice", "bob", "resource:orders-db-1")
	req := declaration("resource:orders-db-1")
	req.Window.Start = "2027-03-08T22:30"
	a, err := o.Declare(t.Context(), o.people["frank"], req)
	if err != nil || len(a.Hits) != 0 {
		t.Fatalf("another night hits %+v (%v)", a.Hits, err)
	}
	move := httpapi.DeclareRequest{Window: declaration("x").Window, Reason: "earlier", Nonce: "move"}
	if a, err = o.Redeclare(t.Context(), o.people["frank"], a.Declaration.ID, move); err != nil {
		t.Fatal(err)
	}
	if s := o.get(t, rec.ID).Status; s != change.Held || a.Declaration.Revision != 2 || a.Declaration.Title != "Fibre splicing" {
		t.Errorf("it is %s after %+v", s, a.Declaration)
	}
}

func TestADeclarationSaysWhatIsWrongWithIt(t *testing.T) {
	tests := map[string]struct {
		spoil func(*httpapi.DeclareRequest)
		kind  change.Kind
		want  string
	}{
		"no owner":        {func(r *httpapi.DeclareRequest) { r.Owner = " " }, change.KindInvalid, "owner: is missing"},
		"no contact":      {func(r *httpapi.DeclareRequest) { r.Contact = "" }, change.KindInvalid, "contact: is missing"},
		"nothing":         {func(r *httpapi.DeclareRequest) { r.Targets = nil }, change.KindInvalid, "targets: is missing"},
		"unknown system":  {func(r *httpapi.DeclareRequest) { r.Targets = []change.Ref{"resource:orders-db-3"} }, change.KindNotFound, "orders-db"},
		"unknown site":    {func(r *httpapi.DeclareRequest) { r.Targets = []change.Ref{"site:husun"} }, change.KindNotFound, "site:husum"},
		"another impact":  {func(r *httpapi.DeclareRequest) { r.Impact = "BAD" }, change.KindInvalid, "REDUCED-REDUNDANCY"},
		"over":            {func(r *httpapi.DeclareRequest) { r.Window.Start = "2027-03-01T00:00" }, change.KindInvalid, "ended at"},
		"a gap":           {func(r *httpapi.DeclareRequest) { r.Window.Start = "2027-03-28T02:30" }, change.KindInvalid, "spec.window.start"},
		"a year":          {func(r *httpapi.DeclareRequest) { r.Window.Duration = "8760h" }, change.KindInvalid, "60 days"},
		"ended, declared": {func(r *httpapi.DeclareRequest) { r.State = change.Ended }, change.KindInvalid, "planned or tentative"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			o := open(t)
			req := declaration("resource:orders-db-1")
			tt.spoil(&req)
			_, err := o.Declare(t.Context(), o.people["frank"], req)
			if change.KindOf(err) != tt.kind || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("answered %v, want %s with %q", err, tt.kind, tt.want)
			}
			if list, err := o.Declarations(t.Context(), httpapi.DeclarationFilter{All: true}); len(list) > 0 || err != nil {
				t.Errorf("it was kept all the same: %v (%v)", list, err)
			}
		})
	}
}

const notice = `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Nordlicht//NOC//EN
METHOD:PUBLISH
BEGIN:VEVENT
UID:NL-4711@nordlicht.example
DTSTAMP:20270301T080000Z
DTSTART:20270306T213000Z
DTEND:20270307T013000Z
SUMMARY:Fibre work near Husum
SEQUENCE:%SEQUENCE%
STATUS:CONFIRMED
X-MAINTNOTE-PROVIDER:nordlicht.example
X-MAINTNOTE-ACCOUNT:nordwind
X-MAINTNOTE-MAINTENANCE-ID:NL-4711
X-MAINTNOTE-OBJECT-ID:FO-12
X-MAINTNOTE-IMPACT:%IMPACT%
X-MAINTNOTE-STATUS:CONFIRMED
ORGANIZER;CN="Nordlicht NOC":mailto:noc@nordlicht.example
END:VEVENT
END:VCALENDAR
`

func (o *office) imported(ctx context.Context, calendar, sequence, impact string, on ...change.Ref) (httpapi.ImportAnswer, error) {
	text := strings.NewReplacer("%SEQUENCE%", sequence, "%IMPACT%", impact, "\n", "\r\n").Replace(notice)
	return o.Import(ctx, o.people["dave"], httpapi.ImportRequest{Calendar: calendar, Text: text, Targets: on})
}

func TestACarriersNoticeHoldsAChange(t *testing.T) {
	o := open(t)
	rec := o.schedule(t, "alice", "bob", "resource:orders-db-1")
	if _, err := o.imported(t.Context(), "carrier", "0", "OUTAGE"); change.KindOf(err) != change.KindInvalid || !strings.Contains(err.Error(), "FO-12") {
		t.Errorf("a notice about nothing that is known was answered with %v", err)
	}
	a, err := o.imported(t.Context(), "carrier", "0", "whatever", "resource:jump-host")
	if err != nil || len(a.Events) != 1 {
		t.Fatalf("%+v %v", a, err)
	}
	d := a.Events[0].Declaration
	if a.Events[0].Result != "new" || d.Impact != change.Outage || d.Owner != "nordlicht.example" || !strings.Contains(d.Contact, "noc@nordlicht.example") {
		t.Errorf("taken as %+v; an impact that nobody knows counts as an outage", a.Events[0])
	}
	if s := o.get(t, rec.ID).Status; s != change.Held || len(a.Hits) != 1 {
		t.Errorf("the change is %s, the answer names %+v", s, a.Hits)
	}
	var results []string
	for _, in := range [][2]string{{"0", "whatever"}, {"2", "NO-IMPACT"}, {"1", "OUTAGE"}} {
		if a, err = o.imported(t.Context(), "carrier", in[0], in[1], "resource:jump-host"); err != nil {
			t.Fatal(err)
		}
		results = append(results, a.Events[0].Result)
	}
	if diff := cmp.Diff([]string{"unchanged", "changed", "stale"}, results); diff != "" {
		t.Error(diff)
	}
	if s := o.get(t, rec.ID).Status; s != change.Scheduled {
		t.Errorf("without impact on the way in the change is %s", s)
	}
	if _, err := o.imported(t.Context(), "another", "3", "OUTAGE", "resource:jump-host"); change.KindOf(err) != change.KindConflict || !strings.Contains(err.Error(), "carrier") {
		t.Errorf("a UID that changes calendar was answered with %v", err)
	}
}

func freeze() httpapi.FreezeRequest {
	return httpapi.FreezeRequest{
		Title: "Spring sale", Reason: "The shop lives on these days", Owner: "group:change-managers", Exception: "group:change-managers",
		Scope: change.Scope{Tiers: []int{1}}, Window: change.WindowRequest{Start: "2027-03-06T00:00", Duration: "72h", Zone: "Europe/Berlin"}, Nonce: "freeze",
	}
}

func TestAFreezeHoldsWhatItForbidsAndLiftingItLetsGo(t *testing.T) {
	o := open(t)
	rec := o.schedule(t, "alice", "bob", "resource:orders-db-1")
	if _, err := o.AddFreeze(t.Context(), o.people["alice"], freeze()); change.KindOf(err) != change.KindDenied {
		t.Errorf("a stranger's freeze was answered with %v", err)
	}
	a, err := o.AddFreeze(t.Context(), o.people["erin"], freeze())
	if err != nil || len(a.Changes) != 1 {
		t.Fatalf("%+v %v", a, err)
	}
	held := o.get(t, rec.ID)
	if held.Status != change.Held || !slices.Equal(held.Hold.Choices, []change.Verb{change.Cancel}) || held.Findings[0].Freeze == nil {
		t.Errorf("it is %s with %+v", held.Status, held.Hold)
	}
	if next := held.Findings[0].Next; next == nil || next.Start.Before(time.Date(2027, 3, 8, 23, 0, 0, 0, time.UTC)) {
		t.Errorf("next free slot: %v, want one behind the freeze", next)
	}
	if _, err = o.LiftFreeze(t.Context(), o.people["erin"], a.Freeze.ID, "the sale is off"); err != nil {
		t.Fatal(err)
	}
	if s := o.get(t, rec.ID).Status; s != change.Scheduled {
		t.Errorf("with the freeze lifted it is %s", s)
	}
}

func TestAnExceptionFromAFreezeIsAnApprovalOfItsOwn(t *testing.T) {
	o := open(t)
	a, err := o.AddFreeze(t.Context(), o.people["erin"], freeze())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Submit(t.Context(), o.people["alice"], request("resource:orders-db-1", "plain")); change.KindOf(err) != change.KindConflict {
		t.Errorf("in a freeze it was answered with %v", err)
	}
	req := request("resource:orders-db-1", "excepted")
	req.Exceptions = []change.ID{a.Freeze.ID}
	rec, err := o.Submit(t.Context(), o.people["alice"], req)
	if err != nil || rec.Status != change.AwaitingApproval {
		t.Fatalf("it is %s, %v", rec.Status, err)
	}
	if !slices.ContainsFunc(rec.Plan.Approvals, func(q change.Requirement) bool {
		return q.Role == "group:change-managers" && q.Rule == "exception "+string(a.Freeze.ID)
	}) {
		t.Errorf("nobody is asked for the exception: %+v", rec.Plan.Approvals)
	}
	req = request("resource:orders-db-1", "unknown")
	req.Exceptions = []change.ID{"FRZ-99"}
	if _, err := o.Submit(t.Context(), o.people["alice"], req); change.KindOf(err) != change.KindInvalid {
		t.Errorf("an exception from nothing was answered with %v", err)
	}
}

func TestSlotsBeginWhereTheOthersEnd(t *testing.T) {
	o := open(t)
	o.submit(t, "alice", "resource:orders-db-1") // 22:00 to 23:00 UTC
	req := request("resource:orders-db-1", "")
	list, err := o.Slots(t.Context(), o.people["carol"], httpapi.SlotsQuery{Request: &req, Count: 2})
	if err != nil {
		t.Fatal(err)
	}
	want := time.Date(2027, 3, 6, 23, 0, 0, 0, time.UTC)
	if len(list) != 2 || !list[0].Start.Equal(want) || list[0].Length() != time.Hour || list[0].Zone != "Europe/Berlin" || !list[1].Start.After(want) {
		t.Errorf("slots %v, want the first at %s", list, want)
	}
}

func TestTheSandboxShowsWhoIsAround(t *testing.T) {
	o := open(t)
	rec := o.submit(t, "alice", "resource:orders-db-1")
	if _, err := o.Declare(t.Context(), o.people["frank"], declaration("resource:core-router")); err != nil {
		t.Fatal(err)
	}
	for of, want := range map[string][]change.ID{
		"":                      {"MNT-1", rec.ID},
		string(rec.ID):          {"MNT-1"},
		"component:web-shop":    {rec.ID},
		"site:husum":            {"MNT-1", rec.ID},
		"component:reporting":   {},
		"resource:core-router":  {"MNT-1", rec.ID},
		" chg-1 ":               {"MNT-1"},
		"resource:orders-pool ": {"MNT-1", rec.ID},
	} {
		s, err := o.Sandbox(t.Context(), of)
		if err != nil {
			t.Errorf("%q: %v", of, err)
		}
		got := []change.ID{}
		for _, n := range s.Neighbours {
			got = append(got, n.By)
			if n.Relation == "" || n.State != change.NeighbourNext {
				t.Errorf("%q: %s is %s, %q", of, n.By, n.State, n.Relation)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("around %q (-want +got):\n%s", of, diff)
		}
	}
	if _, err := o.Sandbox(t.Context(), "resource:orders-db-9"); change.KindOf(err) != change.KindNotFound {
		t.Errorf("an unknown system was answered with %v", err)
	}
}

func TestBreakingAClaimTakesTwoPersons(t *testing.T) {
	o := open(t)
	rec := o.schedule(t, "alice", "bob", "resource:orders-db-1")
	signed := func(by, nonce, reason string) change.SignedStatement {
		return o.sign(t, rec, "user:"+by, func(s *change.Statement) {
			s.Verb, s.Role, s.Nonce, s.Reason = change.BreakClaim, "", nonce, reason
		})[0]
	}
	if _, err := o.BreakClaim(t.Context(), o.people["bob"], rec.ID, signed("bob", "early", "x")); change.KindOf(err) != change.KindConflict {
		t.Errorf("without a claim it was answered with %v", err)
	}
	run := func(change.Facts) change.Ruling { return change.Ruling{To: change.Running} }
	if _, err := o.ledger.Start(t.Context(), rec.ID, 1, "start", run); err != nil {
		t.Fatal(err)
	}
	for by, reason := range map[string]string{"frank": "let me", "carol": ""} {
		if a, err := o.BreakClaim(t.Context(), o.people[by], rec.ID, signed(by, "no-"+by, reason)); err == nil || a.Broken {
			t.Errorf("%s, who has no say or no reason, was answered with %+v", by, a)
		}
	}
	for _, nonce := range []string{"b1", "b2"} {
		a, err := o.BreakClaim(t.Context(), o.people["bob"], rec.ID, signed("bob", nonce, "it hangs"))
		if err != nil && change.KindOf(err) != change.KindConflict {
			t.Fatal(err)
		}
		if a.Broken {
			t.Fatal("one person broke a claim alone")
		}
	}
	a, err := o.BreakClaim(t.Context(), o.people["dave"], rec.ID, signed("dave", "d1", "it hangs"))
	if err != nil || !a.Broken || len(a.By) != 2 || a.Change.Status != change.Failed || a.Change.Token != 0 {
		t.Errorf("%+v %v", a, err)
	}
	if held, err := o.Calendar(t.Context(), now, now.Add(48*time.Hour), ""); err != nil || len(held) != 0 {
		t.Errorf("%v is still held (%v)", held, err)
	}
}

func TestAnEmergencyNeedsItsController(t *testing.T) {
	o := open(t)
	for name, spoil := range map[string]func(*change.Request){
		"nobody in charge":          func(r *change.Request) { r.Type = change.Emergency },
		"somebody unknown":          func(r *change.Request) { r.Type, r.Controller = change.Emergency, "user:nobody" },
		"in charge of no emergency": func(r *change.Request) { r.Controller = "user:dave" },
		"another type":              func(r *change.Request) { r.Type = change.Standard },
	} {
		req := request("resource:orders-db-1", name)
		spoil(&req)
		if _, err := o.Submit(t.Context(), o.people["alice"], req); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	req := request("resource:orders-db-1", "emergency")
	req.Type, req.Controller = change.Emergency, "user:bob"
	req.Window.Start, req.Window.Zone = now.Add(-time.Minute).Format(time.RFC3339), "" // it has begun
	rec, err := o.Submit(t.Context(), o.people["alice"], req)
	if err != nil || rec.Status != change.AwaitingApproval || !slices.Contains(rec.Plan.People, "user:bob") {
		t.Errorf("%s %v: %v", rec.Status, rec.Plan.People, err)
	}
	_, err = o.Approve(t.Context(), o.people["bob"], rec.ID, o.sign(t, rec, "user:bob", func(s *change.Statement) { s.Role = "group:operators" }))
	if change.KindOf(err) != change.KindDenied || !strings.Contains(err.Error(), "in charge of the emergency") {
		t.Errorf("the approval of whoever is in charge was answered with %v", err)
	}
}

func TestWhatAWorkerLeftUndoneIsJudgedByTheNext(t *testing.T) {
	o := open(t)
	rec := o.schedule(t, "alice", "bob", "resource:orders-db-1")
	decl := change.Declaration{
		State: change.Planned, Title: "Disk array", Impact: change.Outage, Owner: "Nordkabel", Contact: "NOC", Targets: []change.Ref{"resource:orders-db-1"},
		Window: rec.Plan.Window, Holds: []change.Hand{{System: "resource:orders-db-1", Mode: change.Touch}}, DeclaredBy: "user:frank",
	}
	if _, err := o.ledger.Declare(t.Context(), "user:frank", "n", []change.Declaration{decl}); err != nil { // and then it died
		t.Fatal(err)
	}
	if s := o.get(t, rec.ID).Status; s != change.Scheduled {
		t.Fatalf("it is %s before anybody looked", s)
	}
	moved, err := o.Recheck(t.Context())
	if err != nil || len(moved) != 1 || moved[0].Status != change.Held {
		t.Errorf("judged again: %+v (%v)", moved, err)
	}
	if moved, err = o.Recheck(t.Context()); err != nil || len(moved) != 0 {
		t.Errorf("with nothing new it moved %+v (%v)", moved, err)
	}
}

// reload puts another catalog into force: the example's with more entities.
func (o *office) reload(t *testing.T, more string) {
	t.Helper()
	example, err := app.Example()
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{"more.yaml": {Data: []byte(more)}}
	names, err := fs.Glob(example, "*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		b, err := fs.ReadFile(example, name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: b}
	}
	c, _, err := catalog.Load(files, ".", catalog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	snapshot, err := c.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if err := o.ledger.ActivateCatalog(t.Context(), c.Digest(), snapshot); err != nil {
		t.Fatal(err)
	}
	o.engine.catalog = c
	if err := o.CatalogChanged(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestANewCatalogIsHeldAgainstWhatIsScheduled(t *testing.T) {
	o := open(t)
	rec := o.schedule(t, "alice", "bob", "resource:orders-db-1")
	a, err := o.Declare(t.Context(), o.people["frank"], declaration("component:web-shop"))
	if err != nil || len(a.Hits) != 0 {
		t.Fatalf("%+v %v", a, err)
	}
	// It turns out that the database mirrors what the shop keeps in a cache, and is reached over it.
	o.reload(t, `
apiVersion: backstage.io/v1alpha1
kind: Resource
metadata: {name: shop-cache}
spec: {type: cache, owner: orders-team, dependsOn: [component:web-shop], dependencyOf: [resource:jump-host]}
`)
	got := o.get(t, rec.ID)
	if got.Status != change.Held || got.Footprint == nil || got.Findings[0].Other.By != a.Declaration.ID {
		t.Errorf("it is %s with %+v", got.Status, got.Findings)
	}
	decl, err := o.Declaration(t.Context(), a.Declaration.ID)
	if err != nil || decl.Revision != 2 || !slices.ContainsFunc(decl.Holds, func(h change.Hand) bool { return h.System == "resource:shop-cache" && h.Mode == change.Impact }) {
		t.Errorf("the declared maintenance holds %+v (%v)", decl.Holds, err)
	}
	o.reload(t, "")
	if got := o.get(t, rec.ID); got.Status != change.Scheduled || got.Footprint != nil {
		t.Errorf("with the old catalog again it is %s, its footprint %+v", got.Status, got.Footprint)
	}
}
