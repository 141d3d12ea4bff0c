package runbook_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
	"github.com/changectl/changectl/internal/runbook"
)

func good(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("testdata/good.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// edited is the good runbook with one thing changed.
func edited(t *testing.T, from, to string) string {
	t.Helper()
	text := good(t)
	out := strings.Replace(text, from, to, 1)
	if out == text && from != to {
		t.Fatalf("the good runbook has no %q", from)
	}
	return out
}

func TestProblemsOfARunbookHaveTheirPlace(t *testing.T) {
	tests := map[string]struct{ from, to, want string }{
		"another kind of file":      {"kind: Runbook", "kind: Change", `r.yaml:2:7: kind: is "Change"; expected Runbook`},
		"another version":           {"changectl.dev/v1", "changectl.dev/v2", `r.yaml:1:13: apiVersion: is "changectl.dev/v2"; expected changectl.dev/v1`},
		"a name in capitals":        {"name: good", "name: Good", `r.yaml:3:18: metadata.name: "Good" is not a name; expected lower-case words`},
		"an owner that owns not":    {"owner: group:dba", "owner: resource:db-1", "r.yaml:3:50: metadata.owner: resource:db-1 cannot stand here; expected group:NAME or user:NAME"},
		"unknown key":               {"title: A good one", "titel: A good one", "r.yaml:3:24: metadata.titel: is not a key here; expected one of description, name, owner, title"},
		"unknown key of a step":     {"phase: preflight", "phaze: preflight", "r.yaml:18:7: spec.steps[0].phaze: is not a key here; expected one of checklist, done-when,"},
		"unknown key of arguments":  {"argv: [echo, hello]", "argv: [echo], comand: x", "r.yaml:24:69: spec.steps[1].with.comand: is not a key here; expected one of argv, dir, env, expect, output-limit, shell, system"},
		"unknown key of an undo":    {"undo: {uses: sql,", "undo: {using: sql,", "r.yaml:31:14: spec.steps[2].undo.using: is not a key here; expected one of done-when, expected, idempotent, retry, timeout, uses, with"},
		"undo with an unknown kind": {"undo: {uses: sql,", "undo: {uses: slq,", `r.yaml:31:20: spec.steps[2].undo.uses: "slq" is not a kind of step; expected one of activity, command, http, notify, sign-off, sql, wait`},
		"undo: key of arguments":    {"query: 'RESUME x'", "qery: 'RESUME x'", "r.yaml:31:72: spec.steps[2].undo.with.qery: is not a key here; expected one of args, console"},
		"unknown kind":              {"uses: command", "uses: comand", `r.yaml:24:39: spec.steps[1].uses: "comand" is not a kind of step; expected one of activity, command,`},
		"missing argument":          {"query: select 1 as one, ", "", "r.yaml:20:13: spec.steps[0].with.query: is missing"},
		"ill-typed argument":        {"console: true", "console: 'on'", `r.yaml:28:48: spec.steps[2].with.console: is the text "on"; expected true or false`},
		"argv and shell":            {"argv: [echo, hello]", "argv: [echo], shell: echo", "r.yaml:24:54: spec.steps[1].with: expected exactly one of argv"},
		"neither argv nor shell":    {"argv: [echo, hello]", "dir: /tmp", "r.yaml:24:54: spec.steps[1].with: expected exactly one of argv"},
		"a parameter in a shell":    {"argv: [echo, hello]", "shell: 'echo ${{ parameters.size }}'", "spec.steps[1].with.shell: holds an expression; give the value as env"},
		"console with args":         {"query: 'PAUSE x'", "query: 'PAUSE x', args: [1]", "spec.steps[2].with.args: are given to PgBouncer's console, which takes none"},
		"for and until":             {"{for: '${{ parameters.pause }}'}", "{for: 1s, until: {uses: sql, with: {system: 'resource:pool', query: x}}}", "r.yaml:36:13: spec.steps[3].with: expected exactly one of for"},
		"until with a wrong key":    {"{for: '${{ parameters.pause }}'}", "{until: {uses: sql, with: {system: 'resource:pool', qery: x}}}", "r.yaml:36:65: spec.steps[3].with.until.with.qery: is not a key here"},
		"until a sign-off":          {"{for: '${{ parameters.pause }}'}", "{until: {uses: sign-off, with: {by: [group:a], text: x}}}", "spec.steps[3].with.until: cannot use sign-off"},
		"an address without host":   {"http://127.0.0.1/x", "127.0.0.1/x", `spec.steps[7].with.url: "127.0.0.1/x" is not an address`},
		"signed by a system":        {"by: [group:dba]", "by: [resource:db-1]", "spec.steps[4].with.by: resource:db-1 cannot sign; expected group:NAME or user:NAME"},
		"no expected":               {"      timeout: 10s\n      expected: 1s\n      idempotent", "      timeout: 10s\n      idempotent", "r.yaml:16:7: spec.steps[0].expected: is missing; expected the time that the step usually takes"},
		"no timeout":                {"      timeout: 10s\n", "", "r.yaml:16:7: spec.steps[0].timeout: is missing; expected a duration after which the step has failed"},
		"expected above timeout":    {"expected: 1s\n", "expected: 11s\n", "r.yaml:22:17: spec.steps[0].expected: is 11s; expected 0s to the timeout, 10s"},
		"undo expected > timeout":   {"query: 'RESUME x'}", "query: 'RESUME x'}, expected: 11s", "spec.steps[2].undo.expected: is 11s; expected 0s to the timeout, 10s"},
		"bad duration":              {"timeout: 10s", "timeout: soon", `r.yaml:21:16: spec.steps[0].timeout: "soon" is not a duration`},
		"duplicate name":            {"name: say", "name: look", `r.yaml:24:14: spec.steps[1].name: "look" is already the name of step 1; every step needs its own`},
		"a name with spaces":        {"name: say", "name: say it", `r.yaml:24:14: spec.steps[1].name: "say it" is not a name`},
		"unknown phase":             {"phase: preflight", "phase: first", `r.yaml:18:14: spec.steps[0].phase: "first" is not a phase; expected one of preflight, failover, patch, validate, failback`},
		"unknown on-failure":        {"when: parameters.careful", "on-failure: stop", `spec.steps[1].on-failure: is "stop"; expected hold or back-out`},
		"unknown at-cutoff":         {"  steps:\n", "  at-cutoff: stop\n  steps:\n", `spec.at-cutoff: is "stop"; expected back-out, hold or continue`},
		"a margin below zero":       {"  steps:\n", "  margin: -1s\n  steps:\n", "spec.margin: is -1s; expected 0s or more"},
		"unknown parameter":         {"parameters.target }}', query", "parameters.tarqet }}', query", `r.yaml:20:22: spec.steps[0].with.system: "parameters.tarqet": there is no parameter "tarqet"; known are target, other, count`},
		"parameter typo in when":    {"when: parameters.careful", "when: 'parameters[\"carful\"]'", `spec.steps[1].when: "parameters[\"carful\"]": there is no parameter "carful"`},
		"parameter typo in title":   {"Look at ${{ parameters.target", "Look at ${{ parameters.versoin", `r.yaml:17:14: spec.steps[0].title: "parameters.versoin": there is no parameter "versoin"`},
		"unknown variable":          {"expect: row.one == 1", "expect: rov.one == 1", `r.yaml:20:82: spec.steps[0].with.expect: "rov.one == 1", character 1: undeclared reference to 'rov' (did you mean 'row'?); known here are change, count, parameters, row, rows, steps, systems`},
		"CEL that does not parse":   {"expect: row.one == 1", "expect: row.one ==", "spec.steps[0].with.expect: \"row.one ==\", character 11: Syntax error"},
		"a condition of a number":   {"expect: row.one == 1", "expect: count + 1", `spec.steps[0].with.expect: "count + 1" is no condition`},
		"another kind's variable":   {"expect: row.one == 1", "expect: exit == 0", "undeclared reference to 'exit'"},
		"a secret in a condition":   {"expect: row.one == 1", "expect: secrets.a == row.b", "undeclared reference to 'secrets'"},
		"braces in a condition":     {"when: parameters.careful", "when: '${{ parameters.careful }}'", "spec.steps[1].when: is a condition as a whole; write it without ${{ }}"},
		"a later step":              {"argv: [echo, hello]", "argv: [echo, '${{ steps.hold.output }}']", `r.yaml:24:68: spec.steps[1].with.argv[1]: "steps.hold.output": step "hold" comes later or is this one`},
		"the step itself":           {"argv: [echo, hello]", "argv: [echo, '${{ steps.say.output }}']", `step "say" comes later or is this one`},
		"a later step in when":      {"when: parameters.careful", "when: steps.hold.outcome == 'passed'", `spec.steps[1].when: "steps.hold.outcome == 'passed'": step "hold" comes later`},
		"no such step":              {"steps.say.values", "steps.sya.values", `there is no step "sya"; earlier ones are look, say, hold, pause, sign`},
		"no such field of a step":   {"steps.say.values", "steps.say.value", `a step has no "value"; known are outcome, output, values`},
		"no such field of a change": {"change.id", "change.number", `a change has no "number"; known are id, reason, revision`},
		"a step with dashes":        {"steps.say.values", "steps.say-it.values", "a name with dashes is written steps['say-it']"},
		"steps out of sight":        {"steps.say.values", "steps[parameters.size].values", "steps must be named in plain sight: steps['NAME']"},
		"secrets out of sight":      {"argv: [echo, hello]", "argv: [echo, '${{ secrets[parameters.size] }}']", "secrets must be named in plain sight: secrets['NAME']"},
		"an output in a title":      {"phase: validate, uses: http", "title: 'x ${{ steps.say.output }}', phase: validate, uses: http", "is known only when the change runs; expected parameters and systems alone"},
		"not closed":                {"parameters.target }}', query", "parameters.target', query", "r.yaml:20:22: spec.steps[0].with.system: ${{ parameters.target is not closed; expected }}"},
		"unknown type":              {"type: int", "type: integer", `r.yaml:8:19: spec.parameters.count.type: "integer" is not a type; expected one of string, int, bool, duration, system, list`},
		"list of nothing":           {"of: string, ", "", "spec.parameters.members.of: belongs to a list"},
		"role of a number":          {"type: int", "type: int, role: touch", `spec.parameters.count.role: "touch" does not fit`},
		"bad pattern":               {`15\.[0-9]+`, `15\.[0-9`, "r.yaml:10:38: spec.parameters.version.pattern: is not a regular expression"},
		"default outside of max":    {"default: 2", "default: 7", "r.yaml:8:33: spec.parameters.count.default: is the number 7; expected at most 5"},
		"default against pattern":   {"default: 15.20", "default: 16.1", `spec.parameters.version.default: is the text "16.1"; expected text that matches 15\.[0-9]+`},
		"a parameter with a dash":   {"    count:", "    the-count:", `spec.parameters.the-count: "the-count" is not a name for a parameter`},
		"observes nothing":          {"observes: [component:shop]", "observes: [shop]", `r.yaml:14:14: spec.observes[0]: "shop" is not a reference to a system`},
		"duplicate key":             {"metadata: {name: good,", "metadata: {name: a, name: good,", "r.yaml:3:21: metadata.name: is given twice"},
		"alias":                     {"default: [a, b]", "default: &a [a, *a]", "YAML anchors and aliases are not read"},
		"10,000 levels":             {"default: [a, b]", "default: " + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), "is nested deeper than 64 levels"},
		"200 kB of brackets":        {"default: [a, b]", "default: " + strings.Repeat("[", 200_000), "is nested deeper than 64 levels"},
		"over 256 KiB":              {"title: A good one", "title: " + strings.Repeat("x", 256<<10), "at most 262144 (256 KiB) are read, so split it"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := runbook.Parse("r.yaml", []byte(edited(t, tt.from, tt.to)))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
			if len(document.Problems(err)) == 0 {
				t.Error("it holds no problem with a place")
			}
		})
	}
}

