package request_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
	"github.com/changectl/changectl/internal/request"
)

const freezeFile = `apiVersion: changectl.dev/v1
kind: Freeze
metadata: {title: Year end in the books}
spec:
  reason: The auditors are in
  owner: Finance
  scope: {systems: [orders-db-1], owners: [dba, user:carol], tiers: [1, 2], sites: [Husum], redundancy: [orders]}
  window: {start: '2027-12-20', end: '2028-01-03T06:00', zone: Europe/Berlin}
  recurrence: {start: '2027-12-20T18:00', rule: FREQ=DAILY, duration: 12h, zone: Europe/Berlin, except: ['2027-12-24']}
  exception-by: change-managers
`

var freeze = request.Freeze{
	Title: "Year end in the books", Reason: "The auditors are in", Owner: "group:finance", Exception: "group:change-managers",
	Scope: change.Scope{
		Systems: []change.Ref{"resource:orders-db-1"}, Owners: []change.Ref{"group:dba", "user:carol"},
		Tiers: []int{1, 2}, Sites: []string{"Husum"}, Redundancy: []string{"orders"},
	},
	Window: change.WindowRequest{Start: "2027-12-20T00:00", End: "2028-01-03T06:00", Zone: "Europe/Berlin"},
	Recurrence: &change.Recurrence{
		Start: "2027-12-20T18:00", Rule: "FREQ=DAILY", Duration: change.Duration(12 * time.Hour), Zone: "Europe/Berlin",
		Except: []string{"2027-12-24"},
	},
}

func flagsOfFreeze() request.FreezeFlags {
	return request.FreezeFlags{
		Title: " Year end in the books", Reason: "The auditors are in", Owner: "finance", From: "2027-12-20", To: "2028-01-03T06:00",
		Zone: "Europe/Berlin", Systems: []string{"orders-db-1"}, Owners: []string{"dba", "user:carol"}, Tiers: []int{1, 2},
		Sites: []string{"Husum"}, Redundancy: []string{"orders"}, Rule: "FREQ=DAILY", Every: "2027-12-20T18:00", Each: "12h",
		Except: []string{"2027-12-24"}, ExceptionBy: "change-managers",
	}
}

func TestAFreezeIsTheSameInAFileAndInFlags(t *testing.T) {
	file, _, err := request.ParseFreeze("f.yaml", []byte(freezeFile))
	if err != nil {
		t.Fatal(err)
	}
	flags, err := request.FreezeFromFlags(flagsOfFreeze())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(freeze, file); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(freeze, flags); diff != "" {
		t.Error(diff)
	}
}

