// Command scratch is temporary.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/execute"
	"github.com/changectl/changectl/internal/runbook"
	"github.com/changectl/changectl/runbooks"
	"github.com/changectl/changectl/test/lab"
)

type mem struct {
	rec  change.Record
	runs []change.Run
}

func (m *mem) Begin(_ context.Context, k change.RunKey, w string, _ int64, judge func(change.GateFacts) error) (change.Run, error) {
	if err := judge(change.GateFacts{Now: time.Now(), Record: m.rec, Runs: m.runs}); err != nil {
		return change.Run{}, err
	}
	r := change.Run{RunKey: k, Attempt: 1, Worker: w, IntentAt: time.Now()}
	m.runs = append(m.runs, r)
	return r, nil
}
func (m *mem) Finish(_ context.Context, k change.RunKey, _ int, res change.Result) error {
	m.runs[len(m.runs)-1].Result = res
	m.runs[len(m.runs)-1].ResultAt = time.Now()
	return nil
}
func (m *mem) Change(context.Context, change.ID) (change.Record, error) {
	r := m.rec
	r.Runs = m.runs
	return r, nil
}

type cat map[change.Ref]change.System

func (c cat) System(r change.Ref) (change.System, error) {
	if s, ok := c[r]; ok {
		return s, nil
	}
	return change.System{}, change.NotFound("no %s", r)
}

func main() {
	ctx := context.Background()
	for _, stopAt := range os.Args[1:] {
		if err := once(ctx, stopAt); err != nil {
			fmt.Println("ERROR", stopAt, err)
		}
	}
}

func once(ctx context.Context, stopAt string) error {
	dir, err := os.MkdirTemp("/var/tmp", "scratchlab")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	l, err := lab.Start(ctx, lab.Options{Dir: filepath.Join(dir, "lab")})
	if err != nil {
		return err
	}
	defer l.Stop()
	w, err := lab.StartWriter(ctx, lab.WriterOptions{DSN: l.ApplicationDSN})
	if err != nil {
		return err
	}
	url, stop, err := w.Serve(ctx)
	if err != nil {
		return err
	}
	defer stop()
	time.Sleep(500 * time.Millisecond)
	c := cat{}
	for _, n := range l.Nodes {
		r := change.Ref("resource:" + n.System)
		c[r] = change.System{Ref: r, Owner: "group:dba", Endpoints: map[string]string{"postgresql": strings.Replace(n.AdminDSN, l.AdminPassword, "", 1), "node": n.Name, "control": l.Bin}}
	}
	c["resource:orders-pool"] = change.System{Ref: "resource:orders-pool", Owner: "group:dba", Endpoints: map[string]string{"pgbouncer": l.Pooler.ConsoleDSN, "postgresql": l.ApplicationDSN, "control": l.Bin, "node": "pool"}}
	c["component:orders-api"] = change.System{Ref: "component:orders-api", Owner: "group:dba"}
	b, _ := runbooks.Files.ReadFile("postgres-switchover-patch.yaml")
	rb, err := runbook.Parse("r.yaml", b)
	if err != nil {
		return err
	}
	now := time.Now().UTC()
	plan, err := rb.Compile(runbook.Input{
		Request: change.Request{Title: "t", Type: "normal", Reason: "r", Parameters: map[string]any{
			"primary": "resource:orders-db-1", "standby": "resource:orders-db-2", "pooler": "resource:orders-pool", "application": "component:orders-api",
			"version": l.Versions[len(l.Versions)-1], "probe": url + "/probe", "secret": "admin"}},
		Window: change.Window{Start: now.Add(-time.Minute), End: now.Add(time.Hour), Zone: "UTC"}, Systems: c, Instance: "x", Submitter: "user:a",
	})
	if err != nil {
		return err
	}
	pb, _ := json.Marshal(plan)
	plan = change.Plan{}
	if err := json.Unmarshal(pb, &plan); err != nil {
		return err
	}
	digest, _ := plan.Digest()
	m := &mem{rec: change.Record{ID: "CHG-1", Revision: 1, Status: change.Running, Plan: plan, Digest: digest, Token: 1}}
	ex := &execute.Executor{Ledger: m, Clock: time.Now, Verify: func(change.Approval) error { return nil }, Worker: "w",
		Secrets: func(string) (string, error) { return l.AdminPassword, nil }}
	begun := time.Now()
	last := len(plan.Steps) - 1
	good := true
	for i, s := range plan.Steps {
		t := time.Now()
		res, err := ex.Run(ctx, execute.Input{RunKey: change.RunKey{Change: "CHG-1", Revision: 1, Step: i, Direction: change.Do, Run: 1}, Token: 1, Digest: digest})
		if stopAt == "none" || err != nil || res.Outcome != change.Passed {
			fmt.Printf("%6.1fms %-32s %-8s %s %v\n", float64(time.Since(t).Microseconds())/1000, s.Name, res.Outcome, res.Message, err)
		}
		if err != nil || res.Outcome != change.Passed || s.Name == stopAt {
			last, good = i, err == nil && res.Outcome == change.Passed && s.Name != stopAt
			break
		}
	}
	fmt.Println("== forward", stopAt, good, time.Since(begun))
	if !good {
		m.rec.Status = change.BackingOut
		for i := last; i >= 0; i-- {
			if plan.Steps[i].Undo == nil {
				continue
			}
			t := time.Now()
			res, err := ex.Run(ctx, execute.Input{RunKey: change.RunKey{Change: "CHG-1", Revision: 1, Step: i, Direction: change.Undo, Run: 1}, Token: 1, Digest: digest})
			fmt.Printf("  undo %6.1fms %-32s %-8s %s %v\n", float64(time.Since(t).Microseconds())/1000, plan.Steps[i].Name, res.Outcome, res.Message, err)
			if err != nil || res.Outcome != change.Passed {
				break
			}
		}
	}
	time.Sleep(300 * time.Millisecond)
	w.Stop()
	serving, err := l.Serving(ctx)
	if err != nil {
		return err
	}
	rep, err := w.Verify(ctx, serving.OrdersDSN)
	if err != nil {
		return err
	}
	versions, err := l.ServerVersions(ctx)
	fmt.Printf("== %s: serving %s versions %v %v acked %d failed %d ambiguous %d lost %d stall %s gap %s\n", stopAt, serving.Name, versions, err, rep.Acknowledged, rep.Failed, rep.Ambiguous, rep.Lost, rep.LongestStall, rep.LongestGap)
	return nil
}
