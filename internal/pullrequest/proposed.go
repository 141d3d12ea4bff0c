package pullrequest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/proposal"
)

// shortly is how long to wait for what GitHub does not show yet.
const shortly = 2 * time.Second

// content is what a pull request proposes, as GitHub shows it at one moment.
type content struct {
	tip        string // commit of the base
	comparison proposal.Comparison
	grounds    *grounds
	layouts    []proposal.Layout  // the base's, and the proposed one where that is altered
	every      []proposal.Altered // all that is altered
	altered    []proposal.Altered // of it, what is governed
	merged     []proposal.Entry   // the tree after the merge
	checked    proposal.Checked
	stale      []string
	entries    []proposal.Entry // what exactly is approved
	digest     string
	plans      []planned
	// hands are those who had a hand in it, beside its author and those of its commits.
	hands []proposal.User
}

// proposed looks at an open pull request: validate, plan, count, follow commands, answer.
func (l *lookAt) proposed(ctx context.Context) error {
	c, err := l.gather(ctx)
	if err != nil {
		return err
	}
	if moved, err := l.movedOn(ctx, c); err != nil || moved {
		return err
	}
	if !c.grounds.governed || (len(c.altered) == 0 && len(proposal.Refused(c.every, c.layouts...)) == 0) {
		return l.ungoverned(ctx, c)
	}
	if err := l.validate(ctx, c); err != nil {
		return err
	}
	if err := l.plan(ctx, c); err != nil {
		return err
	}
	l.state.show(l.pull.Head.SHA, l.pull.Base.Ref, c.digest, l.Clock())
	if err := l.reviseEarly(ctx, c); err != nil {
		return err
	}
	if err := l.follow(ctx, c); err != nil {
		return err
	}
	if err := l.count(ctx, c); err != nil {
		return err
	}
	if err := l.queued(ctx, c); err != nil {
		return err
	}
	if err := l.report(ctx); err != nil {
		return err
	}
	l.checks = append(l.checks, proposal.ValidateCheck(l.view), proposal.PlanCheck(l.view), proposal.ApprovalCheck(l.view))
	return l.post(ctx)
}

// movedOn reports whether the pull request became another, such as a merged one, while its
// base was read: what was approved must not be held against a base that has it already.
// The next look sees it as it is.
func (l *lookAt) movedOn(ctx context.Context, c *content) (bool, error) {
	now, err := l.Forge.Pull(ctx, l.repo, l.key.Number)
	if err != nil {
		return false, err
	}
	arrived := l.state.Approved != nil && (c.comparison.Status == "behind" || c.comparison.Status == "identical")
	if now.Open && now.Head.SHA == l.pull.Head.SHA && now.Base.Ref == l.pull.Base.Ref && !arrived {
		return false, nil
	}
	l.quiet = true
	l.once(shortly)
	return true, nil
}

// notYet reports whether GitHub does not show something that it says exists.
func notYet(err error) bool { return change.KindOf(err) == change.KindNotFound }

// gather reads what is proposed.
func (l *lookAt) gather(ctx context.Context) (*content, error) {
	tip, err := l.Forge.Branch(ctx, l.repo, l.pull.Base.Ref)
	if err != nil {
		return nil, err
	}
	c := &content{tip: tip.SHA}
	if c.grounds, err = l.groundsAt(ctx, l.repo, tip.SHA); err != nil {
		return nil, err
	}
	if !c.grounds.governed {
		return c, nil
	}
	return c, l.against(ctx, c)
}

// against reads how the head differs from the base's tip.
func (l *lookAt) against(ctx context.Context, c *content) (err error) {
	if c.comparison, err = l.Forge.Compare(ctx, l.repo, c.tip, l.pull.Head.SHA); err != nil {
		return err
	}
	from, err := l.Forge.Tree(ctx, l.repo, c.comparison.MergeBase)
	if err != nil {
		return err
	}
	head, err := l.Forge.Tree(ctx, l.repo, l.pull.Head.SHA)
	if err != nil {
		return err
	}
	return c.compare(from, head, l.read(ctx))
}