func TestEveryProblemOfAFreezeHasItsPlace(t *testing.T) {
	edit := func(before, after string) string { return strings.Replace(freezeFile, before, after, 1) }
	for name, tt := range map[string]struct{ in, want string }{
		"other kind":    {edit("kind: Freeze", "kind: Change"), `f.yaml:2:7: kind: is the text "Change"; expected Freeze`},
		"no title":      {edit("{title: Year end in the books}", "{}"), "f.yaml:3:11: metadata.title: is missing; say in a line what it is, such as 'Year end in the books'"},
		"no reason":     {edit("  reason: The auditors are in\n", ""), "f.yaml:5:3: spec.reason: is missing; say why nobody may work; it is shown to whom it stops"},
		"no owner":      {edit("  owner: Finance\n", ""), "f.yaml:5:3: spec.owner: is missing; name the group that answers for the freeze, such as group:finance"},
		"no scope":      {edit("  scope: {systems: [orders-db-1], owners: [dba, user:carol], tiers: [1, 2], sites: [Husum], redundancy: [orders]}\n", ""), "f.yaml:5:3: spec.scope: is missing; say what is frozen, or write scope: {} for everything"},
		"scope, system": {edit("orders-db-1", "'a b'"), `f.yaml:7:21: spec.scope.systems[0]: is "a b"; expected a reference such as resource:orders-db-1`},
		"scope, tier":   {edit("tiers: [1, 2]", "tiers: [1, 0]"), "f.yaml:7:73: spec.scope.tiers[1]: is 0; tiers count from 1, the most critical"},
		"scope, key":    {edit("sites:", "stes:"), "f.yaml:7:77: spec.scope.stes: is not a key here; expected one of clusters, owners, redundancy, regions, sites, systems, tiers"},
		"no end":        {edit(", end: '2028-01-03T06:00'", ""), "f.yaml:8:11: spec.window: has neither end nor duration; give one of them, such as duration 90m"},
		"no rule time":  {edit("start: '2027-12-20T18:00', ", ""), "f.yaml:9:15: spec.recurrence.start: is missing"},
		"a person":      {edit("exception-by: change-managers", "exception-by: user:carol"), `f.yaml:10:17: spec.exception-by: is "user:carol"; expected a reference such as group:change-managers`},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := request.ParseFreeze("f.yaml", []byte(tt.in))
			got := ""
			if err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	if _, _, err := request.ParseFreeze("f.yaml", []byte(edit("{systems: [orders-db-1], owners: [dba, user:carol], tiers: [1, 2], sites: [Husum], redundancy: [orders]}", "{}"))); err != nil {
		t.Errorf("a freeze of everything that says so: %v", err)
	}
}

func TestEveryProblemOfAFreezeNamesItsFlag(t *testing.T) {
	for name, tt := range map[string]struct {
		edit func(*request.FreezeFlags)
		want string
	}{
		"title":      {func(f *request.FreezeFlags) { f.Title = "" }, "--title: is missing; say in a line what it is, such as 'Year end in the books'"},
		"start":      {func(f *request.FreezeFlags) { f.From = "" }, "--from: is missing; write a local time such as '2027-12-20T18:00'"},
		"length":     {func(f *request.FreezeFlags) { f.To = "" }, "--to, --duration: has neither end nor duration; give one of them, such as duration 90m"},
		"owned by":   {func(f *request.FreezeFlags) { f.Owners[1] = "!" }, `--owned-by: is "!"; expected a reference such as group:dba`},
		"unscoped":   {func(f *request.FreezeFlags) { *f = bare(*f) }, "--everything: is missing; say what is frozen with --systems, --owned-by, --tier, --site, --cluster, --region or --redundancy, or freeze all with --everything"},
		"everything": {func(f *request.FreezeFlags) { *f = bare(*f); f.Everything = true }, ""},
		"both":       {func(f *request.FreezeFlags) { f.Everything = true }, "--everything: is given besides a scope; keep one of them"},
		"half rule":  {func(f *request.FreezeFlags) { f.Every, f.Each = "", "" }, "--every-start: is missing; write the local start of the first time, such as 2027-01-01T12:00\n--every-duration: is missing; say how long it lasts each time, such as 60h"},
		"rule time":  {func(f *request.FreezeFlags) { f.Each = "long" }, `--every-duration: "long" is not a duration; write for example 90s, 15m or 1h30m`},
		"no rule":    {func(f *request.FreezeFlags) { f.Rule, f.Every, f.Each, f.Except = "", "", "", nil }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := flagsOfFreeze()
			tt.edit(&f)
			_, err := request.FreezeFromFlags(f)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func bare(f request.FreezeFlags) request.FreezeFlags {
	f.Systems, f.Owners, f.Tiers, f.Sites, f.Redundancy = nil, nil, nil, nil, nil
	return f
}

func TestAnAnswerAboutAFreezeIsTakenBackToItsPlace(t *testing.T) {
	_, doc, err := request.ParseFreeze("f.yaml", []byte(freezeFile))
	if err != nil {
		t.Fatal(err)
	}
	answer := errors.Join(
		change.Invalid("never fires").At("spec.recurrence.rule"),
		change.NotFound("there is no system").At("spec.scope.systems[0]"),
	)
	for d, want := range map[*document.Document]string{
		doc: "f.yaml:9:49: spec.recurrence.rule: never fires\nf.yaml:7:21: spec.scope.systems[0]: there is no system",
		nil: "--rule: never fires\n--systems: there is no system",
	} {
		if diff := cmp.Diff(want, request.LocateFreeze(d, answer).Error()); diff != "" {
			t.Error(diff)
		}
	}
}

func TestAFreezeIsToldInDays(t *testing.T) {
	fr, err := request.FreezeFromFlags(request.FreezeFlags{
		Title: "t", Reason: "r", Owner: "dba", From: "2027-12-20", To: "2028-01-03", Zone: "Europe/Berlin", Everything: true,
	})
	if err != nil || fr.Window.Start != "2027-12-20T00:00" || fr.Window.End != "2028-01-03T00:00" {
		t.Errorf("window %+v, %v", fr.Window, err)
	}
}
