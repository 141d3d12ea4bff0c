package pullrequest

import (
	"context"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/proposal"
)

// attest records the approvals that were given before the merge, for each role that the
// plan asks for and that its person speaks for.
func (l *lookAt) attest(ctx context.Context, c *content, id change.ID, votes []proposal.Vote) error {
	rec, err := l.Ledger.Change(ctx, id)
	if err != nil || rec.Status.Final() {
		return err
	}
	for _, v := range votes {
		kind, number := "review", v.Review
		if v.Command {
			kind, number = "comment", v.Comment
		}
		e := l.evidence(kind, number, proposal.User{ID: v.User, Login: v.Login}, v.At)
		e.Content, e.Policy = c.digest, c.grounds.version
		if _, err := l.attestAs(ctx, rec, change.Approve, v.Person, e, ""); err != nil {
			return err
		}
	}
	return nil
}

// attestAs records what a person said, in each role that they can speak for. It returns in
// how many.
func (l *lookAt) attestAs(ctx context.Context, rec change.Record, verb change.Verb, who change.Ref, e change.Evidence, reason string) (n int, err error) {
	seen := map[change.Ref]bool{}
	for _, q := range rec.Plan.Approvals {
		if seen[q.Role] || q.Signature || !l.Catalog().IsMember(who, q.Role) {
			continue
		}
		seen[q.Role] = true
		a := l.Desk.Attested(rec, verb, q.Role, who, e)
		a.Statement.Reason = reason
		_, err := l.Desk.Attest(ctx, rec.ID, []change.Attested{a})
		switch change.KindOf(err) {
		case change.KindDenied, change.KindConflict: // the ledger has its refusal in the log
			if verb == change.Reject || e.Kind == "comment" {
				return n, err
			}
			continue
		case "", change.KindInvalid, change.KindNotFound, change.KindAwaiting, change.KindUnavailable, change.KindFailed:
		}
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func (l *lookAt) evidence(kind string, id int64, u proposal.User, at time.Time) change.Evidence {
	return change.Evidence{
		Kind: kind, ID: id, RepositoryID: l.repo.ID, Number: l.key.Number, Base: l.pull.Base.Ref, Head: l.pull.Head.SHA,
		UserID: u.ID, Login: u.Login, At: at.UTC(),
	}
}
