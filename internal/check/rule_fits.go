package check

import (
	"fmt"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// fits asks whether the plan and its way back still fit into what is left of the window.
func fits(m *matter) []change.Finding {
	from := m.plan.Window.Start
	if m.Now.After(from) {
		from = m.Now
	}
	need, left := Needed(m.plan), m.plan.Window.End.Sub(from)
	if need <= left {
		return nil
	}
	return []change.Finding{{Severity: change.Blocks, Message: fmt.Sprintf(
		"the plan with its way back needs %s; %s are left of the window until %s. Ask for a longer or later window",
		need, max(left, 0).Round(time.Second), moment(m.plan.Window.End))}}
}
