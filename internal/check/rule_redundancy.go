package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/change"
)

// redundancy counts together the members of a group that this change and all others
// take down at the same moment: one too many is a conflict.
func redundancy(m *matter) []change.Finding {
	var found []change.Finding
	for _, g := range m.foot.Degraded {
		s := m.strainOn(g, func(h *change.Holding) bool { return m.meets(h) })
		hard := s.without(func(h *change.Holding) bool { return m.concession(h) != "" })
		severity, with := change.Blocks, parties(hard.breaches(m.left))
		if len(with) == 0 {
			severity, with = change.Warns, parties(s.breaches(m.left))
		}
		if len(with) == 0 {
			continue
		}
		found = append(found, m.breachFinding(s, severity, with))
	}
	return found
}

func (m *matter) breachFinding(s strain, severity change.Severity, with []*change.Holding) change.Finding {
	f := change.Finding{Severity: severity, Systems: s.oursDown(), Other: m.decisive(s, with)}
	var told []string
	named := map[change.ID]bool{}
	for _, h := range with {
		if !slices.Contains(f.Systems, h.System) {
			f.Systems = append(f.Systems, h.System)
		}
		if named[h.By] {
			continue
		}
		named[h.By] = true
		line := fmt.Sprintf("%s %s %s, %s", who(h), verbs[h.Mode], h.System, when(h, m.Now)) + reach(h)
		if why := m.concession(h); why != "" {
			line += "; " + why
		}
		told = append(told, line)
	}
	f.Message = fmt.Sprintf("redundancy group %s has %s of which %d must stay up; this change takes %s out of it, and at the same time %s",
		s.group.Group, members(s.group), s.group.MustRun, listing(s.oursDown()), strings.Join(told, ", and "))
	return f
}

// decisive chooses the other party that a finding names: a change, where changes alone
// break the group, because only a declared maintenance can be accepted by decision.
func (m *matter) decisive(s strain, with []*change.Holding) *change.Holding {
	changes := s.without(func(h *change.Holding) bool { return h.By.Declared() || m.concession(h) != "" })
	if alone := parties(changes.breaches(m.left)); len(alone) > 0 {
		return alone[0]
	}
	if i := slices.IndexFunc(with, func(h *change.Holding) bool { return h.By.Declared() }); i >= 0 {
		return with[i]
	}
	return with[0]
}

func members(g change.Degraded) string {
	switch {
	case len(g.Groups) == 0:
		return fmt.Sprintf("%d members", len(g.Members))
	case len(g.Members) == 0:
		return fmt.Sprintf("%d groups", len(g.Groups))
	}
	return fmt.Sprintf("%d members and %d groups", len(g.Members), len(g.Groups))
}

// parties returns who takes part in breaches, each holding once, by their order in time.
func parties(breaches []breach) []*change.Holding {
	var list []*change.Holding
	for _, b := range breaches {
		for _, h := range b.with {
			if !slices.Contains(list, h) {
				list = append(list, h)
			}
		}
	}
	return list
}