func TestAllProblemsAreReportedAtOnce(t *testing.T) {
	text := edited(t, "uses: command", "uses: comand")
	text = strings.Replace(text, "expect: row.one == 1", "expect: rov.one == 1", 1)
	text = strings.Replace(text, "phase: preflight", "phase: first", 1)
	_, err := runbook.Parse("r.yaml", []byte(text))
	if n := len(document.Problems(err)); n != 3 {
		t.Errorf("%d problems, want 3: %v", n, err)
	}
}

func TestStepsAreCounted(t *testing.T) {
	text := func(n int) []byte {
		var b strings.Builder
		b.WriteString("apiVersion: changectl.dev/v1\nkind: Runbook\nmetadata: {name: many, title: Many, owner: group:dba}\nspec:\n  steps:")
		for i := range n {
			fmt.Fprintf(&b, "\n  - {name: step-%d, phase: patch, uses: wait, with: {for: 0s}, timeout: 1s}", i)
		}
		if n == 0 {
			b.WriteString(" []")
		}
		return []byte(b.String())
	}
	for n, want := range map[int]string{0: "is empty; expected at least one step", 1: "", 200: "", 201: "holds 201 steps; expected at most 200"} {
		_, err := runbook.Parse("r.yaml", text(n))
		if (err == nil) != (want == "") || (err != nil && !strings.Contains(err.Error(), want)) {
			t.Errorf("%d steps: %v, want %q", n, err, want)
		}
	}
}

