package pullrequest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/proposal"
)

// merged looks at a pull request that is on its base branch. Its changes are brought to
// the ledger, pinned to the merge commit: as approved, if what was merged is what the
// owners approved, and otherwise as something that nobody has approved yet.
func (l *lookAt) merged(ctx context.Context) error {
	l.view.Phase = proposal.PhaseMerged
	if l.state.Merge == nil || !l.state.Merge.Done {
		done, err := l.takeMerge(ctx)
		if err != nil || !done {
			return err
		}
	}
	return l.after(ctx)
}

// after goes on with a pull request that is closed: commands, reports, answers.
func (l *lookAt) after(ctx context.Context) error {
	if len(l.pins) > 0 || len(l.state.Posted) > 0 {
		if err := l.follow(ctx, nil); err != nil {
			return err
		}
	}
	if err := l.report(ctx); err != nil {
		return err
	}
	l.quiet = l.quiet || (len(l.pins) == 0 && l.state.Posted[conversation].ID == 0 && (l.state.Merge == nil || len(l.state.Merge.Problems) == 0))
	l.done = l.ended()
	return l.post(ctx)
}

// ended reports whether nothing more can come of the pull request.
func (l *lookAt) ended() bool {
	return !slices.ContainsFunc(l.pins, func(p change.Pin) bool { return !p.Status.Final() })
}

// takeMerge brings to the ledger what was merged.
func (l *lookAt) takeMerge(ctx context.Context) (done bool, err error) {
	commit := l.pull.MergeCommit
	there, err := l.onBase(ctx, commit)
	if l.Clock().Sub(l.pull.UpdatedAt) > patience && (notYet(err) || (err == nil && !there)) {
		l.state.Merge = &merge{Commit: commit, Done: true, Problems: []string{
			fmt.Sprintf("Nothing is submitted: the merge commit %s is not on %s", commit, l.pull.Base.Ref),
		}}
		return true, nil
	}
	if notYet(err) || (err == nil && !there) {
		l.once(shortly)
		l.quiet = true
		return false, l.keep(ctx)
	}
	if err != nil {
		return false, err
	}
	m := &merge{Commit: commit}
	if l.pull.Base.Ref == l.repo.DefaultBranch {
		if err := l.takeContent(ctx, m); err != nil {
			return false, err
		}
	}
	m.Done = true
	l.state.Merge = m
	return true, nil
}

// patience is how long a merge commit is waited for on its branch. One that was pushed
// over before anybody looked never comes.
const patience = 10 * time.Minute

// onBase reports whether a commit is on the base branch.
func (l *lookAt) onBase(ctx context.Context, commit string) (bool, error) {
	if commit == "" {
		return false, nil
	}
	return l.onBranch(ctx, l.repo, l.pull.Base.Ref, commit)
}

func (c *Counter) onBranch(ctx context.Context, repo proposal.Repository, branch, commit string) (bool, error) {
	tip, err := c.Forge.Branch(ctx, repo, branch)
	if err != nil || tip.SHA == commit {
		return err == nil, err
	}
	cmp, err := c.Forge.Compare(ctx, repo, commit, tip.SHA)
	return err == nil && (cmp.Status == "ahead" || cmp.Status == "identical"), err
}

// takeContent holds the merge commit against what was approved.
func (l *lookAt) takeContent(ctx context.Context, m *merge) error {
	c, err := l.mergedContent(ctx)
	if err != nil || c == nil || len(c.altered) == 0 {
		return err
	}
	if c.grounds.broken != nil { // who would have to approve cannot be told
		m.Why = c.grounds.broken.Error()
		m.Problems = append(m.Problems, "Nothing is submitted: "+m.Why)
		l.note("pull-request.refused", product, "nothing is submitted from", m.Why, nil)
		return nil
	}
	votes, why, err := l.stillApproved(ctx, c)
	if err != nil {
		return err
	}
	m.Approved, m.Why = why == "", why
	what := "approved as it was merged:"
	if why != "" {
		what = "merged without being approved as it is:"
	}
	l.note("pull-request.merged", product, what, why, map[string]string{"content": c.digest, "commit": m.Commit})
	if err := l.withdrawn(ctx, c); err != nil {
		return err
	}
	for _, r := range c.checked.Requests {
		if err := l.takeRequest(ctx, c, r, votes, m); err != nil {
			return err
		}
	}
	return nil
}

