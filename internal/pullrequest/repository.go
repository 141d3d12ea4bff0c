package pullrequest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/desk"
	"github.com/changectl/changectl/internal/proposal"
	"github.com/changectl/changectl/workflows"
)

// lookAtRepository looks after what was merged: commits that are no longer on their
// branch hold their changes, and so does an installation that is suspended. What came to
// the default branch without a pull request is taken up, unapproved.
func (c *Counter) lookAtRepository(ctx context.Context, k change.PullKey, repo proposal.Repository, away error) (workflows.PullView, error) {
	view := workflows.PullView{Title: repo.FullName(), Done: true}
	pins, err := c.Ledger.PinsIn(ctx, k.RepositoryID)
	if err != nil {
		return view, err
	}
	if away != nil {
		return c.lookAway(ctx, view, pins, away)
	}
	for _, p := range pins {
		if err := c.lookAtPin(ctx, repo, p); err != nil {
			return view, fmt.Errorf("look after %s: %w", p.Change, err)
		}
	}
	view.Details = fmt.Sprintf("%d changes wait that come from %s", len(pins), plain(repo.FullName()))
	again, err := c.lookAtPushes(ctx, k, repo)
	view.Again, view.Done = change.Duration(again), again == 0
	return view, err
}

// lookAway holds what waits when the App may not look any more.
func (c *Counter) lookAway(ctx context.Context, view workflows.PullView, pins []change.Pin, away error) (workflows.PullView, error) {
	if kind := change.KindOf(away); kind != change.KindConflict && kind != change.KindDenied && kind != change.KindNotFound {
		return view, away
	}
	var e *change.Error
	why := away.Error()
	if errors.As(away, &e) {
		why = e.Message
	}
	for _, p := range pins {
		if err := c.detach(ctx, p, "the repository that this change comes from cannot be looked at: "+why); err != nil {
			return view, err
		}
	}
	view.Details = plain(why)
	return view, nil
}

// lookAtPin holds a change whose commit was taken off the branch, and lets it go when it
// is there again.
func (c *Counter) lookAtPin(ctx context.Context, repo proposal.Repository, p change.Pin) error {
	if p.Commit == "" {
		return c.detach(ctx, p, "")
	}
	there, err := c.onBranch(ctx, repo, p.Base, p.Commit)
	if err != nil && !notYet(err) {
		return err
	}
	if there {
		return c.detach(ctx, p, "")
	}
	return c.detach(ctx, p, fmt.Sprintf("the commit %s, to which this change is pinned, is no longer on %s of %s", p.Commit, p.Base, repo.FullName()))
}

func (c *Counter) detach(ctx context.Context, p change.Pin, why string) error {
	if p.Detached == why {
		return nil
	}
	return c.Ledger.Detach(ctx, p.Change, why)
}

// lookAtPushes takes up what is new on the default branch, and says when to look again.
func (c *Counter) lookAtPushes(ctx context.Context, k change.PullKey, repo proposal.Repository) (again time.Duration, err error) {
	kept, err := c.Ledger.Pull(ctx, k)
	if err != nil {
		return 0, err
	}
	st, err := readState(kept)
	if err != nil {
		return 0, err
	}
	tip, err := c.Forge.Branch(ctx, repo, repo.DefaultBranch)
	if err != nil || tip.SHA == st.Tip {
		return 0, err
	}
	l := &lookAt{
		Counter: c, key: k, repo: repo, kept: kept, state: st,
		pull: proposal.Pull{Repository: repo, Base: proposal.Branch{Ref: repo.DefaultBranch, SHA: tip.SHA}, Head: proposal.Branch{SHA: tip.SHA}},
	}
	if st.Tip != "" { // the first look takes the branch as it is
		if err := l.takePushes(ctx, st.Tip, tip.SHA); err != nil || l.again > 0 {
			return l.again, err
		}
	}
	l.state.Tip = tip.SHA
	return 0, l.keep(ctx)
}

// takePushes looks at what came to the branch between two commits. What a merged pull
// request brought is that one's; the rest was pushed.
func (l *lookAt) takePushes(ctx context.Context, from, to string) error {
	cmp, err := l.Forge.Compare(ctx, l.repo, from, to)
	if err != nil && !notYet(err) {
		return err
	}
	if err != nil || cmp.Status != "ahead" {
		return nil // pushed over: the pins have been looked at
	}
	if err := l.lookAtMerges(ctx, cmp); err != nil || l.again > 0 {
		return err
	}
	g, err := l.groundsAt(ctx, l.repo, from)
	if err != nil || !g.governed || g.broken != nil {
		return err
	}
	head, err := l.Forge.Tree(ctx, l.repo, to)
	if err != nil {
		return err
	}
	c := &content{tip: from, comparison: cmp, grounds: g}
	if err := c.compare(g.tree, head, l.read(ctx)); err != nil {
		return err
	}
	c.merged = head
	if len(c.altered) == 0 {
		return nil
	}
	if err := l.pokeOthers(ctx); err != nil {
		return err
	}
	return l.takeDirect(ctx, c, to)
}

