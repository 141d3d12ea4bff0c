package pullrequest

import (
	"context"
	"regexp"
	"strconv"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/proposal"
)

// queueDay is how long a commit of a merge queue is answered.
const queueDay = 24 * time.Hour

// queued answers on the commits that a merge queue made of this pull request: what is
// approved is worked out again from the files that are there.
func (l *lookAt) queued(ctx context.Context, c *content) error {
	list, err := l.Ledger.DeliveriesAbout(ctx, l.key, "merge_group", "checks_requested", l.Clock().Add(-queueDay))
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, d := range list {
		if seen[d.Commit] || d.Commit == "" {
			continue
		}
		seen[d.Commit] = true
		at, err := l.Forge.Branch(ctx, l.repo, d.Branch)
		if notYet(err) {
			continue // it is done with, or not shown yet: nothing is answered
		}
		if err != nil {
			return err
		}
		if at.SHA != d.Commit {
			continue
		}
		if err := l.answerQueue(ctx, c, d); err != nil {
			return err
		}
	}
	return nil
}

func (l *lookAt) answerQueue(ctx context.Context, c *content, d change.Delivery) error {
	v := l.view
	v.Head = d.Commit
	same, err := l.sameAt(ctx, c, d.Commit)
	if err != nil {
		return err
	}
	if !same {
		v.Approval.Complete = false
		v.Approval.Unknown = "what the merge queue made of it is not what the owners approved"
	}
	l.checks = append(l.checks, proposal.ValidateCheck(v), proposal.PlanCheck(v), proposal.ApprovalCheck(v))
	return nil
}

// sameAt reports whether a commit holds exactly what is approved.
func (l *lookAt) sameAt(ctx context.Context, c *content, commit string) (bool, error) {
	if c.digest == "" {
		return false, nil
	}
	tree, err := l.Forge.Tree(ctx, l.repo, commit)
	if err != nil {
		return false, err
	}
	return proposal.Digest(proposal.Content(c.altered, tree, c.checked.Names(), c.layouts...), c.grounds.version) == c.digest, nil
}

var queuePattern = regexp.MustCompile(`^gh-readonly-queue/.+/pr-([1-9][0-9]{0,9})-[0-9a-f]{40,64}$`)

// Queued returns the number of the pull request for which a merge queue made a branch, or
// 0 for any other branch.
func Queued(branch string) int {
	m := queuePattern.FindStringSubmatch(branch)
	if m == nil {
		return 0
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return 0
	}
	return n
}
