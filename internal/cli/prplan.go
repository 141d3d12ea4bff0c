package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/proposal"
	"github.com/changectl/changectl/internal/report"
	"github.com/changectl/changectl/internal/request"
)

type prPlanOptions struct{ prOptions }

// plannedFile is the plan of one change request.
type plannedFile struct {
	Path string `json:"path"`
	httpapi.Preview
}

func newPRPlan(env *Env, run func(context.Context, *prPlanOptions) error) *cobra.Command {
	o := &prPlanOptions{prOptions{env: env}}
	cmd := &cobra.Command{
		Use:   "plan [N]",
		Short: "Show what the changes of a pull request would come to, and write nothing",
		Long: `Check the files of a pull request and have the server plan each of its change requests,
with the runbooks as they will be after the merge: systems, steps with their ways back, risk,
who must approve, and what stands in the way. Nothing is written. The exit code is 1 if
files have problems, 3 if a change would be refused.

The plan is made as one of yours and is pinned to no commit. What is approved in the end is
the plan that changectl's own GitHub App shows.`,
		Args: atMost("N"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.take(args)
			return run(cmd.Context(), o)
		},
	}
	o.register(cmd)
	return cmd
}

func runPRPlan(ctx context.Context, o *prPlanOptions) error {
	guardActions(o.env, formatText)
	c, _, err := o.env.client()
	if err != nil {
		return err
	}
	f, number, err := o.open(ctx)
	if err != nil {
		return err
	}
	p, err := f.read(ctx, number)
	if err != nil {
		return err
	}
	p.tellNotes(o.env)
	if err := p.plannable(o.env); err != nil {
		return err
	}
	plans, problems, err := p.plan(ctx, c)
	if err != nil {
		return err
	}
	if err := o.show(plans); err != nil {
		return err
	}
	if len(problems) > 0 {
		return p.wrong(o.env, problems)
	}
	return blocked(plans)
}

// plannable refuses to plan what is wrong in itself or not what will be there.
func (p *proposed) plannable(env *Env) error {
	var wrong []validated
	for _, v := range p.files() {
		if len(v.Problems) > 0 {
			wrong = append(wrong, v)
		}
	}
	if len(wrong) > 0 {
		return p.wrong(env, wrong)
	}
	if len(p.stale) > 0 {
		return change.Conflict("nothing is planned while the branch is behind %s in what it alters", p.pull.Base.Ref).
			WithHint("update the branch: merge %s into it, or rebase it", p.pull.Base.Ref)
	}
	if len(p.checked.Requests) == 0 {
		env.say("%s asks for no change", p.name(p.pull.Number))
	}
	return nil
}

// wrong tells of problems and has the exit code be 1.
func (p *proposed) wrong(env *Env, wrong []validated) error {
	for _, v := range wrong {
		for _, one := range v.Problems {
			env.say("%s", report.OneLine(one.Error()))
		}
	}
	return &codedError{ExitFailed, fmt.Errorf("%d of %d files have problems", len(wrong), len(p.files()))}
}

// plan asks the server for the plan of each change request. What it finds wrong with a
// file is a problem, and does not keep the others from being planned.
func (p *proposed) plan(ctx context.Context, c *httpapi.Client) ([]plannedFile, []validated, error) {
	plans, wrong := []plannedFile{}, []validated{}
	for _, r := range p.checked.Requests {
		ask, err := p.proposal(ctx, r)
		if err != nil {
			return nil, nil, err
		}
		got, err := c.PreviewProposal(ctx, ask)
		if problems := document.Problems(request.Locate(r.Document, err)); len(problems) > 0 {
			wrong = append(wrong, validated{File: r.Path, Problems: problems})
			continue
		}
		if err != nil {
			return nil, nil, fmt.Errorf("plan %s: %w", r.Path, err)
		}
		if own := p.instance(); own != got.Plan.Instance {
			return nil, nil, change.Invalid("the server is the installation %q; %s is served by %q", got.Plan.Instance, p.repo.FullName(), own).
				WithHint("name that server with --server or --profile")
		}
		plans = append(plans, plannedFile{r.Path, got})
	}
	return plans, wrong, nil
}

// instance is the installation that serves the repository.
func (p *proposed) instance() string {
	for _, l := range p.layouts {
		if l.Instance != "" {
			return l.Instance
		}
	}
	return ""
}

// proposal is a change request with the runbook that it names, as it is after the merge.
func (p *proposed) proposal(ctx context.Context, r proposal.ProposedChange) (httpapi.ProposalRequest, error) {
	ask := httpapi.ProposalRequest{Request: r.Request, Origin: httpapi.ProposalOrigin{
		RepositoryID: p.repo.ID, Repository: p.repo.FullName(), Number: p.pull.Number,
		Head: p.pull.Head.SHA, Base: p.pull.Base.Ref, Path: r.Path,
	}}
	for _, e := range proposal.RunbookFiles(r.Request.Runbook, p.merged, p.layouts...) {
		b, err := p.Blob(ctx, p.repo, e.Blob)
		if err != nil {
			return ask, fmt.Errorf("read %s: %w", e.Path, err)
		}
		ask.Runbooks = append(ask.Runbooks, httpapi.ProposedRunbook{Path: e.Path, YAML: string(b)})
	}
	return ask, nil
}

func (o *prPlanOptions) show(plans []plannedFile) error {
	return o.env.print(view{
		data: plans,
		text: func() string { return plansText(plans) },
		names: func() []string {
			names := make([]string, len(plans))
			for i, p := range plans {
				names[i] = p.Path
			}
			return names
		},
	})
}

func plansText(plans []plannedFile) string {
	texts := make([]string, len(plans))
	for i, p := range plans {
		texts[i] = "== " + report.OneLine(p.Path) + "\n\n" + previewText(p.Preview)
	}
	return strings.Join(texts, "\n")
}

// blocked is the error of plans of which some would be refused.
func blocked(plans []plannedFile) error {
	var paths, hints []string
	for _, p := range plans {
		if v := (change.Verdict{Findings: p.Findings}); !v.Blocked() {
			continue
		}
		paths = append(paths, p.Path)
		if w, ok := report.NextSlot(p.Findings); ok {
			hints = append(hints, "the next free slot of "+p.Path+" is "+report.Window(w))
		}
	}
	if len(paths) == 0 {
		return nil
	}
	if len(hints) == 0 {
		hints = []string{"choose another window or other systems"}
	}
	return change.Conflict("merged like this, it would be refused: %s", strings.Join(paths, ", ")).WithHint("%s", strings.Join(hints, "; "))
}
