package ghfake_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/changectl/changectl/test/ghfake"
)

const key = "webhook secret"

// receiver notes the events that come in.
type receiver struct {
	mu     sync.Mutex
	names  []string // event or event.action
	guids  []string
	bodies map[string][]byte
	status int
}

func receive(t *testing.T, w *world) *receiver {
	t.Helper()
	r := &receiver{bodies: map[string][]byte{}, status: http.StatusAccepted}
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		body, err := github.ValidatePayload(in, []byte(key))
		if err != nil {
			t.Errorf("the signature: %v", err)
		}
		if _, err := github.ParseWebHook(github.WebHookType(in), body); err != nil {
			t.Errorf("the payload: %v", err)
		}
		r.note(in, body)
		out.WriteHeader(r.status)
		_, _ = io.WriteString(out, "thanks")
	}))
	t.Cleanup(server.Close)
	w.SetHook(server.URL, key)
	return r
}

func (r *receiver) note(in *http.Request, body []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	name := github.WebHookType(in)
	var has struct{ Action string }
	if json.Unmarshal(body, &has) == nil && has.Action != "" {
		name += "." + has.Action
	}
	r.names = append(r.names, name)
	r.guids = append(r.guids, github.DeliveryID(in))
	r.bodies[name] = body
}

// got waits for all deliveries and returns the names of the events since.
func (r *receiver) got(t *testing.T, w *world) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := w.WaitDeliveries(ctx); err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.names
	r.names = nil
	return out
}

func (r *receiver) expect(t *testing.T, w *world, want ...string) {
	t.Helper()
	if got := r.got(t, w); !slices.Equal(got, want) {
		t.Errorf("events:\n got %v\nwant %v", got, want)
	}
}

func TestEveryActSendsItsEvents(t *testing.T) {
	w := newWorld(t, ghfake.Options{})
	r := receive(t, w)
	w.Ping()
	r.expect(t, w, "ping")
	p := w.open(t, "resize")
	r.expect(t, w, "create", "push", "check_suite.requested", "pull_request.opened")
	w.commit(t, "resize", map[string]string{"a": "b"}, ghfake.CommitOptions{Pusher: w.alice})
	r.expect(t, w, "push", "check_suite.requested", "pull_request.synchronize")
	review := p.Review(w.bob, ghfake.Approved, "")
	r.expect(t, w, "pull_request_review.submitted")
	if !strings.Contains(string(r.bodies["pull_request_review.submitted"]), `"state":"approved"`) {
		t.Error("in events the state of a review is in lower case")
	}
	must(t, p.Dismiss(review.ID, w.alice))
	r.expect(t, w, "pull_request_review.dismissed")
	c := p.Comment(w.alice, "hello", true)
	w.EditComment(c, "hello again", w.alice)
	w.DeleteComment(c, w.alice)
	r.expect(t, w, "issue_comment.created", "issue_comment.edited", "issue_comment.deleted")
	p.EditTitle("Other", w.alice)
	p.SetDraft(true, w.alice)
	p.SetDraft(false, w.alice)
	must(t, p.Close(w.alice))
	must(t, p.Reopen(w.alice))
	r.expect(t, w, "pull_request.edited", "pull_request.converted_to_draft", "pull_request.ready_for_review", "pull_request.closed", "pull_request.reopened")
	w.commit(t, "release", nil, ghfake.CommitOptions{Message: "Release"})
	must(t, p.Retarget("release", w.alice))
	must(t, p.Retarget("main", w.alice))
	must(t, w.repo.Point("release", "", w.alice))
	r.expect(t, w, "create", "push", "check_suite.requested", "pull_request.edited", "pull_request.edited", "delete", "push")
	group := ghfake.Must(p.Enqueue(ghfake.Squash, w.bob))
	r.expect(t, w, "pull_request.enqueued", "create", "push", "check_suite.requested", "merge_group.checks_requested")
	must(t, group.Merge())
	r.expect(t, w, "pull_request.closed", "push", "merge_group.destroyed", "delete", "push")
	dropped := ghfake.Must(w.open(t, "other").Enqueue(ghfake.MergeCommit, w.bob))
	r.got(t, w)
	must(t, dropped.Destroy("dequeued"))
	r.expect(t, w, "pull_request.dequeued", "merge_group.destroyed", "delete", "push")
}