// compare works out what is altered and what the tree will be.
func (c *content) compare(from, head []proposal.Entry, read func(proposal.Entry) ([]byte, error)) error {
	all := proposal.Compare(from, head)
	c.layouts = []proposal.Layout{c.grounds.base.Layout}
	if slices.ContainsFunc(all, func(a proposal.Altered) bool { return a.Path == proposal.LayoutFile && a.New != nil }) {
		after, err := proposal.LoadLayout(head, read)
		if change.KindOf(err) == change.KindUnavailable {
			return err
		}
		if err == nil {
			c.layouts = append(c.layouts, after)
		}
	}
	c.every, c.altered = all, proposal.Governed(all, c.layouts...)
	c.merged = proposal.Merged(c.grounds.tree, c.altered)
	c.stale = proposal.Stale(from, c.grounds.tree, c.altered)
	return nil
}

// after is the layout that is proposed, or nil.
func (c *content) after() *proposal.Layout {
	if len(c.layouts) < 2 {
		return nil
	}
	return &c.layouts[1]
}

// validate reads the altered files.
func (l *lookAt) validate(ctx context.Context, c *content) error {
	l.view.Fork = l.pull.Fork()
	if l.pull.Base.Ref != l.repo.DefaultBranch {
		l.view.Notes = append(l.view.Notes, fmt.Sprintf("A merge into %s schedules nothing: only one into %s does", l.pull.Base.Ref, l.repo.DefaultBranch))
	}
	refused := proposal.Refused(c.every, c.layouts...)
	if len(refused) > 0 {
		l.view.Problems = refused
		return nil
	}
	var err error
	c.checked, err = proposal.Validate(proposal.Proposed{
		Layout: c.grounds.base.Layout, Altered: c.every, Merged: c.merged, Read: l.read(ctx),
	})
	if err != nil {
		return err
	}
	l.view.Problems = c.checked.Annotations
	l.view.Files = otherFiles(c)
	for _, path := range c.stale {
		l.view.Notes = append(l.view.Notes, fmt.Sprintf("%s has been altered on %s too: update the branch, so that what is approved is what will be there", path, l.pull.Base.Ref))
	}
	c.entries = proposal.Content(c.altered, c.merged, c.checked.Names(), c.layouts...)
	if len(l.view.Problems) == 0 && len(c.stale) == 0 {
		c.digest = proposal.Digest(c.entries, c.grounds.version)
	}
	return nil
}

// ungoverned says that there is nothing to approve, to whoever requires the check.
func (l *lookAt) ungoverned(ctx context.Context, c *content) error {
	l.quiet, l.aside, l.done = l.state.Posted[conversation].ID == 0, true, true
	l.state.Approved = nil
	l.state.show(l.pull.Head.SHA, l.pull.Base.Ref, "", l.Clock())
	if !c.grounds.governed {
		return l.keep(ctx)
	}
	l.view.Approval.Complete = c.grounds.broken == nil
	if c.grounds.broken != nil {
		l.view.Approval.Unknown = c.grounds.broken.Error()
	}
	l.checks = []proposal.Check{proposal.ApprovalCheck(l.view)}
	return l.post(ctx)
}

// closedToAll answers where nothing can be said yet: whoever requires the check waits.
// What was said of the same head and base before stands until more can be said; what
// is merged meanwhile is held against it file by file.
func (l *lookAt) closedToAll(ctx context.Context, why error) error {
	if s := l.state.Shown; s.Head == l.pull.Head.SHA && s.Base == l.pull.Base.Ref {
		l.quiet = true
		return nil
	}
	l.state.Approved = nil
	l.view.Approval.Unknown = "GitHub does not show everything yet: " + why.Error()
	l.quiet = true
	l.checks = []proposal.Check{proposal.ApprovalCheck(l.view)}
	return l.post(ctx)
}

// otherFiles lists what else is governed beside change requests and runbooks.
func otherFiles(c *content) []proposal.FileView {
	var out []proposal.FileView
	for _, a := range c.altered {
		kind := c.kind(a.Path)
		if a.New != nil && (kind == proposal.KindChange || kind == proposal.KindRunbook) {
			continue
		}
		out = append(out, proposal.FileView{Path: a.Path, Kind: kind, Removed: a.New == nil, New: a.Old == nil})
	}
	return out
}

// kind says what a file is by the layouts, the base's first.
func (c *content) kind(path string) proposal.FileKind {
	for _, l := range c.layouts {
		if k := l.Kind(path); k != proposal.KindNone {
			return k
		}
	}
	return proposal.KindNone
}
