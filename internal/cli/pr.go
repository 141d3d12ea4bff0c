package cli

import (
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/github"
	"github.com/changectl/changectl/internal/proposal"
)

// prOptions say which pull request is meant, and how GitHub is reached.
type prOptions struct {
	env    *Env
	repo   string
	number string
	url    string
}

const prLong = `Look at a pull request of runbooks and changes from here: check its files, plan what it
asks for, and see what came of it. Nothing is written, neither at GitHub nor on the server.

The repository is the one of -R or GH_REPO, otherwise that of the git remote origin. The
pull request is the one that is named, otherwise the open one of the current branch, or in
GitHub Actions the one that the workflow runs for. The token is that of GH_TOKEN or
GITHUB_TOKEN, otherwise that of gh, if it is installed and signed in (gh auth login); it has
to read contents, pull requests and checks. GitHub Enterprise Server is reached by
--github-url or GITHUB_API_URL.`

func newPR(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "pr",
		Short: "Check, plan and watch what a pull request at GitHub proposes",
		Long:  prLong,
		Args:  cobra.ArbitraryArgs,
		RunE:  group,
	}
	cmd.AddCommand(newPRValidate(env, runPRValidate), newPRPlan(env, runPRPlan), newPRStatus(env, runPRStatus), newPRWatch(env, runPRWatch))
	return cmd
}

func (o *prOptions) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&o.repo, "repo", "R", "", "repository as owner/name (GH_REPO)")
	f.StringVar(&o.url, "github-url", "", "address of GitHub's API (GITHUB_API_URL, default "+github.DefaultBaseURL+")")
}

// take keeps the argument of a command.
func (o *prOptions) take(args []string) {
	if len(args) > 0 {
		o.number = args[0]
	}
}

// forge is GitHub as a person sees it, at one repository.
type forge struct {
	*github.Client
	repo proposal.Repository
}

// open reaches GitHub and finds repository and pull request.
func (o *prOptions) open(ctx context.Context) (forge, int, error) {
	host, err := o.host()
	if err != nil {
		return forge{}, 0, err
	}
	name, err := o.repository(ctx, host)
	if err != nil {
		return forge{}, 0, err
	}
	token, err := o.token(ctx, host)
	if err != nil {
		return forge{}, 0, err
	}
	c, err := github.WithToken(o.base(), token)
	if err != nil {
		return forge{}, 0, change.Invalid("reach GitHub: %w", err)
	}
	repo, err := c.Find(ctx, name.owner, name.name)
	if err != nil {
		return forge{}, 0, err
	}
	f := forge{c, repo}
	number, err := o.which(ctx, f)
	return f, number, err
}

// token returns the person's token for GitHub. It is never printed.
func (o *prOptions) token(ctx context.Context, host string) (string, error) {
	for _, name := range []string{"GH_TOKEN", "GITHUB_TOKEN"} {
		if t := strings.TrimSpace(o.env.Getenv(name)); t != "" {
			return t, nil
		}
	}
	if t, err := o.env.program(ctx, "gh", "auth", "token", "--hostname", host); err == nil && t != "" {
		return t, nil
	}
	return "", change.Denied("there is no token for GitHub").
		WithHint("sign in with gh auth login, or set GH_TOKEN to a token that reads contents, pull requests and checks of the repository")
}

// which returns the number of the pull request that is meant.
func (o *prOptions) which(ctx context.Context, f forge) (int, error) {
	if o.number != "" {
		n, err := strconv.Atoi(strings.TrimPrefix(o.number, "#"))
		if err != nil || n < 1 {
			return 0, change.Invalid("%q is not the number of a pull request; write for example 12", o.number)
		}
		return n, nil
	}
	branch, err := o.env.program(ctx, "git", "symbolic-ref", "--quiet", "--short", "HEAD")
	if err != nil || branch == "" {
		if n, ok := o.triggered(); ok {
			return n, nil
		}
		return 0, change.Invalid("no pull request is named, and there is no current branch here").WithHint("name its number: changectl pr status 12")
	}
	return openOf(ctx, f, branch)
}

// triggered returns the pull request that a workflow of GitHub Actions runs for.
func (o *prOptions) triggered() (int, bool) {
	rest, ok := strings.CutPrefix(o.env.Getenv("GITHUB_REF"), "refs/pull/")
	number, _, _ := strings.Cut(rest, "/")
	n, err := strconv.Atoi(number)
	return n, ok && err == nil && n > 0
}

// openOf finds the open pull request of a branch of the repository itself.
func openOf(ctx context.Context, f forge, branch string) (int, error) {
	all, err := f.Pulls(ctx, f.repo)
	if err != nil {
		return 0, err
	}
	var found []string
	n := 0
	for _, p := range all {
		if p.Head.Ref == branch && !p.Fork() {
			n, found = p.Number, append(found, "#"+strconv.Itoa(p.Number))
		}
	}
	switch len(found) {
	case 0:
		return 0, change.NotFound("%s has no open pull request of the branch %s", f.repo.FullName(), branch).
			WithHint("name its number: changectl pr status 12")
	case 1:
		return n, nil
	}
	return 0, change.Invalid("%s has several open pull requests of the branch %s: %s", f.repo.FullName(), branch, strings.Join(found, ", ")).
		WithHint("name the number of one")
}
