package sessions_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/test/ghfake"
	"github.com/changectl/changectl/test/product"
)

// patience is how long anything that is waited for may take.
const patience = time.Minute

// state is what a session remembers between its commands.
type state struct {
	ctx   context.Context
	dev   *product.Dev
	own   map[string]*product.Dev
	marks standing
	// temporal is the Temporal server of the session, if it has one.
	temporal *exec.Cmd
	// repo is the repository at the session's GitHub, if it has one.
	repo *ghfake.Repo
}

type stateKey struct{}

func stateOf(ts *testscript.TestScript) *state {
	s, ok := ts.Value(stateKey{}).(*state)
	if !ok {
		ts.Fatalf("the session has no state")
	}
	return s
}

func arguments(ts *testscript.TestScript, neg bool, args []string, usage string) {
	if want := len(strings.Fields(usage)); neg || len(args) < want {
		ts.Fatalf("usage: %s", usage)
	}
}

// exits CODE PROGRAM ARG... runs a program, which must end with the exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, "CODE PROGRAM")
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got, err = exit.ExitCode(), nil
	}
	ts.Check(err)
	if got != want {
		ts.Fatalf("the exit code is %d, want %d", got, want)
	}
}

// capture VAR keeps what was printed on standard output.
func capture(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, "VAR")
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
}

// soon VAR DURATION sets a moment that far from now.
func soon(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, "VAR DURATION")
	d, err := time.ParseDuration(args[1])
	ts.Check(err)
	ts.Setenv(args[0], time.Now().Add(d).UTC().Format("2006-01-02T15:04:05Z"))
}

// arrange VAR RUNBOOK SYSTEM STATUS [NAME=VALUE...] brings a change of alice's
// there, with bob's approval if it takes one.
func arrange(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, "VAR RUNBOOK SYSTEM STATUS")
	s, want := stateOf(ts), change.Status(args[3])
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	starts, length := 3*time.Second, "1h"
	switch want { //nolint:exhaustive // all others need the window to open
	case change.AwaitingApproval, change.Scheduled:
		starts = time.Hour
	case change.Expired:
		length = "2s"
	}
	params := map[string]any{"target": args[2]}
	for _, p := range args[4:] {
		name, value, _ := strings.Cut(p, "=")
		params[name] = value
	}
	alice, bob := person(ts, "alice"), person(ts, "bob")
	rec, err := alice.Submit(ctx, change.Request{
		Title: "Arranged to be " + args[3], Type: change.Normal, Reason: "so that there is one", Runbook: args[1], Parameters: params,
		Window: change.WindowRequest{Start: time.Now().Add(starts).UTC().Format(time.RFC3339), Duration: length},
	})
	ts.Check(err)
	ts.Setenv(args[0], string(rec.ID))
	if want != change.AwaitingApproval && want != change.Expired {
		_, err = bob.Sign(ctx, rec.ID, httpapi.SignQuery{Verb: change.Approve})
		ts.Check(err)
	}
	awaited := []change.Status{want}
	if want == change.Running { // which some are only for a moment
		awaited = append(awaited, change.Held, change.BackingOut, change.Completed, change.BackedOut, change.Failed)
	}
	_, err = alice.AwaitStatus(ctx, rec.ID, awaited...)
	ts.Check(err)
}

// await CHG STATUS waits until a change has a status.
func await(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, "CHG STATUS")
	ctx, cancel := context.WithTimeout(stateOf(ts).ctx, patience)
	defer cancel()
	_, err := person(ts, "alice").AwaitStatus(ctx, change.ID(args[0]), change.Status(args[1]))
	ts.Check(err)
}

func person(ts *testscript.TestScript, name string) product.Person {
	p, err := stateOf(ts).dev.As(name)
	ts.Check(err)
	return p
}

// startdev NAME ARG... starts a changectl dev of this session's own, and uses it.
func startDev(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, "NAME")
	s := stateOf(ts)
	d, err := shared.start(s.ctx, ts.MkAbs(args[0]), args[1:]...)
	ts.Check(err)
	if s.own == nil {
		s.own = map[string]*product.Dev{}
	}
	s.own[args[0]], s.dev = d, d
	ts.Defer(d.Kill)
	ts.Check(use(ts, d))
	ts.Check(settled(ts))
	upper := strings.ToUpper(args[0])
	for name, port := range map[string]int{"_API": d.API, "_UI": d.UI, "_TEMPORAL": d.Temporal} {
		ts.Setenv(upper+name, strconv.Itoa(port))
	}
}

