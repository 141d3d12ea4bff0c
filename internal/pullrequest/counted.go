package pullrequest

import (
	"context"
	"fmt"
	"slices"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/proposal"
)

// count holds the owners' reviews against what must be approved.
func (l *lookAt) count(ctx context.Context, c *content) error {
	was := l.state.Approved
	l.state.Approved = nil
	defer func() { l.tellVoid(was) }()
	l.view.Approval, l.view.Policy = proposal.Approval{Digest: c.digest}, c.grounds.version
	if why := l.uncountable(c); why != "" {
		l.view.Approval.Unknown = why
		return nil
	}
	needs, err := l.needs(ctx, c)
	if change.KindOf(err) == change.KindUnavailable {
		return err
	}
	if err != nil {
		l.view.Approval.Unknown = "who must approve cannot be told: " + err.Error()
		return nil
	}
	a, err := l.tally(ctx, c, needs)
	if err != nil {
		return err
	}
	l.view.Approval = a
	if a.Complete {
		l.approve(c)
	}
	return nil
}

// tellVoid says, until it is approved again, that what was approved is something else.
func (l *lookAt) tellVoid(was *approved) {
	switch {
	case l.state.Approved != nil:
		l.state.Void = ""
	case was != nil && was.Head != l.pull.Head.SHA:
		l.state.Void = fmt.Sprintf("It was approved at %.12s; the pull request was pushed to since, and what is there now is not approved", was.Head)
	case was != nil && was.Base != l.pull.Base.Ref:
		l.state.Void = fmt.Sprintf("It was approved for %s; it goes to another branch now", was.Base)
	case was != nil:
		l.state.Void = "It was approved; that does not hold any more, for the reasons given"
	}
	if l.state.Void != "" {
		l.view.Stale = append(l.view.Stale, l.state.Void)
	}
}

// uncountable says why nobody's approval can count yet.
func (l *lookAt) uncountable(c *content) string {
	switch {
	case c.grounds.broken != nil:
		return c.grounds.broken.Error()
	case len(l.view.Problems) > 0:
		return "the files have problems; see " + proposal.ValidateName
	case len(c.stale) > 0:
		return fmt.Sprintf("the branch is behind %s in what it alters; update it", l.pull.Base.Ref)
	case c.digest == "":
		return "what is proposed is not known yet"
	}
	if _, withheld := l.author(); withheld != "" && len(c.checked.Requests) > 0 {
		return withheld
	}
	return ""
}

// needs returns who must approve: the owners by the base's rules, and for every
// change request those whom its plan asks for.
func (l *lookAt) needs(ctx context.Context, c *content) ([]proposal.Need, error) {
	base := c.grounds.base
	base.Catalog = l.Catalog()
	if c.grounds.catalog != nil {
		base.Catalog = c.grounds.catalog
	}
	var plans []proposal.Planned
	for _, p := range c.plans {
		plans = append(plans, proposal.Planned{Path: p.Path, Plan: p.preview.Plan})
	}
	return proposal.NeedsOf(base, c.after(), c.altered, plans, l.read(ctx))
}

// byTheBase returns what the base's own catalog and policy ask for, where it has them,
// besides what the plan asks for already: it becomes part of the plan, so that the ledger
// and the gate ask for it too.
func (l *lookAt) byTheBase(g *grounds, plan change.Plan) ([]change.Requirement, error) {
	if g.catalog == nil && g.policy == nil {
		return nil, nil
	}
	policy := l.Policy
	if g.policy != nil {
		policy = g.policy
	}
	asked := plan.Approvals
	plan.Targets = slices.Clone(plan.Targets)
	for i, t := range plan.Targets {
		if g.catalog == nil {
			break
		}
		e, err := g.catalog.Entity(t.Ref)
		if err != nil {
			return nil, change.Invalid("%s is not in the catalog of the base branch: %w", t.Ref, err)
		}
		plan.Targets[i].Owner = e.Owner
	}
	list, err := policy.Requirements(plan)
	var more []change.Requirement
	for _, q := range list {
		// Which systems are whose is told by the installation's catalog when it starts.
		q.Systems, q.Rule = nil, q.Rule+" of the repository"
		if !slices.ContainsFunc(asked, func(o change.Requirement) bool { return covers(o, q) }) {
			more = append(more, q)
		}
	}
	return more, err
}

// covers reports whether whoever meets one requirement meets the other.
func covers(o, q change.Requirement) bool {
	return o.Role == q.Role && o.Count >= q.Count && o.Second == q.Second && (o.Signature || !q.Signature)
}

func (l *lookAt) tally(ctx context.Context, c *content, needs []proposal.Need) (proposal.Approval, error) {
	people := l.people(c.grounds)
	ballot, err := l.ballot(ctx, c)
	if err != nil {
		return proposal.Approval{}, err
	}
	return proposal.Tally(needs, proposal.Count(ballot, people), people), nil
}

// ballot gathers what was said. Who pushed is asked for only where somebody approves.
func (l *lookAt) ballot(ctx context.Context, c *content) (proposal.Ballot, error) {
	b := proposal.Ballot{
		Head: l.pull.Head.SHA, Author: l.pull.Author, Commits: c.comparison.Commits, Total: c.comparison.Total,
		Digest: c.digest, Shown: l.state.Shown.Since,
	}
	var err error
	if b.Reviews, err = l.Forge.Reviews(ctx, l.repo, l.key.Number); err != nil {
		return b, err
	}
	for _, s := range l.state.Says {
		if s.Digest == c.digest || s.Reject {
			b.Says = append(b.Says, s.Say)
		}
	}
	if !slices.ContainsFunc(b.Reviews, func(r proposal.Review) bool { return r.State == "APPROVED" && r.Commit == b.Head }) && len(b.Says) == 0 {
		return b, nil
	}
	b.Pusher, err = l.Forge.Pusher(ctx, l.repo, l.pull.Head.Ref, b.Head)
	if notYet(err) {
		l.once(shortly)
		return b, nil // nobody's approval counts before that is known
	}
	return b, err
}

// approve notes what the owners approved, for the merge to be held against.
func (l *lookAt) approve(c *content) {
	a := approved{shown: l.state.Shown, Grounds: c.tip, Policy: c.grounds.version}
	for _, e := range c.entries {
		a.Paths = append(a.Paths, e.Path)
	}
	l.state.Approved = &a
}
