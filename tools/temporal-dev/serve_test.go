package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
)

var (
	statusKey  = temporal.NewSearchAttributeKeyKeyword("ChangeStatus")
	systemsKey = temporal.NewSearchAttributeKeyKeywordList("Systems")
	windowKey  = temporal.NewSearchAttributeKeyTime("WindowStart")
)

func TestReadyMeansUsable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ready.json")
	p := start(t, headless(tempDB(t), "--ready-file", file,
		"--search-attribute", "ChangeStatus=Keyword", "--search-attribute", "Systems=KeywordList", "--search-attribute", "WindowStart=Datetime")...)

	var written ready
	data, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(data, &written)
	}
	if err != nil {
		t.Fatalf("read ready file: %v", err)
	}
	if diff := cmp.Diff(p.ready, written); diff != "" {
		t.Errorf("ready file differs from ready line (-line +file):\n%s", diff)
	}
	if p.ready.PID != p.cmd.Process.Pid {
		t.Errorf("pid %d, want %d", p.ready.PID, p.cmd.Process.Pid)
	}

	c := p.dial(t)
	ns, err := c.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: "changectl"})
	if err != nil {
		t.Fatal(err)
	}
	if got := ns.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration(); got != retention {
		t.Errorf("retention %s, want %s", got, retention)
	}
	startWorkflow(t, c, "CHG-1",
		statusKey.ValueSet("running"), systemsKey.ValueSet([]string{"orders-db-1", "orders-db-2"}), windowKey.ValueSet(time.Unix(0, 0)))
	eventually(t, "find the workflow by its search attributes", func() error {
		return found(t, c, `ChangeStatus = "running" AND Systems = "orders-db-2" AND WindowStart < "2000-01-01T00:00:00Z"`, "CHG-1")
	})
}

func TestSurvivesKill(t *testing.T) {
	db := tempDB(t)
	args := headless(db, "--search-attribute", "ChangeStatus=Keyword")
	p := start(t, args...)
	startWorkflow(t, p.dial(t), "CHG-1", statusKey.ValueSet("waiting"))
	before := attributes(t, p.dial(t))

	// A column that is taken must stay taken: the new name sorts before the old one.
	args = append(args, "--search-attribute", "Area=Keyword")
	for range 3 {
		p.kill(t)
		if info, err := os.Stat(db + "-wal"); err != nil || info.Size() == 0 {
			t.Fatalf("no write-ahead log after the kill (%v): this test proves nothing", err)
		}
		p = start(t, args...)
	}
	want := map[string]enumspb.IndexedValueType{"Area": enumspb.INDEXED_VALUE_TYPE_KEYWORD}
	for name, typ := range before {
		want[name] = typ
	}
	c := p.dial(t)
	if diff := cmp.Diff(want, attributes(t, c)); diff != "" {
		t.Errorf("search attributes after restart (-want +got):\n%s", diff)
	}
	eventually(t, "find the workflow after the restart", func() error { return found(t, c, `ChangeStatus = "waiting"`, "CHG-1") })
	startWorkflow(t, c, "CHG-2", temporal.NewSearchAttributeKeyKeyword("Area").ValueSet("storage"))
	eventually(t, "use the new search attribute", func() error { return found(t, c, `Area = "storage"`, "CHG-2") })
}

func TestLogOfADeletedFileIsNotPlayedIntoANewOne(t *testing.T) {
	db := tempDB(t)
	p := start(t, headless(db)...)
	startWorkflow(t, p.dial(t), "CHG-1")
	p.kill(t)
	if err := os.Remove(db); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(db + "-wal"); err != nil {
		t.Fatal(err)
	}
	c := start(t, headless(db)...).dial(t)
	if _, err := c.DescribeWorkflowExecution(t.Context(), "CHG-1", ""); err == nil {
		t.Error("the new file knows a workflow of the deleted one")
	}
	startWorkflow(t, c, "CHG-2")
}

func TestStopsCleanly(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			db, file := tempDB(t), filepath.Join(t.TempDir(), "ready.json")
			p := start(t, headless(db, "--ready-file", file)...)
			startWorkflow(t, p.dial(t), "CHG-1")
			if err := p.cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			if code := p.wait(t); code != 0 {
				t.Errorf("exit code %d, want 0", code)
			}
			if p.stderr.String() != "" {
				t.Errorf("not silent:\n%s", p.stderr)
			}
			if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("ready file is still there (%v)", err)
			}

			// The file alone is everything.
			data, err := os.ReadFile(db)
			if err != nil {
				t.Fatal(err)
			}
			moved := filepath.Join(t.TempDir(), "a b#c?d%41.db")
			if err := os.WriteFile(moved, data, 0o600); err != nil {
				t.Fatal(err)
			}
			c := start(t, headless(moved)...).dial(t)
			if _, err := c.DescribeWorkflowExecution(t.Context(), "CHG-1", ""); err != nil {
				t.Errorf("describe workflow from a copy of the file: %v", err)
			}
		})
	}
}

func TestStopsWithItsParent(t *testing.T) {
	db, file := tempDB(t), filepath.Join(t.TempDir(), "ready.json")
	parent := startAs(t, "parent", headless(db, "--ready-file", file)...)
	if parent.ready.PID == parent.cmd.Process.Pid {
		t.Fatal("the server is not a child of the parent")
	}
	t.Cleanup(func() { _ = syscall.Kill(parent.ready.PID, syscall.SIGKILL) }) // if it does not stop by itself
	if err := parent.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "server stops after its parent was killed", func() error {
		if _, err := os.Stat(file); err == nil {
			return errors.New("ready file is still there")
		}
		lock, err := lockFile(db)
		if err != nil {
			return err
		}
		return lock.Close()
	})
	if info, err := os.Stat(db + "-wal"); err == nil && info.Size() > 0 {
		t.Errorf("write-ahead log has %d bytes: the stop was not clean", info.Size())
	}
}

func TestFilesAreForTheirOwnerOnly(t *testing.T) {
	db := tempDB(t)
	start(t, headless(db)...)
	for name, want := range map[string]os.FileMode{filepath.Dir(db): 0o700, db: 0o600, db + "-wal": 0o600, db + ".lock": 0o600} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", filepath.Base(name), got, want)
		}
	}
}

func startWorkflow(t *testing.T, c client.Client, id string, sa ...temporal.SearchAttributeUpdate) {
	t.Helper()
	_, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: id, TaskQueue: "nobody", TypedSearchAttributes: temporal.NewSearchAttributes(sa...),
	}, "Change")
	if err != nil {
		t.Fatalf("start workflow %s: %v", id, err)
	}
}

// found checks that a query finds just one workflow.
func found(t *testing.T, c client.Client, query, id string) error {
	t.Helper()
	list, err := c.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Query: query})
	if err != nil {
		return err
	}
	var ids []string
	for _, e := range list.GetExecutions() {
		ids = append(ids, e.GetExecution().GetWorkflowId())
	}
	if got := strings.Join(ids, " "); got != id {
		return fmt.Errorf("query %s found %q, want %q", query, got, id)
	}
	return nil
}

func attributes(t *testing.T, c client.Client) map[string]enumspb.IndexedValueType {
	t.Helper()
	got, err := c.OperatorService().ListSearchAttributes(t.Context(), &operatorservice.ListSearchAttributesRequest{Namespace: "changectl"})
	if err != nil {
		t.Fatal(err)
	}
	return got.GetCustomAttributes()
}
