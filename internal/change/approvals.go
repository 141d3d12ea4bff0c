package change

import (
	"fmt"
	"time"
)

// Rejection returns the first rejection that stands against the record's
// current revision.
func Rejection(r Record, approvals []Approval) (Approval, bool) {
	for _, a := range approvals {
		if a.Verb == Reject && a.Revision == r.Revision && a.Change == r.ID {
			return a, true
		}
	}
	return Approval{}, false
}

// Unmet says in words which of the plan's required approvals are missing at now;
// none means that the change is approved. An approval counts when it is for
// exactly this instance, change, revision and plan, has not expired, is not the
// submitter's, and verify accepts its signature.
func Unmet(r Record, approvals []Approval, verify func(Approval) error, now time.Time) []string {
	var missing []string
	counted := map[Ref]bool{}
	for _, second := range []bool{false, true} {
		for _, q := range r.Plan.Approvals {
			if q.Second != second {
				continue
			}
			have, why := persons(r, q, approvals, verify, now, counted)
			if have < q.Count {
				missing = append(missing, describe(q, have)+why)
			}
		}
	}
	return missing
}

func persons(r Record, q Requirement, approvals []Approval, verify func(Approval) error, now time.Time, counted map[Ref]bool) (have int, why string) {
	mine := map[Ref]bool{}
	for _, a := range approvals {
		if a.Verb != Approve || a.Role != q.Role || mine[a.Person] || (q.Second && counted[a.Person]) {
			continue
		}
		if err := stands(r, a, verify, now); err != nil {
			why = fmt.Sprintf("; that of %s does not count: %s", a.Person, err)
			continue
		}
		mine[a.Person] = true
	}
	for p := range mine {
		counted[p] = true
	}
	return len(mine), why
}

func stands(r Record, a Approval, verify func(Approval) error, now time.Time) error {
	switch {
	case a.Person == r.Submitter || a.Person == r.Plan.Submitter:
		return Denied("nobody approves a change of their own")
	case a.Instance != r.Plan.Instance || a.Change != r.ID:
		return Denied("it is for %s of %s", a.Change, a.Instance)
	case a.Revision != r.Revision:
		return Denied("it is for revision %d, this is revision %d", a.Revision, r.Revision)
	case a.Plan != r.Digest:
		return Denied("it is for another plan (%s)", a.Plan)
	case !now.Before(a.Expires):
		return Denied("it expired at %s", a.Expires.UTC().Format(time.RFC3339))
	}
	return verify(a)
}

func describe(q Requirement, have int) string {
	s := fmt.Sprintf("%d more approval", q.Count-have)
	if q.Count-have > 1 {
		s += "s"
	}
	s += fmt.Sprintf(" of %s", q.Role)
	if len(q.Systems) > 0 {
		s += fmt.Sprintf(" for %s", q.Systems[0])
		if n := len(q.Systems) - 1; n > 0 {
			s += fmt.Sprintf(" and %d more", n)
		}
	}
	return s
}