const product change.Ref = "system:changectl"

// mergedContent reads what the merge brought to the base: the same paths as those of the
// pull request, as they are at the merge commit.
func (l *lookAt) mergedContent(ctx context.Context) (*content, error) {
	commit, err := l.Forge.Commit(ctx, l.repo, l.pull.MergeCommit)
	if err != nil {
		return nil, err
	}
	before := l.beforeMerge(commit)
	if before == "" {
		return nil, nil
	}
	c := &content{tip: before}
	if c.grounds, err = l.groundsAt(ctx, l.repo, before); err != nil || !c.grounds.governed {
		return nil, err
	}
	if err := l.against(ctx, c); err != nil {
		return nil, err
	}
	proposed := slices.Clone(c.altered)
	if err := l.atMerge(ctx, c, commit.SHA); err != nil {
		return nil, err
	}
	return c, l.hands(ctx, c, commit, proposed)
}

// hands finds who had a hand in what was merged without being named by its commits: who
// pushed the head, and who merged something else than was proposed.
func (l *lookAt) hands(ctx context.Context, c *content, commit proposal.Commit, proposed []proposal.Altered) error {
	pusher, err := l.Forge.Pusher(ctx, l.repo, l.pull.Head.Ref, l.pull.Head.SHA)
	if err != nil && !notYet(err) {
		return err
	}
	c.hands = append(c.hands, pusher)
	if len(commit.Parents) == 0 {
		return nil
	}
	before, err := l.groundsAt(ctx, l.repo, commit.Parents[0])
	if err != nil {
		return err
	}
	should := proposal.Content(c.altered, proposal.Merged(before.tree, proposed), c.checked.Names(), c.layouts...)
	if is := proposal.Content(c.altered, c.merged, c.checked.Names(), c.layouts...); proposal.Digest(is, "") != proposal.Digest(should, "") {
		c.hands = append(c.hands, l.pull.MergedBy, commit.Author, commit.Committer)
	}
	return nil
}

// beforeMerge returns the commit of the base by which the merge is judged: the one by
// which it was approved, or the merge commit's first parent.
func (l *lookAt) beforeMerge(m proposal.Commit) string {
	if a := l.state.Approved; a != nil && a.Head == l.pull.Head.SHA && a.Base == l.pull.Base.Ref {
		return a.Grounds
	}
	if len(m.Parents) == 0 {
		return ""
	}
	return m.Parents[0]
}

// atMerge takes the files as they are at the merge commit in place of the head's.
func (l *lookAt) atMerge(ctx context.Context, c *content, commit string) error {
	tree, err := l.Forge.Tree(ctx, l.repo, commit)
	if err != nil {
		return err
	}
	at := map[string]*proposal.Entry{}
	for i := range tree {
		at[tree[i].Path] = &tree[i]
	}
	for _, list := range [][]proposal.Altered{c.altered, c.every} {
		for i := range list {
			list[i].New = at[list[i].Path]
		}
	}
	c.merged, c.stale = tree, nil
	if refused := proposal.Refused(c.every, c.layouts...); len(refused) > 0 {
		l.view.Problems = refused
		return nil
	}
	c.checked, err = proposal.Validate(proposal.Proposed{Layout: c.grounds.base.Layout, Altered: c.every, Merged: tree, Read: l.read(ctx)})
	if err != nil {
		return err
	}
	l.view.Problems = c.checked.Annotations
	c.entries = proposal.Content(c.altered, tree, c.checked.Names(), c.layouts...)
	c.digest = proposal.Digest(c.entries, c.grounds.version)
	return nil
}

// stillApproved counts again what approved the pull request, and says why what was
// merged is not approved, or nothing.
func (l *lookAt) stillApproved(ctx context.Context, c *content) (votes []proposal.Vote, why string, err error) {
	a := l.state.Approved
	switch {
	case a == nil:
		return nil, "the owners had not approved it when it was merged", nil
	case a.Head != l.pull.Head.SHA || a.Base != l.pull.Base.Ref:
		return nil, "what the owners approved was another commit or another branch", nil
	case a.Digest != c.digest:
		return nil, "what was merged is not what the owners approved", nil
	case len(l.view.Problems) > 0:
		return nil, "the files have problems", nil
	}
	if err := l.plan(ctx, c); err != nil {
		return nil, "", err
	}
	l.view.Changes, l.view.Runbooks = nil, nil
	needs, err := l.needs(ctx, c)
	if change.KindOf(err) == change.KindUnavailable {
		return nil, "", err
	}
	if err != nil || c.digest == "" || len(c.plans) < len(c.checked.Requests) {
		return nil, "it cannot be planned any more as it was", nil
	}
	t, err := l.tally(ctx, c, needs)
	if err != nil {
		return nil, "", err
	}
	if !t.Complete {
		return nil, incomplete(t), nil
	}
	return t.Given, "", nil
}

