// Command record runs changes on the built programs and keeps the histories of
// their workflows, for the test that replays them: whatever is deployed must be
// able to carry on what an earlier version began.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/client"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/test/ghfake"
	"github.com/changectl/changectl/test/product"
	"github.com/changectl/changectl/workflows"
)

const into = "workflows/testdata/histories"

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	state, err := os.MkdirTemp("", "changectl-record-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(state) //nolint:errcheck // temporary
	books, err := filepath.Abs("test/e2e/testdata")
	if err != nil {
		return err
	}
	files, err := product.ExampleRepository("docs")
	if err != nil {
		return err
	}
	f, err := product.StartForge(ctx, state, ghfake.Options{}, files)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // nothing in it is needed any more
	d, err := product.Start(ctx, product.Options{Bin: "bin", StateDir: state, Args: []string{"--runbooks", books}, Env: f.Env()})
	if err != nil {
		return err
	}
	defer d.Kill()
	f.Deliver(d)
	c, err := client.Dial(client.Options{HostPort: "127.0.0.1:" + strconv.Itoa(d.Temporal), Namespace: "changectl"})
	if err != nil {
		return err
	}
	defer c.Close()
	for _, h := range []struct {
		name, runbook, system string
		until                 change.Status
		decide                change.Verb
		then                  change.Status
	}{
		{"completed", "steps", "resource:orders-db-1", change.Completed, "", ""},
		{"backed-out", "undone", "resource:core-router", change.BackedOut, "", ""},
		{"held", "stuck", "component:reporting", change.Held, "", ""},
		{"held-and-continued", "stuck", "component:web-shop", change.Held, change.Continue, change.Completed},
	} {
		id, err := runOne(ctx, d, h.runbook, h.system, h.until)
		if err != nil {
			return fmt.Errorf("run %s: %w", h.name, err)
		}
		if h.decide != "" {
			alice, err := d.As("alice")
			if err != nil {
				return err
			}
			if _, err := alice.Sign(ctx, id, httpapi.SignQuery{Verb: h.decide, Reason: "checked by hand"}); err != nil {
				return err
			}
			if _, err := alice.AwaitStatus(ctx, id, h.then); err != nil {
				return err
			}
		}
		if err := save(ctx, c, string(id), h.name); err != nil {
			return fmt.Errorf("save %s: %w", h.name, err)
		}
	}
	id, err := heldBefore(ctx, d)
	if err != nil {
		return fmt.Errorf("run held-before-start: %w", err)
	}
	if err := save(ctx, c, string(id), "held-before-start"); err != nil {
		return err
	}
	return pullRequest(ctx, d, f, c)
}

// pullRequest is one that is opened, pushed to, commented on and closed.
func pullRequest(ctx context.Context, d *product.Dev, f *product.Forge, c client.Client) error {
	alice, steps := f.Person("alice"), []func(p *ghfake.Pull) error{
		func(*ghfake.Pull) error { return edit(f, "a better reason") },
		func(p *ghfake.Pull) error { p.Comment(f.Person("bob"), "/change status", false); return nil },
		func(p *ghfake.Pull) error { return p.Close(f.Person("alice")) },
	}
	if err := edit(f, "a reason"); err != nil {
		return err
	}
	p, err := f.Repo.OpenPull(alice, ghfake.PullOptions{Head: "edit", Title: "For a history to replay"})
	if err != nil {
		return err
	}
	id := workflows.PullRequestID(change.PullKey{RepositoryID: f.Repo.ID, Number: p.Number})
	for _, step := range steps {
		if err := awaitLook(ctx, c, id); err != nil {
			return err
		}
		if err := step(p); err != nil {
			return err
		}
	}
	if err := c.GetWorkflow(ctx, id, "").Get(ctx, nil); err != nil {
		return err
	}
	return save(ctx, c, id, "pull-request")
}

func edit(f *product.Forge, reason string) error {
	text := strings.Replace(f.Files["changes/2027-03-jump-host.yaml"], "Kernel update of March", reason, 1)
	_, err := f.Repo.Commit("edit", map[string]string{"changes/2027-03-jump-host.yaml": text}, ghfake.CommitOptions{Pusher: f.Person("alice"), Message: reason})
	return err
}

// awaitLook waits until the workflow has looked at what it was poked for last.
func awaitLook(ctx context.Context, c client.Client, id string) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		d, err := c.DescribeWorkflowExecution(ctx, id, "")
		if err == nil && len(d.GetPendingActivities()) == 0 && d.GetWorkflowExecutionInfo().GetHistoryLength() > 10 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// heldBefore is a change that a declared maintenance holds before its start, and that
// a person lets go on in spite of it.
func heldBefore(ctx context.Context, d *product.Dev) (change.ID, error) {
	const system = "component:orders-api"
	id, err := runOne(ctx, d, "steps", system, change.Scheduled)
	if err != nil {
		return "", err
	}
	alice, err := d.As("alice")
	if err != nil {
		return "", err
	}
	if _, err := alice.Declare(ctx, httpapi.DeclareRequest{
		Title: "somebody else's work", Targets: []change.Ref{system}, Owner: "a vendor", Contact: "its desk", Nonce: "record",
		Window: change.WindowRequest{Start: time.Now().UTC().Format(time.RFC3339), Duration: "1h"},
	}); err != nil {
		return "", err
	}
	if _, err := alice.AwaitStatus(ctx, id, change.Held); err != nil {
		return "", err
	}
	if _, err := alice.Sign(ctx, id, httpapi.SignQuery{Verb: change.Continue, Reason: "they wait for us"}); err != nil {
		return "", err
	}
	_, err = alice.AwaitStatus(ctx, id, change.Completed)
	return id, err
}

func runOne(ctx context.Context, d *product.Dev, runbook, system string, until change.Status) (change.ID, error) {
	alice, err := d.As("alice")
	if err != nil {
		return "", err
	}
	rec, err := alice.Submit(ctx, change.Request{
		Title: "record " + runbook, Type: change.Normal, Reason: "a history to replay", Runbook: runbook,
		Parameters: map[string]any{"target": system},
		Window:     change.WindowRequest{Start: time.Now().Add(4 * time.Second).UTC().Format(time.RFC3339), Duration: "10m"},
	})
	if err != nil {
		return "", err
	}
	for _, name := range []string{"bob", "carol", "dave", "erin", "frank"} {
		p, err := d.As(name)
		if err != nil {
			return "", err
		}
		if _, err := p.Sign(ctx, rec.ID, httpapi.SignQuery{Verb: change.Approve}); err != nil && change.KindOf(err) != change.KindDenied {
			return "", err
		}
		rec, err = alice.Get(ctx, rec.ID)
		if err != nil {
			return "", err
		}
		if rec.Status != change.AwaitingApproval {
			break
		}
	}
	_, err = alice.AwaitStatus(ctx, rec.ID, until)
	return rec.ID, err
}

func save(ctx context.Context, c client.Client, id, name string) error {
	var h historypb.History
	events := c.GetWorkflowHistory(ctx, id, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		if err != nil {
			return err
		}
		h.Events = append(h.Events, e)
	}
	b, err := (temporalproto.CustomJSONMarshalOptions{Indent: " "}).Marshal(&h)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(into, 0o755); err != nil {
		return err
	}
	fmt.Printf("%s: %d events\n", name, len(h.Events))
	return os.WriteFile(filepath.Join(into, name+".json"), b, 0o644)
}
