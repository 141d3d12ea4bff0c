package runbook_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/runbook"
)

func someScope(handedOut *[]string) runbook.Scope {
	return runbook.Scope{
		// As a plan that was read back from JSON holds them.
		Parameters: map[string]any{"n": float64(2), "name": "x", "list": []any{"a", "b"}, "evil": "${{ secrets.key }}", "dollar": "$"},
		Systems:    map[string]change.System{"resource:db-1": {Ref: "resource:db-1", Tier: 1, Endpoints: map[string]string{"node": "n1"}}},
		Steps: map[string]runbook.StepView{
			"look":     {Outcome: change.Passed, Output: "text", Values: json.RawMessage(`{"row":{"lag":5,"share":0.5,"who":"${{ secrets.key }}"}}`)},
			"say-it":   {Outcome: change.Skipped},
			"not-here": {},
		},
		Secrets: func(name string) (string, error) {
			if name == "none" {
				return "", change.NotFound("there is no secret none")
			}
			*handedOut = append(*handedOut, name)
			return "s3cret", nil
		},
		Change: runbook.ChangeView{ID: "CHG-7", Revision: 2, Title: "T"},
	}
}

func TestExpand(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"nothing to do":          {`{"a":"b"}`, `{"a":"b"}`},
		"a number stays one":     {`{"a":"${{ parameters.n + 1 }}"}`, `{"a":3}`},
		"a number from a step":   {`{"a":"${{ steps.look.values.row.lag + 1 }}"}`, `{"a":6}`},
		"a list stays one":       {`{"a":"${{ parameters.list }}"}`, `{"a":["a","b"]}`},
		"inside a text":          {`{"a":"<${{ parameters.n }}|${{ parameters.name }}>"}`, `{"a":"<2|x>"}`},
		"fractions":              {`["${{ steps.look.values.row.share }}","${{ steps.look.values.row.share }}!"]`, `[0.5,"0.5!"]`},
		"deep":                   {`{"a":[{"b":"${{ parameters.name }}"}]}`, `{"a":[{"b":"x"}]}`},
		"a name with dashes":     {`["${{ steps['say-it'].outcome }}"]`, `["skipped"]`},
		"a step without values":  {`["${{ steps['say-it'].values }}"]`, `[{}]`},
		"a step that is missing": {`["${{ has(steps.other) ? 1 : 2 }}"]`, `[2]`},
		"a system":               {`["${{ systems['resource:db-1'].endpoints.node }}"]`, `["n1"]`},
		"the change":             {`["${{ change.id }} r${{ change.revision }}"]`, `["CHG-7 r2"]`},
		"braces":                 {`["${{ {'a': {'b': 1}} }}"]`, `[{"a":{"b":1}}]`},
		"braces in quotes":       {`["${{ '}}' + \"}}\" }}"]`, `["}}}}"]`},
		"an escaped quote":       {`["${{ 'it\\'s }}' }}"]`, `["it's }}"]`},
		"markup stays":           {`["<&>","${{ '<&>' }}"]`, `["<&>","<&>"]`},
		"a secret":               {`["${{ secrets.key }}"]`, `["s3cret"]`},
		"an output is no code":   {`["${{ steps.look.values.row.who }}","x ${{ steps.look.values.row.who }}"]`, `["${{ secrets.key }}","x ${{ secrets.key }}"]`},
		"text functions":         {`["${{ parameters.name.upperAscii() }}"]`, `["X"]`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var handedOut []string
			got, err := runbook.Expand(json.RawMessage(tt.in), someScope(&handedOut))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Error(diff)
			}
			if want := strings.Contains(tt.in, "secrets."); want != slices.Contains(handedOut, "key") {
				t.Errorf("secrets handed out: %v", handedOut)
			}
		})
	}
}

