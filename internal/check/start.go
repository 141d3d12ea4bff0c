package check

import (
	"fmt"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// product is who acts when no person does.
const product change.Ref = "system:changectl"

// Standing says where the approvals given so far lead: Rejected, Scheduled, or
// the status in which the change stands.
func Standing(r change.Record, e Estate, verify func(change.Approval) error, now time.Time) (to change.Status, who change.Ref, why string) {
	if a, no := change.Rejection(r, r.Approvals); no {
		return change.Rejected, a.Person, a.Reason
	}
	if missing := Missing(r, r.Approvals, e, verify, now); len(missing) > 0 {
		return change.AwaitingApproval, product, strings.Join(missing, "; ")
	}
	return change.Scheduled, product, "all approvals are given"
}

// Missing says in words what a change lacks of its approvals with the owners and
// memberships of today.
func Missing(r change.Record, approvals []change.Approval, e Estate, verify func(change.Approval) error, now time.Time) []string {
	member := func(a change.Approval) error {
		if !e.IsMember(a.Person, a.Role) {
			return change.Denied("%s is not, or no longer, a member of %s", a.Person, a.Role)
		}
		return verify(a)
	}
	return append(strangers(r, e), change.Unmet(r, approvals, member, now)...)
}

// strangers names the touched systems whose owner is another than the one whose
// approval the plan asks for.
func strangers(r change.Record, e Estate) []string {
	var found []string
	for _, q := range r.Plan.Approvals {
		for _, s := range q.Systems {
			if now := e.Owner(s); now != q.Role {
				found = append(found, fmt.Sprintf("%s belongs to %s now, not to %s: revise the change so that the owner of today can approve it (changectl submit --revise %s)", s, now, q.Role, r.ID))
			}
		}
	}
	return found
}

// Start judges a change at the start of its window: it runs when the plan is the
// one that was approved, the catalog of today adds nothing to what it works on, its
// approvals and owners still stand, it still fits, and nothing stands in the way by
// the rules of Review.
func Start(f change.Facts, e Estate, verify func(change.Approval) error) change.Ruling {
	r := f.Record
	if digest, err := r.Plan.Digest(); err != nil || digest != r.Digest {
		return change.Ruling{To: change.AwaitingApproval, Why: "the plan in the ledger is not the one of its digest; submit the change again"}
	}
	if more := added(r); len(more) > 0 {
		return change.Ruling{To: change.AwaitingApproval, Why: fmt.Sprintf(
			"the catalog of today adds %s to what is worked on, which nobody has approved: revise the change (changectl submit --revise %s)", listing(more), r.ID)}
	}
	if f.Now.Add(Needed(r.Plan)).After(r.Plan.Window.End) {
		return change.Ruling{To: change.Expired, Why: fmt.Sprintf("the plan and its way back need %s, which no longer fit before %s", Needed(r.Plan), r.Plan.Window.End.UTC().Format(time.RFC3339))}
	}
	if a, no := change.Rejection(r, f.Approvals); no {
		return change.Ruling{To: change.AwaitingApproval, Why: fmt.Sprintf("%s has rejected it since: %s", a.Person, a.Reason)}
	}
	if missing := Missing(r, f.Approvals, e, verify, f.Now); len(missing) > 0 {
		return change.Ruling{To: change.AwaitingApproval, Why: strings.Join(missing, "; ")}
	}
	v := Review(f, e)
	if v.Blocked() {
		return change.Ruling{To: change.Waiting, Why: first(v), Findings: v.Findings}
	}
	return change.Ruling{To: change.Running, Why: "the window is open, the approvals stand, nothing is in the way", Findings: v.Findings}
}

// added returns what the change works on by the catalog of today beyond its plan.
func added(r change.Record) []change.Ref {
	planned := map[change.Ref]bool{}
	for _, t := range r.Plan.Footprint.Touch {
		planned[t] = true
	}
	var more []change.Ref
	for _, t := range r.Holds().Touch {
		if !planned[t] {
			more = append(more, t)
		}
	}
	return more
}

func first(v change.Verdict) string {
	for _, f := range v.Findings {
		if f.Severity == change.Blocks {
			return f.Message
		}
	}
	return ""
}

// andController names the one person of an emergency who cannot approve it either.
func andController(p change.Plan) string {
	if p.Controller == "" {
		return ""
	}
	return " and the controller " + string(p.Controller)
}

// Members is what Approvable asks of the catalog.
type Members interface {
	Members(group change.Ref) []change.Ref
}

// Approvable refuses a plan that nobody could ever approve, because a group that
// has to has too few members besides the submitter.
func Approvable(p change.Plan, m Members) error {
	for _, q := range p.Approvals {
		able := 0
		for _, person := range m.Members(q.Role) {
			if person != p.Submitter && person != p.Controller && !p.Wrote(person) {
				able++
			}
		}
		if able < q.Count {
			return change.Invalid("%s must approve with %d of its members, and has %d besides the submitter%s", q.Role, q.Count, able, andController(p)).
				WithHint("somebody else has to submit this change, or the catalog needs more members of %s", q.Role)
		}
	}
	return nil
}
