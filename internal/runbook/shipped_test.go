package runbook_test

import (
	"encoding/json"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/runbook"
	"github.com/changectl/changectl/runbooks"
)

// company is a catalog of a few systems.
type company map[change.Ref]change.System

func (c company) System(ref change.Ref) (change.System, error) {
	if s, ok := c[ref]; ok {
		return s, nil
	}
	return change.System{}, change.NotFound("there is no %s in the catalog", ref)
}

func someCompany() company {
	c := company{}
	add := func(ref change.Ref, endpoints map[string]string) {
		c[ref] = change.System{Ref: ref, Title: strings.ToUpper(ref.Name()), Owner: "group:dba", Tier: 1, Endpoints: endpoints}
	}
	add("resource:db-1", map[string]string{"postgresql": "postgres://admin@127.0.0.1:1/postgres", "node": "n1", "control": "/opt/db"})
	add("resource:db-2", map[string]string{"postgresql": "postgres://admin@127.0.0.1:2/postgres", "node": "n2", "control": "/opt/db"})
	add("resource:pool", map[string]string{"postgresql": "postgres://app@127.0.0.1:3/orders", "pgbouncer": "postgres://admin@127.0.0.1:3/pgbouncer", "control": "/opt/db"})
	add("component:web-1", map[string]string{"node": "web-1", "control": "/opt/web", "health": "http://127.0.0.1:4/healthz"})
	add("component:web-2", map[string]string{"node": "web-2", "control": "/opt/web", "health": "http://127.0.0.1:5/healthz"})
	add("component:shop", nil)
	return c
}

func input(parameters map[string]any) runbook.Input {
	start := time.Date(2027, 3, 6, 22, 0, 0, 0, time.UTC)
	return runbook.Input{
		Request:  change.Request{Title: "A title", Type: change.Normal, Reason: "A reason", Parameters: parameters},
		Window:   change.Window{Start: start, End: start.Add(90 * time.Minute), Zone: "Europe/Berlin"},
		Systems:  someCompany(),
		Source:   change.Source{Path: "runbooks/x.yaml"},
		Instance: "test", Submitter: "user:alice",
	}
}

var samples = map[string]map[string]any{
	"postgres-switchover-patch.yaml": {
		"primary": "resource:db-1", "standby": "resource:db-2", "pooler": "resource:pool", "application": "component:shop",
		"version": "15.20", "probe": "http://127.0.0.1:6/probe", "secret": "db-admin",
	},
	"postgres-clean-shutdown.yaml": {"server": "resource:db-1", "pooler": "resource:pool"},
	"rolling-restart.yaml":         {"first": "component:web-1", "second": "component:web-2", "service": "component:shop"},
	"who-else-is-playing.yaml":     {"active": "component:web-1", "standby": "component:web-2", "application": "component:web-1"},
}

func parseFile(t *testing.T, name string) *runbook.Runbook {
	t.Helper()
	b, err := runbooks.Files.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	r, err := runbook.Parse(name, b)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func compileFile(t *testing.T, name string) change.Plan {
	t.Helper()
	plan, err := parseFile(t, name).Compile(input(samples[name]))
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestEveryShippedRunbookCompiles(t *testing.T) {
	names, err := fs.Glob(runbooks.Files, "*.yaml")
	if err != nil || len(names) != len(samples) {
		t.Fatalf("%d runbooks and %d samples, want as many: %v", len(names), len(samples), err)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			plan := compileFile(t, name)
			for _, s := range plan.Steps {
				checkAction(t, s.Name, s.Action)
				if s.Undo != nil {
					checkAction(t, s.Name+" undone", *s.Undo)
				}
				if strings.Contains(s.Title, "${{") {
					t.Errorf("%s: title %q still holds an expression", s.Name, s.Title)
				}
			}
			if _, err := plan.Digest(); err != nil {
				t.Error(err)
			}
		})
	}
}

// checkAction expands an action as the executor does, with every earlier step
// having left all that can be asked of it.
func checkAction(t *testing.T, name string, a change.Action) {
	t.Helper()
	left := runbook.StepView{Values: json.RawMessage(`{"json":{"checkpoint":"0/5000028"},"row":{"version":"15.18","token":"t"}}`)}
	with, err := runbook.Expand(a.With, runbook.Scope{
		Steps:  earlier{left}.all(),
		Change: runbook.ChangeView{ID: "CHG-1"},
	})
	if err == nil {
		_, err = runbook.Decode(a.Uses, with)
	}
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
	if a.Timeout <= 0 || a.Expected > a.Timeout {
		t.Errorf("%s: expected %s of a timeout of %s", name, a.Expected, a.Timeout)
	}
}

type earlier struct{ view runbook.StepView }

func (e earlier) all() map[string]runbook.StepView {
	all := map[string]runbook.StepView{}
	for _, name := range []string{
		"primary-is-primary", "standby-is-standby", "old-primary-position", "failback-position",
		"after-failover-write-token", "at-home-write-token",
	} {
		all[name] = e.view
	}
	return all
}

// A worker that dies in the middle of a step must not leave a question behind that
// only a person can answer.
func TestEveryShippedStepCanBeTakenUpAgain(t *testing.T) {
	for name := range samples {
		for _, s := range compileFile(t, name).Steps {
			actions := map[string]change.Action{s.Name: s.Action}
			if s.Undo != nil {
				actions[s.Name+" undone"] = *s.Undo
			}
			for what, a := range actions {
				if a.Uses != "wait" && !a.Idempotent && a.DoneWhen == nil {
					t.Errorf("%s: %s is neither idempotent nor has it a done-when", name, what)
				}
			}
		}
	}
}

