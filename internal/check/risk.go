package check

import (
	"fmt"

	"github.com/changectl/changectl/internal/change"
)

// riskRule contributes points to a risk, or none.
type riskRule struct {
	name  string
	judge func(change.Plan, change.History) (points int, text string)
}

var riskRules = []riskRule{
	{"tier", tier},
	{"impact", impacted},
	{"redundancy", redundancyLost},
	{"first-use", firstUse},
	{"failed-before", failedBefore},
	{"no-way-back", noWayBack},
}

// The levels of a risk, by score.
const (
	High   = 60
	Medium = 30
)

// Risk adds up what speaks for care, from 0 to 100.
func Risk(p change.Plan, h change.History) change.Risk {
	r := change.Risk{Reasons: []change.RiskReason{}}
	for _, rule := range riskRules {
		if points, text := rule.judge(p, h); points > 0 {
			r.Score += points
			r.Reasons = append(r.Reasons, change.RiskReason{Rule: rule.name, Points: points, Text: text})
		}
	}
	r.Score = min(r.Score, 100)
	switch {
	case r.Score >= High:
		r.Level = "high"
	case r.Score >= Medium:
		r.Level = "medium"
	default:
		r.Level = "low"
	}
	return r
}

var tierPoints = map[int]int{1: 20, 2: 10, 3: 5}

func tier(p change.Plan, _ change.History) (int, string) {
	touched := map[change.Ref]bool{}
	for _, r := range p.Footprint.Touch {
		touched[r] = true
	}
	worst := change.System{}
	for _, t := range p.Targets {
		if touched[t.Ref] && tierPoints[t.Tier] > tierPoints[worst.Tier] {
			worst = t
		}
	}
	return tierPoints[worst.Tier], fmt.Sprintf("%s is of tier %d", worst.Ref, worst.Tier)
}

func impacted(p change.Plan, _ change.History) (int, string) {
	n := len(p.Footprint.Impact)
	return min(3*n, 15), fmt.Sprintf("%s service if it goes wrong", losers(n))
}

func redundancyLost(p change.Plan, _ change.History) (int, string) {
	if len(p.Footprint.Degraded) == 0 {
		return 0, ""
	}
	g := p.Footprint.Degraded[0]
	all, down := len(g.Systems()), len(touched(g))
	return 10, fmt.Sprintf("redundancy group %s runs on %d of %d members", g.Group, all-down, all)
}

func firstUse(_ change.Plan, h change.History) (int, string) {
	if h.Uses > 0 {
		return 0, ""
	}
	return 15, "this runbook has not been used here before"
}

func failedBefore(_ change.Plan, h change.History) (int, string) {
	if h.Failures == 0 {
		return 0, ""
	}
	return min(10*h.Failures, 20), fmt.Sprintf("%d of %d earlier uses of this runbook were backed out or failed", h.Failures, h.Uses)
}

func noWayBack(p change.Plan, _ change.History) (int, string) {
	for _, s := range p.Steps {
		if s.PointOfNoReturn {
			return 20, fmt.Sprintf("behind step %q there is no way back", s.Name)
		}
	}
	return 0, ""
}

func losers(n int) string {
	if n == 1 {
		return "1 system loses"
	}
	return fmt.Sprintf("%d systems lose", n)
}