// pokeOthers has the open pull requests onto the branch looked at: what they are judged
// by, or what they rest on, is another now.
func (l *lookAt) pokeOthers(ctx context.Context) error {
	all, err := l.Ledger.Pulls(ctx, l.repo.ID)
	if err != nil {
		return err
	}
	for _, p := range all {
		branch, _, _ := strings.Cut(p.Base, "@")
		if !p.Open || branch != l.pull.Base.Ref {
			continue
		}
		if err := l.Poke(ctx, p.PullKey); err != nil {
			return err
		}
	}
	return nil
}

// lookAtMerges waits until the pull requests have been looked at that the commits belong
// to: what they brought is then known.
func (l *lookAt) lookAtMerges(ctx context.Context, cmp proposal.Comparison) error {
	var numbers []int
	for _, commit := range cmp.Commits {
		of, err := l.Forge.PullsOf(ctx, l.repo, commit.SHA)
		if err != nil && !notYet(err) {
			return err
		}
		numbers = append(numbers, of...)
	}
	slices.Sort(numbers)
	for _, n := range slices.Compact(numbers) {
		if err := l.awaitMerge(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// awaitMerge has a pull request looked at that is merged and was not seen so.
func (l *lookAt) awaitMerge(ctx context.Context, number int) error {
	pull, err := l.Forge.Pull(ctx, l.repo, number)
	if err != nil || !pull.Merged || pull.Base.Ref != l.pull.Base.Ref {
		return err
	}
	key := change.PullKey{RepositoryID: l.repo.ID, Number: number}
	kept, err := l.Ledger.Pull(ctx, key)
	if err != nil {
		return err
	}
	st, err := readState(kept)
	if err != nil || (st.Merge != nil && st.Merge.Done) {
		return err
	}
	l.once(shortly)
	return l.Poke(ctx, key)
}

// takeDirect submits, unapproved, the change requests that no pull request accounts for.
func (l *lookAt) takeDirect(ctx context.Context, c *content, commit string) error {
	if len(proposal.Refused(c.every, c.layouts...)) > 0 {
		return nil
	}
	var err error
	c.checked, err = proposal.Validate(proposal.Proposed{Layout: c.grounds.base.Layout, Altered: c.every, Merged: c.merged, Read: l.read(ctx)})
	if err != nil || len(c.checked.Annotations) > 0 {
		return err
	}
	c.digest = proposal.Digest(proposal.Content(c.altered, c.merged, c.checked.Names(), c.layouts...), c.grounds.version)
	if l.pending, err = l.Ledger.PinsIn(ctx, l.repo.ID); err != nil {
		return err
	}
	taken, err := l.taken(ctx, c)
	if err != nil {
		return err
	}
	requests := slices.DeleteFunc(slices.Clone(c.checked.Requests), func(r proposal.ProposedChange) bool { return taken[r.Path] })
	if len(requests) == 0 {
		return nil
	}
	if err := l.pushers(ctx, c); err != nil {
		return err
	}
	for _, r := range requests {
		if err := l.takePushed(ctx, c, r, commit); err != nil {
			return err
		}
	}
	return nil
}

// pushers finds everybody who pushed any of the commits: there may have been several
// pushes since the last look, and the last one need not be the one that brought it.
func (l *lookAt) pushers(ctx context.Context, c *content) error {
	for _, commit := range c.comparison.Commits {
		pusher, err := l.Forge.Pusher(ctx, l.repo, l.repo.DefaultBranch, commit.SHA)
		if err != nil && !notYet(err) {
			return err
		}
		c.hands = append(c.hands, pusher)
	}
	return nil
}

// taken returns the change requests that pull requests brought with one of the commits.
func (l *lookAt) taken(ctx context.Context, c *content) (map[string]bool, error) {
	all, err := l.Ledger.PinsAt(ctx, l.repo.ID)
	if err != nil {
		return nil, err
	}
	in := map[string]bool{}
	for _, commit := range c.comparison.Commits {
		in[commit.SHA] = true
	}
	taken := map[string]bool{}
	for _, p := range all {
		if in[p.Commit] && p.Number > 0 {
			taken[p.Path] = true
		}
	}
	return taken, nil
}

func (l *lookAt) takePushed(ctx context.Context, c *content, r proposal.ProposedChange, commit string) error {
	pusher, err := l.Forge.Pusher(ctx, l.repo, l.repo.DefaultBranch, commit)
	if err != nil && !notYet(err) {
		return err
	}
	who, err := l.person(pusher.Login)
	if err != nil {
		l.note("push.refused", product, r.Path+" is not submitted from", "whoever pushed it is no person of the catalog", nil)
		return nil
	}
	_, err = l.enter(ctx, c, r, who, commit)
	switch change.KindOf(err) {
	case change.KindInvalid, change.KindDenied, change.KindNotFound, change.KindConflict:
		l.note("push.refused", who.Ref, r.Path+" is not submitted from", err.Error(), nil)
		return nil
	case "", change.KindAwaiting, change.KindUnavailable, change.KindFailed:
	}
	return err
}

var _ desk.Library = shelf{}
