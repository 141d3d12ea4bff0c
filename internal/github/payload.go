package github

import (
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/proposal"
)

// payloadBody is what is read of the payloads of all events.
type payloadBody struct {
	Action       string     `json:"action"`
	Number       int        `json:"number"`
	Repository   repoBody   `json:"repository"`
	Installation idBody     `json:"installation"`
	Sender       userBody   `json:"sender"`
	Pull         *pullBody  `json:"pull_request"`
	Issue        *issueBody `json:"issue"`
	Run          *checkBody `json:"check_run"`
	Suite        *checkBody `json:"check_suite"`
	Workflow     *checkBody `json:"workflow_run"`
	Group        *groupBody `json:"merge_group"`
	Added        []repoBody `json:"repositories_added"`
	Removed      []repoBody `json:"repositories_removed"`
	Repositories []repoBody `json:"repositories"`
	Ref          string     `json:"ref"`
	Before       string     `json:"before"`
	After        string     `json:"after"`
	Forced       bool       `json:"forced"`
}

type idBody struct {
	ID int64 `json:"id"`
}

type repoBody struct {
	ID       int64  `json:"id"`
	FullName string `json:"full_name"`
}

type userBody struct {
	ID    int64  `json:"id"`
	Login string `json:"login"`
	Type  string `json:"type"`
}

type pullBody struct {
	Number int `json:"number"`
	Head   struct {
		SHA string `json:"sha"`
	} `json:"head"`
	Base struct {
		Repo idBody `json:"repo"`
	} `json:"base"`
}

// issueBody is an issue; a pull request is one too, and then says so.
type issueBody struct {
	Number int       `json:"number"`
	Pull   *struct{} `json:"pull_request"`
}

type checkBody struct {
	HeadSHA string     `json:"head_sha"`
	Pulls   []pullBody `json:"pull_requests"`
}

type groupBody struct {
	HeadSHA string `json:"head_sha"`
	HeadRef string `json:"head_ref"`
	BaseSHA string `json:"base_sha"`
	BaseRef string `json:"base_ref"`
}

func (p payloadBody) event(kind Kind) Event {
	e := Event{
		Kind: kind, Action: p.Action, Repository: Named(p.Repository), Installation: p.Installation.ID,
		Pulls: p.pulls(), Before: p.Before, After: p.head(), Sender: proposal.User(p.Sender),
	}
	for _, r := range slices.Concat(p.Repositories, p.Added, p.Removed) {
		e.Repositories = append(e.Repositories, Named(r))
	}
	if kind == Push {
		e.Ref, e.Forced = p.Ref, p.Forced
	}
	if p.Group != nil {
		e.MergeGroup = MergeGroup(*p.Group)
	}
	return e
}

// head returns the commit that it is about.
func (p payloadBody) head() string {
	for _, check := range []*checkBody{p.Run, p.Suite, p.Workflow} {
		if check != nil {
			return check.HeadSHA
		}
	}
	if p.Pull != nil && p.Pull.Head.SHA != "" {
		return p.Pull.Head.SHA
	}
	return p.After
}

// pulls returns the numbers of the pull requests into the repository, in order. Checks
// of a repository with forks name pull requests of those too.
func (p payloadBody) pulls() []int {
	var numbers []int
	if p.Pull != nil {
		numbers = append(numbers, max(p.Pull.Number, p.Number))
	}
	if p.Issue != nil && p.Issue.Pull != nil {
		numbers = append(numbers, p.Issue.Number)
	}
	for _, check := range []*checkBody{p.Run, p.Suite, p.Workflow} {
		if check == nil {
			continue
		}
		for _, pull := range check.Pulls {
			if base := pull.Base.Repo.ID; base == 0 || base == p.Repository.ID {
				numbers = append(numbers, pull.Number)
			}
		}
	}
	numbers = append(numbers, p.queued()...)
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	return slices.DeleteFunc(numbers, func(n int) bool { return n <= 0 })
}

// queued returns the pull request that names the branch of a merge group:
// refs/heads/gh-readonly-queue/main/pr-104-929f...
func (p payloadBody) queued() []int {
	if p.Group == nil {
		return nil
	}
	_, name, ok := strings.Cut(p.Group.HeadRef, "/gh-readonly-queue/")
	at := strings.LastIndex(name, "/pr-")
	if !ok || at < 0 {
		return nil
	}
	digits, _, _ := strings.Cut(name[at+len("/pr-"):], "-")
	if n := number(digits); n > 0 {
		return []int{n}
	}
	return nil
}

func number(digits string) int {
	n := 0
	for _, d := range digits {
		if d < '0' || d > '9' || n > 1<<30 {
			return 0
		}
		n = n*10 + int(d-'0')
	}
	return n
}