// incomplete says why an approval is not complete any more.
func incomplete(a proposal.Approval) string {
	var why []string
	for _, m := range a.Missing {
		why = append(why, m.Text)
	}
	for _, r := range a.Rejected {
		why = append(why, "@"+r.Login+" rejects it")
	}
	if a.Unknown != "" {
		why = append(why, a.Unknown)
	}
	return "it is not approved any more: " + strings.Join(why, "; ")
}

// takeRequest brings one change request to the ledger and attests the approvals.
func (l *lookAt) takeRequest(ctx context.Context, c *content, r proposal.ProposedChange, votes []proposal.Vote, m *merge) error {
	who, err := l.submitter()
	if err != nil {
		m.Problems = append(m.Problems, fmt.Sprintf("%s is not submitted: %s", r.Path, err))
		return nil
	}
	id, err := l.enter(ctx, c, r, who, m.Commit)
	switch change.KindOf(err) {
	case change.KindInvalid, change.KindDenied, change.KindNotFound, change.KindConflict:
		m.Problems = append(m.Problems, fmt.Sprintf("%s is not submitted: %s", r.Path, err))
		l.note("pull-request.refused", product, r.Path+" is not submitted from", err.Error(), nil)
		return nil
	case "", change.KindAwaiting, change.KindUnavailable, change.KindFailed:
	}
	if err != nil {
		return err
	}
	m.Changes = append(m.Changes, id)
	if len(votes) == 0 {
		return nil
	}
	return l.attest(ctx, c, id, votes)
}

// submitter is whose change it is: the author's, or else whoever merged it.
func (l *lookAt) submitter() (change.Person, error) {
	who, err := l.person(l.pull.Author.Login)
	if err == nil && !l.pull.Fork() {
		return who, nil
	}
	if who, err = l.person(l.pull.MergedBy.Login); err == nil {
		return who, nil
	}
	return who, change.Denied("neither its author nor whoever merged it is a person of the catalog")
}

// withdrawn cancels what stands for files that are gone.
func (l *lookAt) withdrawn(ctx context.Context, c *content) error {
	for _, a := range c.altered {
		pin, stands := l.revises(a.Path)
		if a.New != nil || !stands {
			continue
		}
		if err := l.cancel(ctx, pin.Change, fmt.Sprintf("%s is gone from %s since %s", a.Path, l.pull.Base.Ref, l.name())); err != nil {
			return err
		}
	}
	return nil
}

// speakMerged takes an approval or rejection of what was merged without one.
func (l *lookAt) speakMerged(ctx context.Context, comment proposal.Comment, cmd proposal.Command, who change.Person) (string, error) {
	if cmd.Verb == proposal.VerbApprove && !strings.EqualFold(cmd.SHA, l.pull.MergeCommit) {
		return "", change.Denied("%s was merged as %s; approve that", l.name(), l.pull.MergeCommit)
	}
	verb := change.Approve
	if cmd.Verb == proposal.VerbReject {
		verb = change.Reject
	}
	var did []string
	for _, p := range l.pins {
		rec, err := l.Ledger.Change(ctx, p.Change)
		if err != nil {
			return "", err
		}
		if rec.Status.Final() || rec.Started() {
			continue
		}
		e := l.evidence("comment", comment.ID, comment.User, comment.CreatedAt)
		e.Head, e.Content = l.pull.MergeCommit, rec.Plan.Origin.Content
		n, err := l.attestAs(ctx, rec, verb, who.Ref, e, cmd.Reason)
		if err != nil {
			return "", err
		}
		if n == 0 {
			return "", change.Denied("%s has nothing to approve or reject for %s", who.Ref, rec.ID)
		}
		did = append(did, fmt.Sprintf("%s: %s of %s is recorded", rec.ID, verb, who.Ref))
	}
	if len(did) == 0 {
		return "", change.Conflict("no change of %s awaits approval", l.name())
	}
	return strings.Join(did, "; "), nil
}