func TestTheWayHomeOfTheSwitchover(t *testing.T) {
	plan := compileFile(t, "postgres-switchover-patch.yaml")
	index := map[string]int{}
	for i, s := range plan.Steps {
		index[s.Name] = i
	}
	tests := map[string]struct {
		failed string
		want   []string
	}{
		"the standby has the wrong version": {"standby-is-patched", []string{
			"node-stop n2", "node-build n2 ${{ steps['standby-is-standby'].values.row.version }}", "node-start n2", "standby streams",
		}},
		"the gate refuses": {"standby-has-everything", []string{
			"pooler-target n1", "RELOAD", "node-start n1", "RESUME orders", "node-follow n2 n1",
			"node-stop n2", "node-build n2 ${{ steps['standby-is-standby'].values.row.version }}", "node-start n2", "standby streams",
		}},
		"the pooler does not take its new target": {"reload-pooler", []string{
			"node-stop n2", "pooler-target n1", "RELOAD", "node-start n1", "RESUME orders", "node-follow n2 n1",
			"node-stop n2", "node-build n2 ${{ steps['standby-is-standby'].values.row.version }}", "node-start n2", "standby streams",
		}},
		"the old primary cannot follow, clients are on the new one": {"old-primary-follows", []string{
			"SHOW DATABASES", "node-stop n2", "pooler-target n1", "RELOAD", "node-start n1", "RESUME orders", "node-follow n2 n1",
			"node-stop n2", "node-build n2 ${{ steps['standby-is-standby'].values.row.version }}", "node-start n2", "standby streams",
		}},
		"validation after the failover": {"after-failover-application", []string{
			"node-stop n1", "node-build n1 ${{ steps['primary-is-primary'].values.row.version }}", "node-start n1",
			"primary streams", "PAUSE orders", "primary streams", "node-stop n2", "promote n1",
			"SHOW DATABASES", "node-stop n2", "pooler-target n1", "RELOAD", "node-start n1", "RESUME orders", "node-follow n2 n1",
			"node-stop n2", "node-build n2 ${{ steps['standby-is-standby'].values.row.version }}", "node-start n2", "standby streams",
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for i := index[tt.failed]; i >= 0; i-- {
				if u := plan.Steps[i].Undo; u != nil {
					got = append(got, inShort(t, *u))
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// inShort says what an action of the switchover does.
func inShort(t *testing.T, a change.Action) string {
	t.Helper()
	k, err := runbook.Decode(a.Uses, a.With)
	if err != nil {
		t.Fatal(err)
	}
	switch k := k.(type) {
	case *runbook.Command:
		return strings.TrimPrefix(strings.Join(k.Argv, " "), "/opt/db/")
	case *runbook.Wait:
		if strings.Contains(string(k.Until.With), `"args":["n2"]`) {
			return "standby streams"
		}
		return "primary streams"
	case *runbook.SQL:
		if strings.Contains(k.Query, "pg_promote") {
			return "promote " + map[change.Ref]string{"resource:db-1": "n1", "resource:db-2": "n2"}[k.System]
		}
		return k.Query
	}
	return a.Uses
}

func TestWhileClientsWaitAFailureGoesBackAtOnce(t *testing.T) {
	held := false
	for _, s := range compileFile(t, "postgres-switchover-patch.yaml").Steps {
		if s.Name == "failback-promote" {
			return // from there on, forward
		}
		held = held || strings.Contains(s.Name, "hold-clients")
		if held && s.OnFailure != change.FailureBackOut {
			t.Errorf("%s holds clients and would hold the change", s.Name)
		}
		held = held && s.Name != "release-clients"
	}
}

// Whatever fits in the window when the clients are held still fits until the way
// back is laid: the cutoff cannot fall in between.
func TestTheCutoffCannotFallWhileClientsAreHeld(t *testing.T) {
	plan := compileFile(t, "postgres-switchover-patch.yaml")
	var slack, needed time.Duration
	for _, s := range plan.Steps {
		switch {
		case s.Name == "hold-clients":
			slack, needed = s.Expected.Std(), 100*time.Millisecond
		case slack > 0:
			needed += s.Expected.Std()
			if s.Undo != nil {
				needed += s.Undo.Expected.Std()
			}
			if needed > slack {
				t.Errorf("%s: %s are needed, %s were counted", s.Name, needed, slack)
			}
		}
		if s.Name == "way-back-start" {
			return
		}
	}
	t.Error("there is no way-back-start")
}

// Its undo is what keeps a promoted node's commits: it holds only while clients
// are held.
func TestReleasedClientsAreNotTakenBackToTheOldPrimary(t *testing.T) {
	for _, s := range compileFile(t, "postgres-switchover-patch.yaml").Steps {
		if s.Name != "release-clients" {
			continue
		}
		k, err := runbook.Decode(s.Undo.Uses, s.Undo.With)
		sql, ok := k.(*runbook.SQL)
		if err != nil || !ok {
			t.Fatalf("%#v, %v", k, err)
		}
		scope := runbook.Scope{Parameters: map[string]any{"database": "orders"}}
		for paused, want := range map[string]bool{"1": true, "0": false} {
			rows := []any{map[string]any{"name": "orders", "paused": paused}}
			if got, err := runbook.Condition(sql.Expect, scope, map[string]any{"rows": rows, "row": rows[0], "count": 1}); err != nil || got != want {
				t.Errorf("paused %s: %t, %v", paused, got, err)
			}
		}
		return
	}
	t.Error("there is no release-clients")
}
