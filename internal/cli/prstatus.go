package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/proposal"
)

type prStatusOptions struct{ prOptions }

// pullStatus is what GitHub and the server show of a pull request.
type pullStatus struct {
	Repository   string           `json:"repository"`
	RepositoryID int64            `json:"repositoryId"`
	Number       int              `json:"number"`
	Title        string           `json:"title"`
	URL          string           `json:"url"`
	State        string           `json:"state"` // open, draft, merged or closed
	Author       string           `json:"author"`
	Head         string           `json:"head"`
	HeadRef      string           `json:"headRef"`
	Base         string           `json:"base"`
	MergeCommit  string           `json:"mergeCommit,omitempty"`
	MergedBy     string           `json:"mergedBy,omitempty"`
	Checks       []pullCheck      `json:"checks"`
	Reviews      []pullReview     `json:"reviews"`           // of the head
	Earlier      int              `json:"earlier,omitempty"` // reviews of other commits
	Changes      []change.Summary `json:"changes,omitempty"`
}

type pullCheck struct {
	Name       string `json:"name"`
	Conclusion string `json:"conclusion"` // in_progress where there is none yet
	Title      string `json:"title"`
}

type pullReview struct {
	Login string    `json:"login"`
	State string    `json:"state"`
	At    time.Time `json:"at"`
	URL   string    `json:"url,omitempty"`
}

func newPRStatus(env *Env, run func(context.Context, *prStatusOptions) error) *cobra.Command {
	o := &prStatusOptions{prOptions{env: env}}
	cmd := &cobra.Command{
		Use:   "status [N]",
		Short: "Show where a pull request and its changes stand",
		Long: `Show a pull request as GitHub has it: state, head, the checks whose names begin with
changectl/ (whoever made them), the reviews of the head; and from the server the changes
that it led to. Without a server the changes are left out. -o name prints the changes.`,
		Args: atMost("N"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.take(args)
			return run(cmd.Context(), o)
		},
	}
	o.register(cmd)
	return cmd
}

func runPRStatus(ctx context.Context, o *prStatusOptions) error {
	guardActions(o.env, formatText)
	f, number, err := o.open(ctx)
	if err != nil {
		return err
	}
	s, err := f.status(ctx, number)
	if err != nil {
		return err
	}
	c, _, away := o.env.client()
	if away == nil {
		s.Changes, away = c.List(ctx, f.changesOf(number))
	} else if change.KindOf(away) == change.KindUnavailable {
		o.env.say("the changes are not shown: %s", away)
		away = nil
	}
	err = o.env.print(view{
		data:  s,
		text:  func() string { return s.text(o.env) },
		names: func() []string { return changeNames(s.Changes) },
	})
	if err != nil {
		return err
	}
	return away
}

// changesOf selects the changes of a pull request.
func (f forge) changesOf(number int) httpapi.Filter {
	return httpapi.Filter{Origin: &change.PullKey{RepositoryID: f.repo.ID, Number: number}}
}

func changeNames(list []change.Summary) []string {
	names := make([]string, len(list))
	for i, c := range list {
		names[i] = string(c.ID)
	}
	return names
}

// status reads what GitHub shows of a pull request.
func (f forge) status(ctx context.Context, number int) (pullStatus, error) {
	p, err := f.Pull(ctx, f.repo, number)
	if err != nil {
		return pullStatus{}, err
	}
	checks, err := f.Checks(ctx, f.repo, p.Head.SHA)
	if err != nil {
		return pullStatus{}, err
	}
	reviews, err := f.Reviews(ctx, f.repo, number)
	if err != nil {
		return pullStatus{}, err
	}
	s := pullStatus{
		Repository: f.repo.FullName(), RepositoryID: f.repo.ID, Number: number, Title: p.Title, URL: p.URL, State: stateOf(p),
		Author: p.Author.Login, Head: p.Head.SHA, HeadRef: p.Head.Ref, Base: p.Base.Ref,
		MergeCommit: p.MergeCommit, MergedBy: p.MergedBy.Login, Checks: ownChecks(checks),
	}
	s.Reviews, s.Earlier = ofHead(reviews, p.Head.SHA)
	return s, nil
}

func stateOf(p proposal.Pull) string {
	switch {
	case p.Merged:
		return "merged"
	case !p.Open:
		return "closed"
	case p.Draft:
		return "draft"
	}
	return "open"
}

// over reports whether nothing can be pushed to it any more.
func (s pullStatus) over() bool { return s.State == "merged" || s.State == "closed" }

func ownChecks(all []proposal.Check) []pullCheck {
	own := []pullCheck{}
	for _, c := range all {
		if !strings.HasPrefix(c.Name, "changectl/") {
			continue
		}
		k := pullCheck{c.Name, c.Conclusion, c.Title}
		if k.Conclusion == "" {
			k.Conclusion = "in_progress"
		}
		own = append(own, k)
	}
	return own
}

// ofHead returns the last word of each reviewer on the head, and how many reviews are of
// other commits. A comment is no word.
func ofHead(all []proposal.Review, head string) (words []pullReview, earlier int) {
	words = []pullReview{}
	for _, r := range all {
		switch {
		case r.State == "COMMENTED" || r.State == "PENDING":
		case r.Commit != head:
			earlier++
		default:
			words = said(words, pullReview{r.User.Login, strings.ToLower(r.State), r.SubmittedAt, r.URL})
		}
	}
	return words, earlier
}

// said puts a review in the place of an earlier one of the same person.
func said(words []pullReview, r pullReview) []pullReview {
	for i, w := range words {
		if w.Login == r.Login {
			words[i] = r
			return words
		}
	}
	return append(words, r)
}
