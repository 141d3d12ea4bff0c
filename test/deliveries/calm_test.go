package deliveries_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	_ "modernc.org/sqlite" // the driver named sqlite

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/workflows"
)

// calm knows when there is nothing left to do: no delivery is on its way or unhandled, no
// change has moved that was not told, and no workflow of a pull request does anything,
// or has a timer after which it would.
type calm struct {
	t  testing.TB
	u  *world
	c  client.Client
	db *sql.DB
	// idle is the length of a history at which its workflow waited for news.
	idle map[string]int64
}

func newCalm(ctx context.Context, t testing.TB, u *world) *calm {
	t.Helper()
	c, err := client.NewLazyClient(client.Options{HostPort: fmt.Sprintf("127.0.0.1:%d", u.dev.Temporal), Namespace: "changectl", Logger: silent{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	db, err := sql.Open("sqlite", "file:"+filepath.Join(u.dev.StateDir, "dev", "ledger.db")+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := db.PingContext(ctx); err != nil {
		t.Fatal(err)
	}
	return &calm{t, u, c, db, map[string]int64{}}
}

// await waits for calm. It looks twice, for what passes from one place to another.
func (k *calm) await(ctx context.Context) {
	k.t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for still := 0; still < 2; {
		why := k.unrest(ctx)
		still++
		if why != "" {
			still = 0
		}
		select {
		case <-ctx.Done():
			k.t.Fatalf("%s: it did not come to rest: %s", k.u.name, why)
		case <-tick.C:
		}
	}
}

// unrest says what goes on, or nothing.
func (k *calm) unrest(ctx context.Context) string {
	if err := k.u.github.WaitDeliveries(ctx); err != nil {
		return err.Error()
	}
	if k.u.relay.busy() {
		return "deliveries are held"
	}
	for what, query := range map[string]string{
		"deliveries are not handled": "select count(*) from github_deliveries where done_at = 0",
		"moves are not told": "select count(*) from change_origins o join changes c on c.number = o.change where o.number > 0 and o.told <> " +
			"cast(c.revision as text) || '/' || c.status || '/' || cast(c.holds as text) || '/' || c.detached",
		"changes are being submitted": "select count(*) from changes where status = 'submitted'",
	} {
		var n int
		if err := k.db.QueryRowContext(ctx, query).Scan(&n); err != nil {
			return err.Error()
		}
		if n > 0 {
			return fmt.Sprintf("%d %s", n, what)
		}
	}
	for n := range len(k.u.pulls) + 1 {
		id := workflows.PullRequestID(change.PullKey{RepositoryID: k.u.repo.ID, Number: n})
		if why := k.working(ctx, id); why != "" {
			return id + " " + why
		}
	}
	return ""
}

func (k *calm) working(ctx context.Context, id string) string {
	e, err := k.c.DescribeWorkflowExecution(ctx, id, "")
	var none *serviceerror.NotFound
	if errors.As(err, &none) {
		return ""
	}
	if err != nil {
		return err.Error()
	}
	info := e.GetWorkflowExecutionInfo()
	switch {
	case info.GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING:
		return ""
	case len(e.GetPendingActivities()) > 0:
		var failed strings.Builder
		for _, a := range e.GetPendingActivities() {
			failed.WriteString(a.GetLastFailure().GetMessage())
		}
		return "looks: " + failed.String()
	case e.GetPendingWorkflowTask() != nil:
		return "has a task"
	case k.idle[id+info.GetExecution().GetRunId()] == info.GetHistoryLength():
		return ""
	}
	if k.timers(ctx, id, info.GetExecution().GetRunId()) > 0 {
		return "looks again later"
	}
	k.idle[id+info.GetExecution().GetRunId()] = info.GetHistoryLength()
	return ""
}

// timers counts those that run.
func (k *calm) timers(ctx context.Context, id, run string) (n int) {
	events := k.c.GetWorkflowHistory(ctx, id, run, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		if err != nil {
			return 1
		}
		switch e.GetEventType() { //nolint:exhaustive // of many
		case enumspb.EVENT_TYPE_TIMER_STARTED:
			n++
		case enumspb.EVENT_TYPE_TIMER_FIRED, enumspb.EVENT_TYPE_TIMER_CANCELED:
			n--
		}
	}
	return n
}

type silent struct{}

func (silent) Debug(string, ...any) {}
func (silent) Info(string, ...any)  {}
func (silent) Warn(string, ...any)  {}
func (silent) Error(string, ...any) {}

var _ log.Logger = silent{}
