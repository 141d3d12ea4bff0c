package app

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/sirupsen/logrus"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/changectl/changectl/activities"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/github"
	"github.com/changectl/changectl/internal/pullrequest"
	"github.com/changectl/changectl/workflows"
)

// looksAtOnce is how many pull requests are looked at at the same time.
const looksAtOnce = 8

// pullQueue is the task queue of pull requests: a flood of them keeps no step waiting.
func pullQueue(queue string) string { return queue + "-github" }

// openGitHub sets up the back end of the GitHub App, if there is one.
func (s *service) openGitHub(context.Context) error {
	g := s.config.GitHub
	if g.AppID == 0 {
		return nil
	}
	receiver, err := github.NewReceiver(g.secret)
	if err != nil {
		return err
	}
	forge, err := github.New(github.Options{
		AppID: g.AppID, Key: g.key, BaseURL: g.APIURL, Repositories: g.repositories(), Clock: s.clock, Log: s.log,
	})
	if err != nil {
		return change.Invalid("the GitHub App cannot be used: %w", err)
	}
	counter := &pullrequest.Counter{
		Forge: forge, Ledger: s.ledger, Desk: s.desk, Library: s.runbooks(), Catalog: s.estate.catalog, Policy: s.desk.Policy,
		Instance: s.config.Instance, Links: s.links(), RetryAfter: github.RetryAfter, Clock: s.clock, Log: s.log,
		Poke: func(ctx context.Context, k change.PullKey) error { return s.engine.PokePull(ctx, k, "") },
	}
	s.pulls = worker.New(s.client, pullQueue(s.config.Temporal.TaskQueue), worker.Options{
		MaxConcurrentActivityExecutionSize: looksAtOnce, WorkerStopTimeout: s.config.Worker.StopTimeout,
	})
	s.pulls.RegisterWorkflowWithOptions(workflows.PullRequest, workflow.RegisterOptions{Name: workflows.PullRequestType})
	s.pulls.RegisterActivity(&activities.PullRequests{Looker: counter, RetryAfter: github.RetryAfter, Clock: s.clock, Log: s.log})
	s.dispatcher = pullrequest.NewDispatcher(pullrequest.Dispatcher{
		Forge: forge, Journal: s.ledger, Poke: s.engine.PokePull, Every: g.Every, Clock: s.clock, Log: s.log,
	})
	s.webhook = webhook{receiver: receiver, accept: s.dispatcher.Accept, log: s.log}
	return nil
}

// links are where people look further than GitHub.
func (s *service) links() pullrequest.Links {
	l := pullrequest.Links{Server: strings.TrimSuffix(s.config.GitHub.ServerURL, "/")}
	if ui := strings.TrimSuffix(s.config.GitHub.TemporalURL, "/"); ui != "" {
		l.Temporal = func(id change.ID) string {
			return ui + "/namespaces/" + s.config.Temporal.Namespace + "/workflows/" + workflows.WorkflowID(id)
		}
	}
	return l
}

// webhook takes in what GitHub sends. A delivery is answered once it is kept, and not
// before.
type webhook struct {
	receiver *github.Receiver
	accept   func(context.Context, change.Delivery) error
	log      *logrus.Entry
}

func (h webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e, err := h.receiver.Receive(r.Header, r.Body)
	if err == nil {
		err = h.keep(r.Context(), e)
	}
	var refusal *change.Error
	switch {
	case err == nil:
		w.WriteHeader(http.StatusAccepted)
		return
	case errors.As(err, &refusal) && refusal.Kind == change.KindDenied:
		h.log.WithError(err).Warn("webhook refused")
		http.Error(w, "the signature is not that of this App's webhook", http.StatusUnauthorized)
	case errors.As(err, &refusal) && refusal.Kind == change.KindInvalid:
		h.log.WithError(err).Warn("webhook refused")
		http.Error(w, "not a webhook of GitHub's", http.StatusBadRequest)
	default:
		h.log.WithError(err).Error("webhook not kept")
		http.Error(w, "not kept; send it again", http.StatusServiceUnavailable)
	}
}

// keep notes whom a delivery concerns. What concerns nobody is acknowledged alone.
func (h webhook) keep(ctx context.Context, e github.Event) error {
	d := change.Delivery{
		GUID: e.Delivery, Event: string(e.Kind), Action: e.Action, RepositoryID: e.Repository.ID, Name: e.Repository.FullName, Pulls: e.Pulls,
		Branch: e.Branch(), Commit: e.After,
	}
	switch e.Kind {
	case github.Other, github.Ping:
		return nil
	case github.MergeQueue:
		d.Commit, d.Branch = e.MergeGroup.HeadSHA, strings.TrimPrefix(e.MergeGroup.HeadRef, "refs/heads/")
		if n := pullrequest.Queued(d.Branch); n > 0 && !contains(d.Pulls, n) {
			d.Pulls = append(d.Pulls, n)
		}
	case github.Installation, github.InstallationRepositories, github.RepositoryChanged:
		d.RepositoryID, d.Pulls = 0, nil // look at all
	case github.Push:
		if d.Branch == "" {
			return nil // a tag
		}
	case github.PullRequest, github.PullRequestReview, github.PullRequestReviewComment, github.IssueComment,
		github.CheckRun, github.CheckSuite, github.DeploymentReview:
		if len(d.Pulls) == 0 || echo(e) {
			return nil
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 8*time.Second) // GitHub waits ten
	defer cancel()
	return h.accept(ctx, d)
}

// echo reports whether an event tells only of what Apps did, such as our own checks and
// comments: nothing follows from it.
func echo(e github.Event) bool {
	switch e.Kind { //nolint:exhaustive // of the others everything counts
	case github.CheckRun, github.CheckSuite:
		return e.Action != "rerequested" && e.Action != "requested_action"
	case github.IssueComment:
		return e.Sender.Type == "Bot"
	}
	return false
}

func contains(list []int, n int) bool {
	for _, m := range list {
		if m == n {
			return true
		}
	}
	return false
}
