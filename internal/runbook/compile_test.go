package runbook_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/runbook"
	"github.com/changectl/changectl/runbooks"
)

func compileGood(t *testing.T, parameters map[string]any) change.Plan {
	t.Helper()
	r, err := runbook.Parse("r.yaml", []byte(good(t)))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := r.Compile(input(parameters))
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestCompileFillsThePlan(t *testing.T) {
	plan := compileGood(t, map[string]any{"target": "Resource:default/DB-1", "count": "3", "pause": "2m"})
	want := map[string]any{
		"target": "resource:db-1", "count": int64(3), "size": "small", "version": "15.20", "pause": "2m0s",
		"careful": true, "members": []any{"a", "b"},
	}
	if diff := cmp.Diff(want, plan.Parameters); diff != "" {
		t.Error("parameters: " + diff)
	}
	var targets []change.Ref
	for _, s := range plan.Targets {
		targets = append(targets, s.Ref)
	}
	if diff := cmp.Diff([]change.Ref{"component:shop", "resource:db-1", "resource:pool"}, targets); diff != "" {
		t.Error("targets: " + diff)
	}
	footprint := change.Footprint{
		Touch: []change.Ref{"resource:db-1"},
		Observe: []change.Affected{
			{System: "component:shop", Path: []change.Ref{"component:shop"}},
			{System: "resource:pool", Path: []change.Ref{"resource:pool"}},
		},
	}
	if diff := cmp.Diff(footprint, plan.Footprint); diff != "" {
		t.Error("footprint: " + diff)
	}
	source := change.Source{Name: "good", Title: "A good one", Owner: "group:dba", Path: "runbooks/x.yaml", Digest: change.DigestOf([]byte(good(t)))}
	if diff := cmp.Diff(source, plan.Runbook); diff != "" {
		t.Error("runbook: " + diff)
	}
	if plan.AtCutoff != change.CutoffBackOut || plan.Title != "A title" || plan.Submitter != "user:alice" || plan.Window.Zone != "Europe/Berlin" {
		t.Errorf("plan: %+v", plan)
	}
}

func TestCompileFillsTheSteps(t *testing.T) {
	plan := compileGood(t, map[string]any{"target": "resource:db-1"})
	for i, want := range []string{
		`{"system":"resource:db-1","query":"select 1 as one","expect":"row.one == 1"}`,
		`{"argv":["echo","hello"],"output-limit":65536,"expect":"exit == 0"}`,
		`{"system":"resource:pool","console":true,"query":"PAUSE x"}`,
		`{"for":"1m30s"}`,
		`{"by":["group:dba"],"text":"All well?"}`,
		`{"secret":"chat","message":"${{ change.id }} says ${{ steps.say.values.stdout }}"}`,
		`{"name":"Check","task-queue":"ours","args":[1,2,["a","b"]],"expect":"result.ok"}`,
		`{"method":"GET","url":"http://127.0.0.1/x","expect":"status == 200 \u0026\u0026 json.ok","output-limit":65536}`,
	} {
		want = strings.ReplaceAll(want, `\u0026`, "&")
		if diff := cmp.Diff(want, string(plan.Steps[i].With)); diff != "" {
			t.Errorf("step %d: %s", i, diff)
		}
	}
	look, hold, tell := plan.Steps[0], plan.Steps[2], plan.Steps[5]
	if look.Title != "Look at resource:db-1" || look.OnFailure != change.FailureHold || look.Timeout != 10e9 || look.Expected != 1e9 || !look.Idempotent {
		t.Errorf("look: %+v", look)
	}
	if hold.Title != "hold" || hold.Undo == nil || hold.Undo.Timeout != 10e9 || hold.Undo.Expected != 10e9 || hold.Observes[0] != "resource:pool" {
		t.Errorf("hold: %+v", hold)
	}
	if tell.Expected != 0 || plan.Steps[1].When != "parameters.careful" {
		t.Errorf("tell: %+v", tell)
	}
}

func TestAStepThatOnlyWaitsTakesAsLongAsItWaits(t *testing.T) {
	text := edited(t, "      expected: 2m\n", "")
	r, err := runbook.Parse("r.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := r.Compile(input(map[string]any{"target": "resource:db-1", "pause": "7m"}))
	if err != nil || plan.Steps[3].Expected.Std() != 7*time.Minute {
		t.Errorf("%v, %v", plan.Steps[3].Expected, err)
	}
}

func TestTouchOutweighsObserve(t *testing.T) {
	plan := compileGood(t, map[string]any{"target": "resource:pool", "other": "resource:pool"})
	if diff := cmp.Diff([]change.Ref{"resource:pool"}, plan.Footprint.Touch); diff != "" || len(plan.Footprint.Observe) != 1 {
		t.Errorf("%s %v", diff, plan.Footprint.Observe)
	}
}

// A value of the catalog must not become code when the rest of a text is filled in.
func TestWhatIsFilledInIsNeverReadAsAnExpression(t *testing.T) {
	for name, say := range map[string]string{
		"as a whole":      "${{ systems[parameters.target].title }}",
		"inside a text":   "x ${{ systems[parameters.target].title }}",
		"beside a secret": "${{ systems[parameters.target].title }} ${{ secrets.a }}",
		"put together":    "${{ '$' }}{{ secrets.a }}",
	} {
		t.Run(name, func(t *testing.T) {
			r, err := runbook.Parse("r.yaml", []byte(edited(t, "argv: [echo, hello]", "argv: [echo, \""+say+"\"]")))
			if err != nil {
				t.Fatal(err)
			}
			in := input(map[string]any{"target": "resource:db-1"})
			catalog := someCompany()
			evil := catalog["resource:db-1"]
			evil.Title = "${{ secrets.key }}"
			catalog["resource:db-1"] = evil
			in.Systems = catalog
			if _, err = r.Compile(in); err == nil || !strings.Contains(err.Error(), "would be read as an expression") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func digest(t interface{ Fatal(args ...any) }, text string, in runbook.Input) string {
	r, err := runbook.Parse("r.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := r.Compile(in)
	if err != nil {
		t.Fatal(err)
	}
	d, err := plan.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAnyEditChangesTheDigest(t *testing.T) {
	text := good(t)
	seen := map[string]string{}
	add := func(name, d string) {
		if other, ok := seen[d]; ok {
			t.Errorf("%s and %s have the same digest", name, other)
		}
		seen[d] = name
	}
	base := func() runbook.Input { return input(map[string]any{"target": "resource:db-1"}) }
	add("nothing", digest(t, text, base()))
	add("a comment", digest(t, text+"# a comment\n", base()))
	add("a query", digest(t, strings.Replace(text, "select 1 as one", "select 2 as one", 1), base()))
	add("an undo", digest(t, strings.Replace(text, "RESUME x", "RESUME y", 1), base()))
	edits := map[string]func(*runbook.Input){
		"a parameter": func(in *runbook.Input) { in.Request.Parameters["count"] = 4 },
		"a target":    func(in *runbook.Input) { in.Request.Parameters["target"] = "resource:db-2" },
		"the start":   func(in *runbook.Input) { in.Window.Start = in.Window.Start.Add(time.Second) },
		"the end":     func(in *runbook.Input) { in.Window.End = in.Window.End.Add(time.Second) },
		"the zone":    func(in *runbook.Input) { in.Window.Zone = "UTC" },
		"the title":   func(in *runbook.Input) { in.Request.Title = "x" },
		"the reason":  func(in *runbook.Input) { in.Request.Reason = "x" },
		"the type":    func(in *runbook.Input) { in.Request.Type = change.Emergency },
		"submitter":   func(in *runbook.Input) { in.Submitter = "user:bob" },
		"instance":    func(in *runbook.Input) { in.Instance = "other" },
		"commit":      func(in *runbook.Input) { in.Source.Commit = "abc" },
		"endpoint": func(in *runbook.Input) {
			catalog := someCompany()
			s := catalog["resource:db-1"]
			s.Endpoints = maps.Clone(s.Endpoints)
			s.Endpoints["postgresql"] = "postgres://elsewhere/"
			catalog["resource:db-1"] = s
			in.Systems = catalog
		},
	}
	for name, edit := range edits {
		in := base()
		edit(&in)
		add(name, digest(t, text, in))
	}
}

func TestCompileIsDeterministic(t *testing.T) {
	text := good(t)
	rapid.Check(t, func(rt *rapid.T) {
		parameters := map[string]any{
			"target":  rapid.SampledFrom([]string{"resource:db-1", "resource:db-2"}).Draw(rt, "target"),
			"count":   rapid.Int64Range(1, 5).Draw(rt, "count"),
			"careful": rapid.Bool().Draw(rt, "careful"),
			"pause":   fmt.Sprintf("%ds", rapid.IntRange(0, 600).Draw(rt, "pause")),
			"members": rapid.SliceOfN(rapid.Map(rapid.StringMatching(`[ -~äß✓]{0,8}`), plain), 0, 3).Draw(rt, "members"),
		}
		if rapid.Bool().Draw(rt, "with other") {
			parameters["other"] = "component:shop"
		}
		first := digest(rt, text, input(maps.Clone(parameters)))
		if second := digest(rt, text, input(maps.Clone(parameters))); first != second {
			rt.Fatalf("%s, then %s", first, second)
		}
	})
}

func plain(s string) any { return strings.ReplaceAll(s, "${{", "") }

func TestAnExpressionCanStandForAList(t *testing.T) {
	r, err := runbook.Parse("r.yaml", []byte(edited(t, "argv: [echo, hello]", "argv: '${{ parameters.members }}'")))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := r.Compile(input(map[string]any{"target": "resource:db-1", "members": []any{"echo", "it"}}))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(plan.Steps[1].With); !strings.HasPrefix(got, `{"argv":["echo","it"],`) {
		t.Error(got)
	}
	if _, err = r.Compile(input(map[string]any{"target": "resource:db-1", "members": []any{}})); err == nil || !strings.Contains(err.Error(), "exactly one of argv") {
		t.Errorf("an empty list: %v", err)
	}
}

func TestAnUndoCanUseWhatItsStepLeft(t *testing.T) {
	text := edited(t, "query: 'RESUME x'", "query: 'RESUME ${{ steps.hold.values.row.name }} ${{ parameters.size }}'")
	r, err := runbook.Parse("r.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := r.Compile(input(map[string]any{"target": "resource:db-1"}))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(plan.Steps[2].Undo.With); !strings.Contains(got, `"query":"RESUME ${{ steps.hold.values.row.name }} small"`) {
		t.Error(got)
	}
}

func BenchmarkCompile(b *testing.B) {
	text, err := runbooks.Files.ReadFile("postgres-switchover-patch.yaml")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		r, err := runbook.Parse("r.yaml", text)
		if err == nil {
			_, err = r.Compile(input(samples["postgres-switchover-patch.yaml"]))
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