// settled waits until the start of the worker is in the log, which comes a moment
// after it is ready.
func settled(ts *testscript.TestScript) error {
	s, alice := stateOf(ts), person(ts, "alice")
	return until(s.ctx, func() bool {
		entries, err := alice.Log(s.ctx, httpapi.LogFilter{})
		return err == nil && slices.ContainsFunc(entries, func(r audit.Record) bool { return r.Entry.Kind == "worker.started" })
	})
}

// stopdev NAME stops it with SIGTERM; it must end with exit code 0.
func stopDev(ts *testscript.TestScript, neg bool, args []string) {
	ts.Check(ownDev(ts, neg, args).Stop())
}

// restartdev NAME starts it again on the same state and ports.
func restartDev(ts *testscript.TestScript, neg bool, args []string) {
	d := ownDev(ts, neg, args)
	ts.Check(d.Restart(stateOf(ts).ctx))
	ts.Defer(d.Kill)
}

func ownDev(ts *testscript.TestScript, neg bool, args []string) *product.Dev {
	arguments(ts, neg, args, "NAME")
	d, ok := stateOf(ts).own[args[0]]
	if !ok {
		ts.Fatalf("there is no %s; startdev starts one", args[0])
	}
	return d
}

// awaitstep CHG STEP waits until a step of a change has begun.
func awaitStep(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, "CHG STEP")
	ctx, cancel := context.WithTimeout(stateOf(ts).ctx, patience)
	defer cancel()
	after, alice := int64(-1), person(ts, "alice")
	for {
		rec, err := alice.Await(ctx, change.ID(args[0]), after, 10*time.Second)
		ts.Check(err)
		for _, r := range rec.Runs {
			if rec.Plan.Steps[r.Step].Name == args[1] {
				return
			}
		}
		if ctx.Err() != nil || rec.Status.Final() {
			ts.Fatalf("%s is %s, and %s has not begun", rec.ID, rec.Status, args[1])
		}
		after = rec.Version
	}
}

// agent KEY starts an ssh-agent that holds a key.
func agent(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, "KEY")
	dir, err := os.MkdirTemp("", "agent") // the path of a socket must be short
	ts.Check(err)
	socket := filepath.Join(dir, "s")
	cmd := exec.Command("ssh-agent", "-D", "-a", socket)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	ts.Check(cmd.Start())
	ts.Defer(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = os.RemoveAll(dir)
	})
	ts.Check(until(stateOf(ts).ctx, func() bool { _, err := os.Stat(socket); return err == nil }))
	ts.Setenv("SSH_AUTH_SOCK", socket)
	ts.Check(ts.Exec("ssh-add", ts.MkAbs(args[0])))
}

func until(ctx context.Context, holds func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			return errors.New("what was waited for did not come")
		case <-tick.C:
		}
	}
	return nil
}

// standing is all that a person can see: the changes, the calendar and the log.
type standing struct {
	Changes  []change.Summary
	Calendar []change.Holding
	Entries  int64
}

func look(ts *testscript.TestScript) standing {
	ctx := stateOf(ts).ctx
	alice := person(ts, "alice")
	var s standing
	var err error
	s.Changes, err = alice.List(ctx, httpapi.Filter{})
	ts.Check(err)
	s.Calendar, err = alice.Calendar(ctx, time.Now().AddDate(0, 0, -1), time.Now().AddDate(0, 11, 0), "")
	ts.Check(err)
	head, err := alice.Checkpoint(ctx)
	ts.Check(err)
	s.Entries = head.Size
	return s
}

// mark remembers changes, calendar and log as they stand.
func mark(ts *testscript.TestScript, _ bool, _ []string) { stateOf(ts).marks = look(ts) }

// unchanged requires them to be as they were at the mark.
func unchanged(ts *testscript.TestScript, _ bool, _ []string) {
	if diff := cmp.Diff(stateOf(ts).marks, look(ts)); diff != "" {
		b, err := json.Marshal(diff)
		ts.Check(err)
		ts.Fatalf("something was written: %s", b)
	}
}