func TestProblemsOfParametersNameTheirField(t *testing.T) {
	tests := map[string]struct {
		parameters map[string]any
		want       string
		kind       change.Kind
	}{
		"missing":              {nil, "spec.parameters.target: is missing; expected a system, for example resource:orders-db-1", change.KindInvalid},
		"unknown":              {map[string]any{"target": "resource:db-1", "tarqet": 1}, "spec.parameters.tarqet: is not a parameter of runbook good; expected one of target, other, count,", change.KindInvalid},
		"no reference":         {map[string]any{"target": "db-1"}, `spec.parameters.target: "db-1" is not a reference to a system; write kind:name`, change.KindInvalid},
		"unknown system":       {map[string]any{"target": "resource:db-9"}, "spec.parameters.target: there is no resource:db-9 in the catalog", change.KindNotFound},
		"number for a system":  {map[string]any{"target": int64(3)}, "spec.parameters.target: is the number 3; expected a system", change.KindInvalid},
		"text for a number":    {map[string]any{"target": "resource:db-1", "count": "few"}, `spec.parameters.count: is the text "few"; expected a whole number`, change.KindInvalid},
		"half a number":        {map[string]any{"target": "resource:db-1", "count": 1.5}, "spec.parameters.count: is the number 1.5; expected a whole number", change.KindInvalid},
		"too small":            {map[string]any{"target": "resource:db-1", "count": 0}, "spec.parameters.count: is the number 0; expected at least 1", change.KindInvalid},
		"too large":            {map[string]any{"target": "resource:db-1", "count": 6}, "spec.parameters.count: is the number 6; expected at most 5", change.KindInvalid},
		"none of the choices":  {map[string]any{"target": "resource:db-1", "size": "huge"}, `spec.parameters.size: is the text "huge"; expected one of small, large`, change.KindInvalid},
		"bad pattern":          {map[string]any{"target": "resource:db-1", "version": "16.1"}, `spec.parameters.version: is the text "16.1"; expected text that matches 15\.[0-9]+`, change.KindInvalid},
		"pattern in the midst": {map[string]any{"target": "resource:db-1", "version": "15.1\n; rm -r /"}, "expected text that matches", change.KindInvalid},
		"number for text":      {map[string]any{"target": "resource:db-1", "version": 15.2}, "spec.parameters.version: is the number 15.2; expected text, in quotes where it looks like something else: '15.2'", change.KindInvalid},
		"no duration":          {map[string]any{"target": "resource:db-1", "pause": "long"}, `spec.parameters.pause: is the text "long"; expected a duration`, change.KindInvalid},
		"too long":             {map[string]any{"target": "resource:db-1", "pause": "11m"}, `spec.parameters.pause: is the text "11m0s"; expected at most 10m`, change.KindInvalid},
		"no boolean":           {map[string]any{"target": "resource:db-1", "careful": "yes"}, `spec.parameters.careful: is the text "yes"; expected true or false`, change.KindInvalid},
		"no list":              {map[string]any{"target": "resource:db-1", "members": "a"}, `spec.parameters.members: is the text "a"; expected a list of string`, change.KindInvalid},
		"bad element":          {map[string]any{"target": "resource:db-1", "members": []any{"a", true}}, "spec.parameters.members: element 2 is the boolean true; expected text", change.KindInvalid},
		"list too long":        {map[string]any{"target": "resource:db-1", "members": []any{"a", "b", "c", "d"}}, "spec.parameters.members: is a list of 4; expected at most 3 elements", change.KindInvalid},
		"an expression":        {map[string]any{"target": "resource:db-1", "members": []any{"${{ secrets.key }}"}}, "a parameter is a value, never an expression", change.KindInvalid},
	}
	r, err := runbook.Parse("r.yaml", []byte(good(t)))
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := r.Compile(input(tt.parameters))
			if err == nil || !strings.Contains(err.Error(), tt.want) || change.KindOf(err) != tt.kind {
				t.Errorf("got  %s %v\nwant %s %s", change.KindOf(err), err, tt.kind, tt.want)
			}
		})
	}
}

