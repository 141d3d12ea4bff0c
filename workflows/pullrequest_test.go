package workflows_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/workflows"
)

// watched is a pull request that is looked at; each look is answered as the test says, and
// the last answer holds from then on.
type watched struct {
	env     *testsuite.TestWorkflowEnvironment
	looks   []time.Time
	answers []func() (workflows.PullView, error)
}

func (w *watched) LookAtPullRequest(_ context.Context, in workflows.PullInput) (workflows.PullView, error) {
	if in.RepositoryID != 7 || in.Number != 3 {
		return workflows.PullView{}, errors.New("another pull request")
	}
	n := min(len(w.looks), len(w.answers)-1)
	w.looks = append(w.looks, w.env.Now())
	return w.answers[n]()
}

func view(v workflows.PullView) func() (workflows.PullView, error) {
	return func() (workflows.PullView, error) { return v, nil }
}

func watch(t *testing.T, answers ...func() (workflows.PullView, error)) *watched {
	t.Helper()
	var s testsuite.WorkflowTestSuite
	w := &watched{env: s.NewTestWorkflowEnvironment(), answers: answers}
	w.env.RegisterActivityWithOptions(w.LookAtPullRequest, activity.RegisterOptions{Name: "LookAtPullRequest"})
	w.env.RegisterWorkflowWithOptions(workflows.PullRequest, workflow.RegisterOptions{Name: workflows.PullRequestType})
	return w
}

func (w *watched) poke(after time.Duration, times int) {
	w.env.RegisterDelayedCallback(func() {
		for range times {
			w.env.SignalWorkflow(workflows.SignalPoke, nil)
		}
	}, after)
}

func (w *watched) run(t *testing.T) {
	t.Helper()
	w.env.ExecuteWorkflow(workflows.PullRequestType, workflows.PullInput{PullKey: change.PullKey{RepositoryID: 7, Number: 3}})
	if !w.env.IsWorkflowCompleted() {
		t.Fatal("the workflow did not end")
	}
	if err := w.env.GetWorkflowError(); err != nil {
		t.Fatal(err)
	}
}

func TestManyPokesAreOneLook(t *testing.T) {
	open, done := workflows.PullView{}, workflows.PullView{Done: true}
	w := watch(t, view(open), view(open), view(open), view(open), view(done))
	w.poke(time.Hour, 50)
	w.run(t)
	// The start and once more a little later; the first of the fifty, the others that
	// came while it looked, and once more.
	if len(w.looks) != 5 {
		t.Errorf("there were %d looks, want 5: %v", len(w.looks), w.looks)
	}
}

func TestNothingIsLookedAtWithoutAReason(t *testing.T) {
	w := watch(t, view(workflows.PullView{}), view(workflows.PullView{}), view(workflows.PullView{Done: true}))
	w.poke(24*time.Hour, 1)
	w.run(t)
	if got := w.looks[2].Sub(w.looks[0]); got != 24*time.Hour {
		t.Errorf("the third look came after %s, want the day until somebody poked", got)
	}
}

func TestWhatGitHubDoesNotShowYetIsLookedAtAgain(t *testing.T) {
	later := workflows.PullView{Again: change.Duration(2 * time.Second)}
	w := watch(t, view(later), view(later), view(later), view(workflows.PullView{Done: true}))
	w.run(t)
	if len(w.looks) != 4 || w.looks[3].Sub(w.looks[0]) != 6*time.Second {
		t.Errorf("looks: %v; want one every two seconds", w.looks)
	}
}

func TestALimitIsWaitedForByTheServer(t *testing.T) {
	limited := func() (workflows.PullView, error) {
		return workflows.PullView{}, temporal.NewApplicationErrorWithOptions("limited", "unavailable",
			temporal.ApplicationErrorOptions{NextRetryDelay: 17 * time.Minute})
	}
	w := watch(t, limited, view(workflows.PullView{Done: true}))
	w.run(t)
	if got := w.looks[1].Sub(w.looks[0]); got != 17*time.Minute {
		t.Errorf("it was tried again after %s, want the 17 minutes that the limit lasts", got)
	}
}

func TestALongLifeGoesOnAsANewRun(t *testing.T) {
	w := watch(t, view(workflows.PullView{Again: change.Duration(time.Second)}))
	w.env.ExecuteWorkflow(workflows.PullRequestType, workflows.PullInput{PullKey: change.PullKey{RepositoryID: 7, Number: 3}})
	var again *workflow.ContinueAsNewError
	if err := w.env.GetWorkflowError(); !errors.As(err, &again) {
		t.Errorf("it ended with %v, want that it goes on as a new run", err)
	}
}
