package pullrequest

import (
	"context"
	"errors"
	"slices"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/desk"
	"github.com/changectl/changectl/internal/document"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/proposal"
	"github.com/changectl/changectl/internal/request"
	"github.com/changectl/changectl/internal/runbook"
)

// planned is an altered change request with the plan that it comes to.
type planned struct {
	proposal.ProposedChange
	preview httpapi.Preview
	self    change.ID // that it revises, or empty
}

// plan has every altered change request planned. Where the author is nobody known, or
// the head is in another repository, nothing of the estate is told.
func (l *lookAt) plan(ctx context.Context, c *content) error {
	author, withheld := l.author()
	l.view.Outsider = withheld != "" && !l.view.Fork
	for _, r := range c.checked.Runbooks {
		l.view.Runbooks = append(l.view.Runbooks, runbookView(r))
	}
	for _, r := range c.checked.Requests {
		v := proposal.ChangeView{Path: r.Path, Title: r.Request.Title, Withheld: withheld, Differences: r.Differences()}
		if withheld == "" && len(l.view.Problems) == 0 && len(c.stale) == 0 {
			if err := l.planOne(ctx, c, r, author, &v); err != nil {
				return err
			}
		}
		l.view.Changes = append(l.view.Changes, v)
	}
	if len(l.view.Problems) > 0 {
		c.digest = "" // what does not compile is not approved
	}
	return nil
}

// author returns whom the pull request is of, or why its plan is not shown.
func (l *lookAt) author() (author change.Person, withheld string) {
	if l.pull.Fork() {
		return author, "the pull request comes from another repository; its files are only read. Bring it into a branch of " + l.repo.FullName() + " to have it planned"
	}
	if !l.pull.Author.Human() {
		return author, "the author of the pull request is no person"
	}
	author, err := l.person(l.pull.Author.Login)
	if err != nil {
		return author, "the author of the pull request is nobody whom the catalog knows by the account"
	}
	return author, ""
}

func (l *lookAt) planOne(ctx context.Context, c *content, r proposal.ProposedChange, author change.Person, v *proposal.ChangeView) error {
	p := planned{ProposedChange: r}
	if pin, ok := l.revises(r.Path); ok {
		p.self, v.ID = pin.Change, pin.Change
	}
	d := l.draft(ctx, c, r, "", l.authors(c))
	for _, before := range c.plans {
		d.Beside = append(d.Beside, desk.Beside{Name: before.Path, Plan: before.preview.Plan})
	}
	var err error
	p.preview, err = l.Desk.PreviewDraft(ctx, author, p.self, d)
	switch change.KindOf(err) {
	case change.KindInvalid, change.KindNotFound, change.KindDenied, change.KindConflict:
		l.view.Problems = append(l.view.Problems, located(r, err)...)
		return nil
	case "", change.KindAwaiting, change.KindUnavailable, change.KindFailed:
	}
	if err != nil {
		return err
	}
	c.plans = append(c.plans, p)
	v.Plan, v.Findings = &p.preview.Plan, p.preview.Findings
	return nil
}

// located takes an answer of the desk back to the line that it is about.
func located(r proposal.ProposedChange, err error) []proposal.Annotation {
	var out []proposal.Annotation
	for _, p := range document.Problems(request.Locate(r.Document, err)) {
		if p.File == "" {
			p.File = r.Path
		}
		message := p.Message
		if p.Path != "" {
			message = p.Path + " " + p.Message
		}
		out = append(out, proposal.Annotation{Path: p.File, Line: max(p.Line, 1), Column: p.Column, Level: "failure", Message: message})
	}
	if len(out) == 0 {
		var e *change.Error
		text := err.Error()
		if errors.As(err, &e) {
			text = e.Error()
		}
		out = append(out, proposal.Annotation{Path: r.Path, Line: 1, Level: "failure", Message: text})
	}
	return out
}

// revises returns the change that the pull request revises by a file, instead of making
// another one that is in its way.
func (l *lookAt) revises(path string) (change.Pin, bool) {
	return change.Revised(l.pending, path, l.pull.Base.Ref, l.key.Number)
}

// draft is a change request with the runbooks that will be there after the merge.
func (l *lookAt) draft(ctx context.Context, c *content, r proposal.ProposedChange, commit string, authors []change.Ref) desk.Draft {
	req := r.Request
	req.Nonce = ""
	return desk.Draft{
		Request: req,
		More:    func(p change.Plan) ([]change.Requirement, error) { return l.byTheBase(c.grounds, p) },
		Library: shelf{
			layouts: c.layouts, tree: c.merged, read: l.read(ctx), own: l.Library,
			source: change.Source{Repository: l.repo.FullName(), Commit: commit},
		},
		Origin: &change.Origin{
			RepositoryID: l.repo.ID, Repository: l.repo.FullName(), Number: l.key.Number, Base: l.pull.Base.Ref,
			Head: l.pull.Head.SHA, Commit: commit, Path: r.Path, Content: c.digest, Authors: authors,
		},
	}
}

// authors are the persons who wrote the pull request, as far as they are known.
func (l *lookAt) authors(c *content) []change.Ref {
	var out []change.Ref
	add := func(u proposal.User) {
		if p, err := l.person(u.Login); u.Login != "" && err == nil && !slices.Contains(out, p.Ref) {
			out = append(out, p.Ref)
		}
	}
	add(l.pull.Author)
	for _, commit := range c.comparison.Commits {
		add(commit.Author)
		add(commit.Committer)
	}
	for _, u := range c.hands {
		add(u)
	}
	slices.Sort(out)
	return out
}

// shelf finds runbooks in a tree of the repository, and then among the installation's.
type shelf struct {
	layouts []proposal.Layout
	tree    []proposal.Entry
	read    func(proposal.Entry) ([]byte, error)
	own     desk.Library
	source  change.Source
}

// Find returns the runbook of a name.
func (s shelf) Find(name string) (*runbook.Runbook, change.Source, []byte, error) {
	files := proposal.RunbookFiles(name, s.tree, s.layouts...)
	if len(files) == 0 {
		return s.own.Find(name)
	}
	if len(files) > 1 {
		return nil, change.Source{}, nil, change.Invalid("%q is the name of two runbooks, %s and %s", name, files[0].Path, files[1].Path).At("spec.runbook")
	}
	b, err := s.read(files[0])
	if err != nil {
		return nil, change.Source{}, nil, err
	}
	book, source, err := runbook.Named(name, files[0].Path, b)
	source.Repository, source.Commit = s.source.Repository, s.source.Commit
	return book, source, b, err
}

// List returns the installation's own.
func (s shelf) List() ([]*runbook.Runbook, []change.Source, error) { return s.own.List() }

func runbookView(r proposal.ProposedRunbook) proposal.RunbookView {
	i := r.Runbook.Info()
	v := proposal.RunbookView{Path: r.Path, Name: i.Name, Title: i.Title, Owner: i.Owner, New: r.Old == nil, Differences: r.Differences()}
	for _, s := range r.Runbook.Spec.Steps {
		v.Steps = append(v.Steps, proposal.StepView{Name: s.Name, Title: s.Title, Phase: s.Phase})
	}
	return v
}