func TestEveryBadParameterIsReported(t *testing.T) {
	r, err := runbook.Parse("r.yaml", []byte(good(t)))
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Compile(input(map[string]any{"count": "few", "size": "huge", "nope": 1}))
	for _, field := range []string{"target", "count", "size", "nope"} {
		if err == nil || !strings.Contains(err.Error(), "spec.parameters."+field+":") {
			t.Errorf("%s is not among them: %v", field, err)
		}
	}
}

func TestProblemsThatAppearWithTheValues(t *testing.T) {
	tests := map[string]struct{ from, to, want string }{
		"a system beside the targets": {"system: 'resource:pool', console: true, query: 'PAUSE x'", "system: 'resource:db-2', query: x", "r.yaml:28:22: spec.steps[2].with.system: resource:db-2 is none of the systems of this change"},
		"a system without endpoint":   {"system: 'resource:pool', console: true, query: 'PAUSE x'", "system: 'component:shop', query: x", "the catalog does not say how to reach component:shop: it has no endpoint postgresql; add the annotation changectl.dev/endpoint.postgresql"},
		"a list inside a text":        {"argv: [echo, hello]", "argv: ['echo ${{ parameters.members }}']", "is a list; only a text, number or boolean can stand inside a text"},
		"a list for a number":         {"      timeout: 10s", "      retry: {attempts: 3}\n      timeout: 10s", ""},
		"a boolean for a duration":    {"{for: '${{ parameters.pause }}'}", "{for: '${{ parameters.careful }}'}", `r.yaml:36:19: spec.steps[3].with.for: "true" is not a duration`},
		"an output for a duration":    {"{for: '${{ parameters.pause }}'}", "{for: '${{ steps.say.output }}'}", "is not a duration"},
		"a system named too late":     {"system: '${{ parameters.target }}'", "system: '${{ change.title }}'", "depends on what is known only at run time"},
		"longer than its timeout":     {"timeout: 10m\n      expected: 2m", "timeout: 1m", "r.yaml:37:16: spec.steps[3].timeout: is 1m0s; expected at least 1m30s, the time that the step takes"},
		"an unknown endpoint":         {"argv: [echo, hello]", "argv: [echo, '${{ systems[parameters.target].endpoints.nope }}']", "no such key: nope"},
		"an unknown observed system":  {"observes: [resource:pool]", "observes: [resource:nope]", "r.yaml:32:18: spec.steps[2].observes[0]: resource:nope: there is no resource:nope in the catalog"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r, err := runbook.Parse("r.yaml", []byte(edited(t, tt.from, tt.to)))
			if err != nil {
				t.Fatal(err)
			}
			_, err = r.Compile(input(map[string]any{"target": "resource:db-1"}))
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
			var e *change.Error
			if !errors.As(err, &e) {
				t.Errorf("%T is not an error of ours", err)
			}
		})
	}
}

func TestInfo(t *testing.T) {
	r, err := runbook.Parse("r.yaml", []byte(good(t)))
	if err != nil {
		t.Fatal(err)
	}
	info := r.Info()
	want := runbook.Info{
		Name: "good", Title: "A good one", Owner: "group:dba", Digest: info.Digest,
		Parameters: []runbook.ParameterInfo{
			{Name: "target", Type: "system", Required: true},
			{Name: "other", Type: "system"},
			{Name: "count", Type: "int", Default: int64(2)},
			{Name: "size", Type: "string", Default: "small"},
			{Name: "version", Type: "string", Pattern: `15\.[0-9]+`, Default: "15.20"},
			{Name: "pause", Type: "duration", Default: "1m30s"},
			{Name: "careful", Type: "bool", Default: true},
			{Name: "members", Type: "list(string)", Default: []any{"a", "b"}},
		},
		Steps: []runbook.StepInfo{{Name: "look", Title: "Look at ${{ parameters.target }}", Phase: change.Preflight, Uses: "sql"}},
	}
	info.Steps = info.Steps[:1]
	if diff := cmp.Diff(want, info); diff != "" {
		t.Error(diff)
	}
}
