package workflows_test

import (
	"path/filepath"
	"testing"

	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/changectl/changectl/workflows"
)

// TestHistoriesReplay carries on what was begun before: the histories were
// recorded from changes that completed, were backed out, and were held, some before their start,
// and from a pull request.
func TestHistoriesReplay(t *testing.T) {
	files, err := filepath.Glob("testdata/histories/*.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 3 {
		t.Fatalf("%d histories are there; make histories records them", len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			r := worker.NewWorkflowReplayer()
			r.RegisterWorkflowWithOptions(workflows.Change, workflow.RegisterOptions{Name: workflows.ChangeType})
			r.RegisterWorkflowWithOptions(workflows.PullRequest, workflow.RegisterOptions{Name: workflows.PullRequestType})
			if err := r.ReplayWorkflowHistoryFromJSONFile(nil, file); err != nil {
				t.Error(err)
			}
		})
	}
}
