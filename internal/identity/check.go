package identity

import (
	"slices"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// Expect is what a statement must be about to count here and now. Empty fields
// after Now are not looked at.
type Expect struct {
	Instance string
	Change   change.ID
	Revision int
	Plan     string // digest
	Now      time.Time
	Verbs    []change.Verb
	Hold     int
	Step     string
}

// Check compares a verified statement with what it is wanted for. The Denied
// error names both values.
func Check(v Verified, want Expect) error {
	s := v.Statement
	switch {
	case s.Instance != want.Instance:
		return change.Denied("the statement was signed for the installation %q; this is %q", s.Instance, want.Instance)
	case s.Change != want.Change:
		return change.Denied("the statement was signed for %s, not for %s", s.Change, want.Change)
	case s.Revision != want.Revision:
		return change.Denied("the statement was signed for revision %d of %s, which stands at revision %d", s.Revision, s.Change, want.Revision).
			WithHint("look at the plan as it is now (changectl show %s) and sign again", s.Change)
	case s.Plan != want.Plan:
		return change.Denied("the statement was signed for the plan %s; the plan of %s is %s", s.Plan, s.Change, want.Plan).
			WithHint("look at the plan as it is now (changectl show %s) and sign again", s.Change)
	case !want.Now.Before(s.Expires):
		return change.Denied("the statement expired at %s; it is %s", s.Expires.UTC().Format(time.RFC3339), want.Now.UTC().Format(time.RFC3339)).
			WithHint("sign again")
	}
	return checkDecision(s, want)
}

func checkDecision(s change.Statement, want Expect) error {
	if len(want.Verbs) > 0 && !slices.Contains(want.Verbs, s.Verb) {
		return change.Denied("the statement says %q; expected %s", s.Verb, quoted(want.Verbs))
	}
	if want.Hold != 0 && s.Hold != want.Hold {
		return change.Denied("the statement answers hold %d of %s, which stands in hold %d", s.Hold, s.Change, want.Hold).
			WithHint("look at what holds it now (changectl explain %s) and sign again", s.Change)
	}
	if want.Step != "" && s.Step != want.Step {
		return change.Denied("the statement is about the step %q; expected %q", s.Step, want.Step)
	}
	return nil
}

func quoted(verbs []change.Verb) string {
	names := make([]string, len(verbs))
	for i, v := range verbs {
		names[i] = `"` + string(v) + `"`
	}
	return strings.Join(names, " or ")
}
