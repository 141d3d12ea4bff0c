package ghfake

import (
	"fmt"
	"slices"
)

// Rules protect a branch.
type Rules struct {
	Checks       []string // check runs that must have succeeded, by name
	Approvals    int      // how many approvals a merge needs
	DismissStale bool     // a push takes approvals away
}

// Protect sets the rules of a branch.
func (r *Repo) Protect(branch string, rules Rules) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.rules[branch] = rules
}

// obstacle says what of the rules stands in the way of a merge, empty for nothing.
func (p *Pull) obstacle() string {
	v := p.record.now
	if v.Draft {
		return "Pull Request is still a draft"
	}
	rules := p.Repo.rules[v.BaseRef]
	if n := p.approvals(); n < rules.Approvals {
		return fmt.Sprintf("At least %d approving review is required by reviewers with write access.", rules.Approvals)
	}
	for _, name := range rules.Checks {
		if !p.Repo.succeeded(v.HeadSHA, name) {
			return fmt.Sprintf("Required status check %q is expected.", name)
		}
	}
	return ""
}

// approvals counts the accounts whose last opinion is an approval.
func (p *Pull) approvals() int {
	last := map[*User]string{}
	for _, r := range p.reviews {
		if r.now.State != "COMMENTED" {
			last[r.now.User] = r.now.State
		}
	}
	n := 0
	for u, state := range last {
		if state == "APPROVED" && !u.gone {
			n++
		}
	}
	return n
}

// succeeded reports whether the newest check run of a name let a commit through.
func (r *Repo) succeeded(sha, name string) bool {
	for _, c := range slices.Backward(r.checks) {
		if c.now.head == sha && c.now.name == name {
			return slices.Contains([]string{"success", "neutral", "skipped"}, c.now.conclusion)
		}
	}
	return false
}
