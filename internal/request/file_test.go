package request_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
	"github.com/changectl/changectl/internal/request"
)

const whole = `apiVersion: changectl.dev/v1
kind: Change
metadata: {title: 'PostgreSQL 15.20 on the orders pair'}
spec:
  type: emergency
  reason: Security release 15.20
  runbook: github:acme/books//pg.yaml@0a1b2c
  parameters:
    primary: resource:orders-db-1
    version: 15.20
    build: 0123
    big: 9007199254740993
    retries: 3
    online: true
    word: "true"
    day: 2027-03-06
    members: [resource:a, 2, 1.50, {deep: [no]}]
  window: {start: 2027-03-06T23:00, duration: 90m, zone: Europe/Berlin}
  controller: Dave
  exceptions: [frz-3, FRZ-4]
`

func TestAFileBecomesARequest(t *testing.T) {
	got, _, err := request.Parse("c.yaml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	want := change.Request{
		Title: "PostgreSQL 15.20 on the orders pair", Type: change.Emergency, Reason: "Security release 15.20",
		Runbook: "github:acme/books//pg.yaml@0a1b2c",
		Parameters: map[string]any{
			"primary": "resource:orders-db-1", "version": "15.20", "build": "0123", "big": "9007199254740993",
			"retries": int64(3), "online": true, "word": "true", "day": "2027-03-06",
			"members": []any{"resource:a", int64(2), "1.50", map[string]any{"deep": []any{"no"}}},
		},
		Window:     change.WindowRequest{Start: "2027-03-06T23:00", Duration: "90m", Zone: "Europe/Berlin"},
		Controller: "user:dave", Exceptions: []change.ID{"FRZ-3", "FRZ-4"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheTypeIsNormalWhereNoneIsGiven(t *testing.T) {
	plain := strings.NewReplacer("  type: emergency\n", "", "  controller: Dave\n", "").Replace(whole)
	got, _, err := request.Parse("c.yaml", []byte(plain))
	if err != nil || got.Type != change.Normal {
		t.Errorf("got %q, %v", got.Type, err)
	}
}

// Who looks for a slot need not know when it begins, nor, when only the time is asked
// for, why.
func TestWhatIsLookedForNeedNotBeThere(t *testing.T) {
	const file = "apiVersion: changectl.dev/v1\nkind: Change\nspec:\n  runbook: b\n  window: {duration: 90m, zone: Europe/Berlin}\n"
	missing := func(may request.Missing, from string) string {
		_, _, err := request.ParseWithout("c.yaml", []byte(from), may)
		var fields []string
		for _, p := range document.Problems(err) {
			fields = append(fields, p.Path)
		}
		return strings.Join(fields, " ")
	}
	for name, tt := range map[string]struct {
		may        request.Missing
		file, want string
	}{
		"nothing may":       {request.Missing{}, file, "metadata.title spec.reason spec.window.start"},
		"start":             {request.Missing{Start: true}, file, "metadata.title spec.reason"},
		"words":             {request.Missing{Words: true}, file, "spec.window.start"},
		"both":              {request.Missing{Start: true, Words: true}, file, ""},
		"an end alone":      {request.Missing{Start: true, Words: true}, strings.Replace(file, "duration: 90m", "end: e", 1), "spec.window.start"},
		"no length":         {request.Missing{Start: true, Words: true}, strings.Replace(file, "duration: 90m, ", "", 1), "spec.window"},
		"never the runbook": {request.Missing{Start: true, Words: true}, strings.Replace(file, "  runbook: b\n", "", 1), "spec.runbook"},
	} {
		if got := missing(tt.may, tt.file); got != tt.want {
			t.Errorf("%s: missing is %q, want %q", name, got, tt.want)
		}
	}
	if _, err := request.FromFlagsWithout(request.Flags{Runbook: "b", Duration: "90m"}, request.Missing{Start: true, Words: true}); err != nil {
		t.Errorf("flags: %v", err)
	}
}

func TestEveryProblemOfAFileHasItsPlace(t *testing.T) {
	const plain = "apiVersion: changectl.dev/v1\nkind: Change\nmetadata: {title: t}\nspec:\n  reason: r\n  runbook: b\n  window: {start: s, end: e}\n"
	edit := func(before, after string) string { return strings.Replace(plain, before, after, 1) }
	tests := map[string]struct{ in, want string }{
		"nothing wrong": {plain, ""},
		"unknown key":   {edit("reason: r", "reason: r\n  raeson: r"), "c.yaml:6:3: spec.raeson: is not a key here; expected one of controller, exceptions, parameters, reason, runbook, type, window"},
		"other kind":    {edit("Change", "Runbook") + "more: x\n", `c.yaml:2:7: kind: is the text "Runbook"; expected Change`},
		"other version": {edit("v1", "v2"), `c.yaml:1:13: apiVersion: is the text "changectl.dev/v2"; expected changectl.dev/v1`},
		"no version":    {edit("apiVersion: changectl.dev/v1\n", ""), "c.yaml:1:1: apiVersion: is missing; write apiVersion: changectl.dev/v1"},
		"no title":      {edit("{title: t}", "{}"), "c.yaml:3:11: metadata.title: is missing; say in a line what is done, such as 'PostgreSQL 15.20 on the orders pair'"},
		"long title":    {edit("title: t", "title: "+strings.Repeat("ü", 121)), "c.yaml:3:19: metadata.title: is 121 characters long; at most 120 fit where it is shown, and the rest belongs to the reason"},
		"title, lines":  {edit("title: t", `title: "a\nb"`), "c.yaml:3:19: metadata.title: holds a line break or another control character; expected one line"},
		"title, list":   {edit("title: t", "title: [t]"), "c.yaml:3:19: metadata.title: is a list; expected text"},
		"blank reason":  {edit("reason: r", "reason: ' '"), "c.yaml:5:11: spec.reason: is missing; say why it is done; it is kept in the log"},
		"empty reason":  {edit("reason: r", "reason:"), "c.yaml:5:10: spec.reason: is missing; say why it is done; it is kept in the log"},
		"no runbook":    {edit("  runbook: b\n", ""), "c.yaml:5:3: spec.runbook: is missing; name one; changectl runbook list shows them"},
		"unknown type":  {edit("reason: r", "reason: r\n  type: urgent"), `c.yaml:6:9: spec.type: is "urgent"; expected standard, normal or emergency`},
		"no start":      {edit("start: s, ", ""), "c.yaml:7:11: spec.window.start: is missing; write a local time such as '2027-03-06T23:00'"},
		"no length":     {edit(", end: e", ""), "c.yaml:7:11: spec.window: has neither end nor duration; give one of them, such as duration 90m"},
		"two lengths":   {edit("end: e", "end: e, duration: 90m"), "c.yaml:7:40: spec.window.duration: is given besides an end; keep one of them"},
		"no duration":   {edit("end: e", "duration: 90"), `c.yaml:7:32: spec.window.duration: "90" is not a duration; write for example 90s, 15m or 1h30m`},
		"backwards":     {edit("end: e", "duration: -5m"), "c.yaml:7:32: spec.window.duration: is -5m0s; expected a second or more"},
		"no window": {edit("  window: {start: s, end: e}\n", ""), "c.yaml:5:3: spec.window.start: is missing; write a local time such as '2027-03-06T23:00'\n" +
			"c.yaml:5:3: spec.window: has neither end nor duration; give one of them, such as duration 90m"},
		"window, text":      {edit("{start: s, end: e}", "tonight"), `c.yaml:7:11: spec.window: is the text "tonight"; expected a mapping with the keys duration, end, start, zone`},
		"controller":        {edit("reason: r", "reason: r\n  controller: user:dave"), "c.yaml:6:15: spec.controller: is given for a change of type normal; only an emergency has a controller"},
		"no person":         {edit("reason: r", "reason: r\n  type: emergency\n  controller: group:dba"), `c.yaml:7:15: spec.controller: is "group:dba"; name the person in charge, such as user:dave`},
		"no freeze":         {edit("reason: r", "reason: r\n  exceptions: [CHG-3]"), `c.yaml:6:16: spec.exceptions[0]: "CHG-3" is not the ID of a freeze; it looks like FRZ-2 (changectl freeze list shows them)`},
		"freeze, twice":     {edit("reason: r", "reason: r\n  exceptions: [FRZ-3, frz-3]"), "c.yaml:6:23: spec.exceptions[1]: names FRZ-3 a second time; once is enough"},
		"exceptions, ID":    {edit("reason: r", "reason: r\n  exceptions: FRZ-3"), `c.yaml:6:15: spec.exceptions: is the text "FRZ-3"; expected a list`},
		"empty parameter":   {edit("reason: r", "reason: r\n  parameters: {standby: , primary: x, list: [a, ~]}"), "c.yaml:6:25: spec.parameters.standby: is empty; give a value, or leave the parameter out\nc.yaml:6:49: spec.parameters.list: is empty; give a value, or leave the parameter out"},
		"parameters, list":  {edit("reason: r", "reason: r\n  parameters: [a]"), "c.yaml:6:15: spec.parameters: is a list; expected a mapping"},
		"duplicate":         {edit("reason: r", "reason: r\n  reason: s"), "c.yaml:6:3: spec.reason: is given twice; the first is on line 5"},
		"alias":             {edit("reason: r", "reason: &r r\n  type: *r"), "c.yaml:5:11: spec.reason: YAML anchors and aliases are not read; write the value out\nc.yaml:6:9: spec.type: YAML anchors and aliases are not read; write the value out"},
		"a list":            {"- a\n", "c.yaml:1:1: is a list; expected a mapping with the keys apiVersion, kind, metadata, spec"},
		"nothing":           {"", "c.yaml:1:1: holds 0 YAML documents; expected exactly one"},
		"two":               {plain + "---\n" + plain, "c.yaml:1:1: holds 2 YAML documents; expected exactly one"},
		"over 256 KiB":      {plain + "#" + strings.Repeat("x", 256<<10), "c.yaml: is 262268 bytes; at most 262144 (256 KiB) are read, so split it"},
		"several, in order": {edit("reason: r", "raeson: r") + "kidn: x\n", "c.yaml:5:3: spec.raeson: is not a key here; expected one of controller, exceptions, parameters, reason, runbook, type, window\nc.yaml:5:3: spec.reason: is missing; say why it is done; it is kept in the log\nc.yaml:8:1: kidn: is not a key here; expected one of apiVersion, kind, metadata, spec"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, _, err := request.Parse("c.yaml", []byte(tt.in))
			got := ""
			if err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if lines := strings.Count(tt.want, "c.yaml:"); lines != len(document.Problems(err)) {
				t.Errorf("%d problems, want %d", len(document.Problems(err)), lines)
			}
		})
	}
}
