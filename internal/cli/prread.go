package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
	"github.com/changectl/changectl/internal/proposal"
)

// proposed is what a pull request proposes, as GitHub shows it at one moment.
type proposed struct {
	forge
	pull    proposal.Pull
	layouts []proposal.Layout  // the base's, then the proposed one where that is another
	altered []proposal.Altered // of what is governed
	merged  []proposal.Entry   // the tree after the merge
	checked proposal.Checked
	stale   []string // what the base has altered too
	notes   []string
}

// read reads the files of a pull request and checks them as changectl's App does.
func (f forge) read(ctx context.Context, number int) (*proposed, error) {
	pull, err := f.Pull(ctx, f.repo, number)
	if err != nil {
		return nil, err
	}
	p := &proposed{forge: f, pull: pull}
	tip, err := p.tip(ctx)
	if err != nil {
		return nil, err
	}
	cmp, err := f.Compare(ctx, f.repo, tip, pull.Head.SHA)
	if err != nil {
		return nil, err
	}
	var trees [3][]proposal.Entry
	for i, commit := range []string{tip, cmp.MergeBase, pull.Head.SHA} {
		if trees[i], err = f.Tree(ctx, f.repo, commit); err != nil {
			return nil, err
		}
	}
	return p, p.check(ctx, trees[0], trees[1], trees[2])
}

// tip is the commit of the base: of the branch as it is now, and once the pull request
// is closed, as it was then.
func (p *proposed) tip(ctx context.Context) (string, error) {
	if !p.pull.Open {
		return p.pull.Base.SHA, nil
	}
	c, err := p.Branch(ctx, p.repo, p.pull.Base.Ref)
	return c.SHA, err
}

func (p *proposed) check(ctx context.Context, tip, from, head []proposal.Entry) error {
	all := proposal.Compare(from, head)
	if err := p.layOut(ctx, tip, head, all); err != nil {
		return err
	}
	p.altered = proposal.Governed(all, p.layouts...)
	p.merged = proposal.Merged(tip, p.altered)
	p.stale = proposal.Stale(from, tip, p.altered)
	for _, path := range p.stale {
		p.note("%s has been altered on %s too: update the branch, or nothing is planned", path, p.pull.Base.Ref)
	}
	if p.pull.Fork() {
		p.note("it comes from another repository: the GitHub App only reads its files")
	}
	var err error
	p.checked, err = proposal.Validate(proposal.Proposed{Layout: p.layouts[0], Altered: all, Merged: p.merged, Read: p.bytes(ctx)})
	return err
}

func (p *proposed) bytes(ctx context.Context) func(proposal.Entry) ([]byte, error) {
	return func(e proposal.Entry) ([]byte, error) { return p.Blob(ctx, p.repo, e.Blob) }
}

// layOut finds out what is where in the repository. Where the base does not say it, the
// pull request may.
func (p *proposed) layOut(ctx context.Context, tip, head []proposal.Entry, all []proposal.Altered) error {
	own, err := proposal.LoadLayout(tip, p.bytes(ctx))
	if err != nil && !faulty(err) {
		return err
	}
	p.layouts = []proposal.Layout{own}
	if slices.ContainsFunc(all, func(a proposal.Altered) bool { return a.Path == proposal.LayoutFile && a.New != nil }) {
		after, e := proposal.LoadLayout(head, p.bytes(ctx))
		if e != nil && !faulty(e) {
			return e
		}
		if e == nil {
			p.layouts = append(p.layouts, after)
		}
		if err != nil {
			p.note("%s has no %s that can be used: the GitHub App looks at pull requests once it has", p.pull.Base.Ref, proposal.LayoutFile)
			return nil
		}
	}
	if change.KindOf(err) == change.KindNotFound {
		return change.NotFound("%s has no %s, neither on %s nor in the pull request", p.repo.FullName(), proposal.LayoutFile, p.pull.Base.Ref).
			WithHint("add the file, which says where runbooks and changes are")
	}
	if err != nil {
		return change.FailedTo("%s of %s cannot be used: %w", proposal.LayoutFile, p.pull.Base.Ref, err)
	}
	return nil
}

// faulty reports whether an error says something of what was read, or that it is not
// there, and not that it could not be read.
func faulty(err error) bool {
	k := change.KindOf(err)
	return k == change.KindInvalid || k == change.KindNotFound || len(document.Problems(err)) > 0
}

func (p *proposed) note(format string, args ...any) {
	p.notes = append(p.notes, fmt.Sprintf(format, args...))
}

// name is that of the pull request, for people.
func (f forge) name(number int) string { return fmt.Sprintf("%s#%d", f.repo.FullName(), number) }

// kind says what a file is by the layouts, the base's first.
func (p *proposed) kind(path string) proposal.FileKind {
	for _, l := range p.layouts {
		if k := l.Kind(path); k != proposal.KindNone {
			return k
		}
	}
	return proposal.KindNone
}

// files are what was found in the files of the pull request, by path.
func (p *proposed) files() []validated {
	names := map[string]string{}
	for _, r := range p.checked.Requests {
		names[r.Path] = r.Request.Title
	}
	for _, r := range p.checked.Runbooks {
		names[r.Path] = r.Runbook.Info().Name
	}
	all := []validated{}
	at := func(path string) *validated {
		i := slices.IndexFunc(all, func(v validated) bool { return v.File == path })
		if i < 0 {
			all = append(all, validated{File: path, Kind: string(p.kind(path)), Name: names[path]})
			i = len(all) - 1
		}
		return &all[i]
	}
	for _, a := range p.altered {
		if a.New != nil {
			at(a.Path)
		}
	}
	for _, a := range p.checked.Annotations {
		v := at(a.Path)
		v.Problems = append(v.Problems, &document.Problem{File: a.Path, Line: a.Line, Column: max(a.Column, 1), Message: a.Message})
	}
	return all
}