func TestExpandRefuses(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"a key that is not there": {`["${{ steps.look.values.nope }}"]`, `"steps.look.values.nope": no such key: nope`},
		"a step that did not run": {`["${{ steps.other.output }}"]`, "no such key: other"},
		"a list inside a text":    {`["x ${{ parameters.list }}"]`, "is a list; only a text, number or boolean can stand inside a text"},
		"null inside a text":      {`["x ${{ null }}"]`, "is null"},
		"no CEL":                  {`["${{ 1 + }}"]`, "Syntax error"},
		"nothing":                 {`["${{ }}"]`, "an expression is empty"},
		"no end":                  {`["${{ 1"]`, "is not closed"},
		"endless work":            {`["${{ [1,2,3,4,5,6,7,8,9,10].all(a, [1,2,3,4,5,6,7,8,9,10].all(b, [1,2,3,4,5,6,7,8,9,10].all(c, [1,2,3,4,5,6,7,8,9,10].all(d, [1,2,3,4,5,6,7,8,9,10].all(e, [1,2,3,4,5,6,7,8,9,10].all(f, a+b+c+d+e+f > 0)))))) }}"]`, "units of work"},
		"not JSON":                {`{"a": "${{ 1 }}"`, "read the arguments of a step"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := runbook.Expand(json.RawMessage(tt.in), someScope(new([]string)))
			if err == nil || !strings.Contains(err.Error(), tt.want) || change.KindOf(err) != change.KindInvalid {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestWhatSecretsAnswersIsPassedOn(t *testing.T) {
	_, err := runbook.Expand(json.RawMessage(`["${{ secrets.none }}"]`), someScope(new([]string)))
	if change.KindOf(err) != change.KindNotFound {
		t.Errorf("got %v", err)
	}
	_, err = runbook.Expand(json.RawMessage(`["${{ secrets.key }}"]`), runbook.Scope{})
	if change.KindOf(err) != change.KindInvalid {
		t.Errorf("without secrets: %v", err)
	}
}

func TestCondition(t *testing.T) {
	vars := map[string]any{
		"row": map[string]any{"lag": int64(5), "share": 0.5, "name": "orders"}, "count": 1,
		"rows": []any{map[string]any{"name": "orders", "paused": "1"}, map[string]any{"name": "other", "paused": int64(0)}},
	}
	tests := map[string]struct {
		text string
		want bool
	}{
		"a row":               {"row.lag < 1048576", true},
		"a number of a kind":  {"row.share < 1", true},
		"any row":             {`rows.exists(r, r.name == "orders" && r.paused == "1")`, true},
		"text or number":      {"rows.all(r, string(r.paused) in ['0', '1'])", true},
		"count":               {"count == 2", false},
		"a parameter":         {"row.name == parameters.name", false},
		"a number from JSON":  {"row.lag == parameters.n + 3", true},
		"an earlier step":     {"steps.look.values.row.lag == row.lag && steps.look.outcome == 'passed'", true},
		"the change":          {"change.revision == 2", true},
		"a system":            {"systems['resource:db-1'].tier == 1", true},
		"what is not reached": {"count == 1 || row.nope", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := runbook.Condition(tt.text, someScope(new([]string)), vars)
			if err != nil || got != tt.want {
				t.Errorf("got %t, %v, want %t", got, err, tt.want)
			}
		})
	}
	for text, want := range map[string]string{
		"row.nope == 1": "no such key: nope", "row.name": "yields orders; expected true or false",
		"rov.a": "undeclared reference to 'rov'", "count": "yields 1; expected true or false", "secrets.key == 'a'": "undeclared reference to 'secrets'",
	} {
		if _, err := runbook.Condition(text, someScope(new([]string)), vars); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

func TestDecode(t *testing.T) {
	tests := map[string]struct {
		kind, in string
		want     any
	}{
		"command": {"command", `{"argv":["a","b"],"env":{"A":"1"}}`, &runbook.Command{Argv: []string{"a", "b"}, Env: map[string]string{"A": "1"}, OutputLimit: 64 << 10, Expect: "exit == 0"}},
		"http":    {"http", `{"url":"http://h/","json":{"a":[1,1.5]}}`, &runbook.HTTP{Method: "GET", URL: "http://h/", JSON: map[string]any{"a": []any{int64(1), 1.5}}, Expect: "status >= 200 && status < 300", OutputLimit: 64 << 10}},
		"sql":     {"sql", `{"system":"resource:db-1","query":"x","args":[1,"15.20",null]}`, &runbook.SQL{System: "resource:db-1", Query: "x", Args: []any{int64(1), "15.20", nil}}},
		"wait":    {"wait", `{"for":"0s"}`, &runbook.Wait{For: new(change.Duration)}},
		"sign":    {"sign-off", `{"by":["group:dba"],"text":"All well?"}`, &runbook.SignOff{By: []change.Ref{"group:dba"}, Text: "All well?"}},
		"notify":  {"notify", `{"secret":"chat","message":"m"}`, &runbook.Notify{Secret: "chat", Message: "m"}},
		"own":     {"activity", `{"name":"A","task-queue":"q","heartbeat":"10s"}`, &runbook.Activity{Name: "A", TaskQueue: "q", Heartbeat: 10e9}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := runbook.Decode(tt.kind, json.RawMessage(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, any(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDecodeOfAWaitHoldsWhatItAsks(t *testing.T) {
	got, err := runbook.Decode("wait", json.RawMessage(`{"until":{"uses":"sql","with":{"system":"resource:db-1","query":"x"}},"every":"20ms"}`))
	if err != nil {
		t.Fatal(err)
	}
	w, ok := got.(*runbook.Wait)
	if !ok || w.Until == nil || w.Every != 20e6 {
		t.Fatalf("got %#v", got)
	}
	k, err := runbook.Decode(w.Until.Uses, w.Until.With)
	if sql, ok := k.(*runbook.SQL); err != nil || !ok || sql.Query != "x" {
		t.Errorf("until: %#v, %v", k, err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for in, want := range map[string]string{
		`{"argv":["a"],"nope":1}`: "nope: is not a key here; expected one of argv",
		`{"argv":"a"}`:            `argv: is the text "a"; expected a list`,
		`{}`:                      "expected exactly one of argv",
		`not JSON`:                "decode JSON",
		`{"argv":["a"]}{}`:        "more than one value",
	} {
		_, err := runbook.Decode("command", json.RawMessage(in))
		var e *change.Error
		if !errors.As(err, &e) || e.Kind != change.KindInvalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", in, err, want)
		}
	}
	if _, err := runbook.Decode("comand", json.RawMessage(`{}`)); err == nil || !strings.Contains(err.Error(), "expected one of activity, command,") {
		t.Errorf("unknown kind: %v", err)
	}
}

func TestOnlyWhatCanBeTakenUpAgainIsResumable(t *testing.T) {
	want := map[string]bool{"command": false, "http": true, "sql": false, "wait": true, "sign-off": true, "notify": false, "activity": true}
	with := map[string]string{
		"command": `{"argv":["a"]}`, "http": `{"url":"http://h/"}`, "sql": `{"system":"resource:a","query":"x"}`, "wait": `{"for":"1s"}`,
		"sign-off": `{"by":["group:a"],"text":"x"}`, "notify": `{"secret":"a","message":"x"}`, "activity": `{"name":"a","task-queue":"q"}`,
	}
	for _, kind := range runbook.Kinds() {
		k, err := runbook.Decode(kind, json.RawMessage(with[kind]))
		if err != nil {
			t.Fatal(err)
		}
		if k.Resumable() != want[kind] {
			t.Errorf("%s: resumable %t", kind, k.Resumable())
		}
	}
	if k, err := runbook.Decode("http", json.RawMessage(`{"url":"http://h/","method":"post"}`)); err != nil || k.Resumable() {
		t.Errorf("a POST is sent again, %v", err)
	}
}

func BenchmarkCondition(b *testing.B) {
	scope := someScope(new([]string))
	vars := map[string]any{"row": map[string]any{"lag": int64(5)}, "rows": []any{}, "count": 1}
	for b.Loop() {
		if ok, err := runbook.Condition("row.lag < 1048576 && parameters.n == 2", scope, vars); !ok || err != nil {
			b.Fatal(err)
		}
	}
}
