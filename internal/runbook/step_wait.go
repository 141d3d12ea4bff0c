package runbook

import (
	"time"

	"github.com/changectl/changectl/internal/change"
)

// Wait lets time pass, or asks until something holds. Exactly one of For and
// Until is set.
type Wait struct {
	For   *change.Duration `yaml:"for" json:"for,omitempty"`
	Until *Check           `yaml:"until" json:"until,omitempty"`
	// Every is the pause between two looks of Until.
	Every change.Duration `yaml:"every" json:"every,omitzero"`
}

// Systems implements Kind.
func (w *Wait) Systems() []change.Ref {
	if w.Until == nil || w.Until.kind == nil {
		return nil
	}
	return w.Until.kind.Systems()
}

// Resumable implements Kind.
func (w *Wait) Resumable() bool { return true }

func (w *Wait) nested() *Check { return w.Until }

func (w *Wait) span() (time.Duration, bool) {
	if w.For == nil {
		return 0, false
	}
	return w.For.Std(), true
}

func (w *Wait) complete(fail func(string, string, ...any)) {
	switch {
	case (w.For == nil) == (w.Until == nil):
		fail("", "expected exactly one of for (a duration) and until (a check: uses and with)")
	case w.For != nil && *w.For < 0:
		fail("for", "is %s; expected 0s or more", w.For)
	case w.For != nil && w.Every != 0:
		fail("every", "belongs to until; leave it out")
	case w.Until != nil && w.Every == 0:
		w.Every = change.Duration(time.Second)
	}
	if w.Every < 0 {
		fail("every", "is %s; expected more than 0s", w.Every)
	}
	if w.Until != nil && (w.Until.Uses == "wait" || w.Until.Uses == "sign-off") {
		fail("until", "cannot use %s; expected a kind that looks at something, such as sql, http or command", w.Until.Uses)
	}
}
