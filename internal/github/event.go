package github

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/proposal"
)

// Kind is the kind of an event, as GitHub names it in X-GitHub-Event.
type Kind string

// The kinds of events that say something.
const (
	PullRequest              Kind = "pull_request"
	PullRequestReview        Kind = "pull_request_review"
	PullRequestReviewComment Kind = "pull_request_review_comment"
	IssueComment             Kind = "issue_comment" // on pull requests only
	CheckRun                 Kind = "check_run"
	CheckSuite               Kind = "check_suite"
	Push                     Kind = "push"
	MergeQueue               Kind = "merge_group"
	Installation             Kind = "installation"
	InstallationRepositories Kind = "installation_repositories"
	DeploymentReview         Kind = "deployment_review"
	RepositoryChanged        Kind = "repository"
	Ping                     Kind = "ping"
	Other                    Kind = "other" // nothing to do
)

var kinds = []Kind{
	PullRequest, PullRequestReview, PullRequestReviewComment, IssueComment, CheckRun, CheckSuite, Push, MergeQueue,
	Installation, InstallationRepositories, DeploymentReview, RepositoryChanged, Ping,
}

// Event is what a webhook says: whom to look at. It is not state: it may be old, out of
// order, or never come.
type Event struct {
	Kind     Kind
	Action   string
	Delivery string // X-GitHub-Delivery, where it came by a Receiver
	// Repository is the zero Named for what concerns an installation.
	Repository Named
	// Repositories are those that an installation was given or lost.
	Repositories []Named
	Installation int64
	// Pulls are the numbers of the pull requests that it names, in order. That of a
	// fork is not named by checks: then After says which.
	Pulls []int
	Ref   string // what was pushed: refs/heads/main
	// Before and After are the commits that a push moved between; After is also the
	// head of a pull request or check.
	Before, After string
	Sender        proposal.User
	MergeGroup    MergeGroup
	// Forced marks a push that threw commits away.
	Forced bool
}

// Named is a repository as an event names it.
type Named struct {
	ID       int64
	FullName string // owner/name
}

// MergeGroup is a group of a merge queue; refs are in full.
type MergeGroup struct {
	HeadSHA, HeadRef, BaseSHA, BaseRef string
}

// Parse reads the payload of an event. What it does not know is Other; a payload that
// is not an object of JSON is Invalid.
func Parse(event string, payload []byte) (Event, error) {
	if event == "" {
		return Event{}, change.Invalid("a webhook must name its event in X-GitHub-Event")
	}
	kind := Kind(event)
	if !slices.Contains(kinds, kind) {
		return Event{Kind: Other}, nil
	}
	if !bytes.HasPrefix(bytes.TrimSpace(payload), []byte("{")) {
		return Event{}, change.Invalid("read event %s: it is not an object", event)
	}
	var p payloadBody
	if err := json.Unmarshal(payload, &p); err != nil {
		return Event{}, change.Invalid("read event %s: %w", event, err)
	}
	e := p.event(kind)
	if kind == IssueComment && len(e.Pulls) == 0 {
		return Event{Kind: Other}, nil
	}
	return e, nil
}

// Branch returns the branch that was pushed, or "" for a tag and everything else.
func (e Event) Branch() string {
	name, ok := strings.CutPrefix(e.Ref, "refs/heads/")
	if !ok {
		return ""
	}
	return name
}
