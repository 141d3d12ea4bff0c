package change

import (
	"fmt"
	"slices"
	"time"
)

// Rejection returns a rejection that stands against the record's current
// revision: the newest word of its person in its role.
func Rejection(r Record, approvals []Approval) (Approval, bool) {
	for _, a := range newest(approvals) {
		if a.Verb == Reject && a.Revision == r.Revision && a.Change == r.ID {
			return a, true
		}
	}
	return Approval{}, false
}

// newest keeps the newest statement that each person made in each role: of what they
// signed and of what they said at GitHub, each its own, unless they have rejected since.
func newest(all []Approval) []Approval {
	var list []Approval
	same := func(a, b Approval) bool { return a.Person == b.Person && a.Role == b.Role }
	for _, a := range all {
		i := slices.IndexFunc(list, func(o Approval) bool { return same(a, o) && (a.Evidence == nil) == (o.Evidence == nil) })
		switch {
		case i < 0:
			list = append(list, a)
		case !a.At.Before(list[i].At):
			list[i] = a
		}
	}
	return slices.DeleteFunc(slices.Clone(list), func(a Approval) bool {
		return slices.ContainsFunc(list, func(o Approval) bool {
			return same(a, o) && o.At.After(a.At) && (a.Verb == Reject || o.Verb == Reject)
		})
	})
}

// Unmet says in words which of the plan's required approvals are missing at now;
// none means that the change is approved. An approval counts when it is for
// exactly this instance, change, revision and plan, has not expired, is not the
// submitter's, and verify accepts its signature. One person may speak for several
// groups; a second person is one who is needed for nothing else. A plan of a pull
// request is approved only once that is merged.
func Unmet(r Record, approvals []Approval, verify func(Approval) error, now time.Time) []string {
	good, bad := sorted(r, approvals, verify, now)
	var missing []string
	if r.Plan.Unmerged() {
		missing = append(missing, fmt.Sprintf("the pull request %s has to be merged", r.Plan.Origin.Name()))
	}
	for _, q := range r.Plan.Approvals {
		if have := len(good.of(q)); have < q.Count {
			missing = append(missing, describe(q, have)+bad[q.Role])
		}
	}
	if len(missing) == 0 && !enough(r.Plan.Approvals, good, nil, 0) {
		missing = append(missing, "1 more approval by a second person: the same person cannot be counted twice here")
	}
	return missing
}

// voices are the persons whose approval counts, for each role; those who have signed
// are among signed too.
type voices struct{ any, signed map[Ref][]Ref }

func (v voices) of(q Requirement) []Ref {
	if q.Signature {
		return v.signed[q.Role]
	}
	return v.any[q.Role]
}

// sorted tells the approvals that count from those that do not, and of these why.
func sorted(r Record, approvals []Approval, verify func(Approval) error, now time.Time) (good voices, bad map[Ref]string) {
	good, bad = voices{map[Ref][]Ref{}, map[Ref][]Ref{}}, map[Ref]string{}
	add := func(m map[Ref][]Ref, a Approval) {
		if !slices.Contains(m[a.Role], a.Person) {
			m[a.Role] = append(m[a.Role], a.Person)
		}
	}
	for _, a := range newest(approvals) {
		if a.Verb != Approve {
			continue
		}
		if err := stands(r, a, verify, now); err != nil {
			bad[a.Role] = fmt.Sprintf("; that of %s does not count: %s", a.Person, err)
			continue
		}
		add(good.any, a)
		if a.Evidence == nil {
			add(good.signed, a)
		}
	}
	return good, bad
}

// enough reports whether persons can be found for every second-person
// requirement from the i-th on, without whom the others are still met.
func enough(all []Requirement, good voices, taken []Ref, i int) bool {
	free := func(q Requirement) (list []Ref) {
		for _, p := range good.of(q) {
			if !slices.Contains(taken, p) {
				list = append(list, p)
			}
		}
		return list
	}
	if i == len(all) {
		return !slices.ContainsFunc(all, func(q Requirement) bool { return !q.Second && len(free(q)) < q.Count })
	}
	if !all[i].Second {
		return enough(all, good, taken, i+1)
	}
	return choose(free(all[i]), all[i].Count, taken, func(t []Ref) bool { return enough(all, good, t, i+1) })
}

// choose tries every way to take n of the persons.
func choose(from []Ref, n int, taken []Ref, try func([]Ref) bool) bool {
	if n == 0 {
		return try(taken)
	}
	for i, p := range from {
		if choose(from[i+1:], n-1, append(slices.Clone(taken), p), try) {
			return true
		}
	}
	return false
}

func stands(r Record, a Approval, verify func(Approval) error, now time.Time) error {
	switch a.Person {
	case "":
		return Denied("it names no person")
	case r.Submitter, r.Plan.Submitter:
		return Denied("nobody approves a change of their own")
	case r.Plan.Controller:
		return Denied("whoever is in charge of an emergency does not approve it")
	}
	if r.Plan.Wrote(a.Person) {
		return Denied("whoever wrote %s does not approve it", r.Plan.Origin.Name())
	}
	if err := a.Concerns(r, now); err != nil {
		return err
	}
	return verify(a)
}

// Concerns reports whether a statement is about a change exactly as it stands at
// now. The Denied error names both values.
func (s Statement) Concerns(r Record, now time.Time) error {
	again := fmt.Sprintf("look at the plan as it is now (changectl show %s) and sign again", r.ID)
	switch {
	case s.Instance != r.Plan.Instance:
		return Denied("the statement was signed for the installation %q; this is %q", s.Instance, r.Plan.Instance)
	case s.Change != r.ID:
		return Denied("the statement was signed for %s, not for %s", s.Change, r.ID)
	case s.Revision != r.Revision:
		return Denied("the statement was signed for revision %d of %s, which stands at revision %d", s.Revision, r.ID, r.Revision).WithHint("%s", again)
	case s.Plan != r.Digest:
		return Denied("the statement was signed for the plan %s; the plan of %s is %s", s.Plan, r.ID, r.Digest).WithHint("%s", again)
	case !now.Before(s.Expires):
		return Denied("the statement expired at %s; it is %s", s.Expires.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339)).WithHint("sign again")
	}
	return nil
}

func describe(q Requirement, have int) string {
	s := fmt.Sprintf("%d more approval", q.Count-have)
	if q.Count-have > 1 {
		s += "s"
	}
	s += fmt.Sprintf(" of %s", q.Role)
	if q.Signature {
		s += ", signed"
	}
	if len(q.Systems) > 0 {
		s += fmt.Sprintf(" for %s", q.Systems[0])
		if n := len(q.Systems) - 1; n > 0 {
			s += fmt.Sprintf(" and %d more", n)
		}
	}
	return s
}