func TestTheAppsOwnActsSendEvents(t *testing.T) {
	w := newWorld(t, ghfake.Options{})
	r := receive(t, w)
	head := w.open(t, "resize").State().HeadSHA
	r.got(t, w)
	run := ok[*github.CheckRun](t)(w.client.Checks.CreateCheckRun(t.Context(), "acme", "infra", github.CreateCheckRunOptions{
		Name: "changectl", HeadSHA: head, Conclusion: github.String("failure"),
	}))
	must(t, w.repo.Rerequest(run.GetID(), w.alice))
	must(t, w.repo.RequestAction(run.GetID(), "again", w.alice))
	w.repo.RerequestSuite(head, w.alice)
	r.expect(t, w, "check_run.created", "check_run.completed", "check_run.rerequested", "check_run.requested_action", "check_suite.rerequested")
	d := ok[*github.Deployment](t)(w.client.Repositories.CreateDeployment(t.Context(), "acme", "infra", &github.DeploymentRequest{
		Ref: &head, RequiredContexts: &[]string{},
	}))
	ok[*github.DeploymentStatus](t)(w.client.Repositories.CreateDeploymentStatus(t.Context(), "acme", "infra", d.GetID(), &github.DeploymentStatusRequest{
		State: github.String("success"),
	}))
	r.expect(t, w, "deployment.created", "deployment_status.created")
	more := ghfake.Must(w.CreateRepo("acme", "more", ghfake.RepoOptions{Private: true}))
	w.installation.Add(w.alice, more)
	w.installation.Remove(w.alice, more)
	must(t, w.repo.Rename("infrastructure", w.alice))
	w.SuspendInstallation(w.installation, w.alice)
	w.commit(t, "main", map[string]string{"a": "b"}, ghfake.CommitOptions{})
	w.UnsuspendInstallation(w.installation, w.alice)
	w.Uninstall(w.installation, w.alice)
	r.expect(t, w, "installation_repositories.added", "installation_repositories.removed", "repository.renamed",
		"installation.suspend", "installation.unsuspend", "installation.deleted")
}

func TestDeliveriesAreLostDoubledHeldAndSentAgain(t *testing.T) {
	w := newWorld(t, ghfake.Options{})
	r := receive(t, w)
	p := w.open(t, "resize")
	r.got(t, w)
	w.LoseDeliveries(1, true)
	p.Comment(w.alice, "lost", false)
	w.DoubleDeliveries(1)
	p.Comment(w.alice, "twice", false)
	r.expect(t, w, "issue_comment.created", "issue_comment.created")
	if n := len(r.guids); r.guids[n-1] != r.guids[n-2] {
		t.Error("a delivery that comes twice has one GUID")
	}

	failed := ok[[]*github.HookDelivery](t)(w.app.Apps.ListHookDeliveries(t.Context(), &github.ListCursorOptions{PerPage: 3}))
	lost := failed[2]
	if len(failed) != 3 || lost.GetStatusCode() != 0 || lost.GetEvent() != "issue_comment" {
		t.Fatalf("the deliveries are %v", failed)
	}
	// The answer 202 is an error to this client.
	_, _, err := w.app.Apps.RedeliverHookDelivery(t.Context(), lost.GetID())
	if !errors.As(err, new(*github.AcceptedError)) {
		t.Errorf("a redelivery is accepted: %v", err)
	}
	r.expect(t, w, "issue_comment.created")
	if !strings.Contains(string(r.bodies["issue_comment.created"]), `"lost"`) {
		t.Error("what was lost was not sent again")
	}
	again := ok[[]*github.HookDelivery](t)(w.app.Apps.ListHookDeliveries(t.Context(), nil))
	if !again[0].GetRedelivery() || again[0].GetGUID() != lost.GetGUID() || again[0].GetID() == lost.GetID() {
		t.Errorf("the redelivery is %v", again[0])
	}
	ok[*github.HookDelivery](t)(w.app.Apps.GetHookDelivery(t.Context(), again[0].GetID()))

	w.HoldDeliveries()
	w.open(t, "more")
	r.expect(t, w)
	w.ReleaseDeliveries(3)
	if got := r.got(t, w); len(got) != 4 || got[0] == "create" && got[1] == "push" && got[2] == "check_suite.requested" {
		t.Errorf("after shuffling: %v", got)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
