package runbook

import "github.com/changectl/changectl/internal/change"

// SignOff waits until a person confirms something.
type SignOff struct {
	By   []change.Ref `yaml:"by,required" json:"by"` // groups and users, any of whom may sign
	Text string       `yaml:"text,required" json:"text"`
}

// Systems implements Kind.
func (s *SignOff) Systems() []change.Ref { return nil }

// Resumable implements Kind.
func (s *SignOff) Resumable() bool { return true }

func (s *SignOff) complete(fail func(string, string, ...any)) {
	if len(s.By) == 0 {
		fail("by", "is empty; expected at least one group or user, for example [group:dba]")
	}
	for i := range s.By {
		checkRef(&s.By[i], "by", fail)
		if r := s.By[i]; isText(string(r)) && r.Kind() != "group" && r.Kind() != "user" {
			fail("by", "%s cannot sign; expected group:NAME or user:NAME", r)
		}
	}
	if s.Text == "" {
		fail("text", "is empty; expected what the person confirms")
	}
}
