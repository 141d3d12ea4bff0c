package execute

import (
	"context"
	"fmt"
	"strings"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/runbook"
)

// signOff passes once a sign-off for the step stands. Who may sign was judged
// when it was recorded; its signature is looked at again here. Until then the run
// ends as needs-person, and the next run of the step looks again.
func signOff(_ context.Context, t *task, with *runbook.SignOff) (seen, error) {
	g := &gate{GateFacts: t.facts, verify: t.Verify}
	for _, d := range g.decided(change.SignOff) {
		if d.Step != t.step.Name {
			continue
		}
		message := "signed off by " + string(d.Person)
		if d.Reason != "" {
			message += ": " + d.Reason
		}
		return seen{message: message}, nil
	}
	by := make([]string, 0, len(with.By))
	for _, r := range with.By {
		by = append(by, string(r))
	}
	return seen{
		outcome: change.NeedsPerson,
		message: fmt.Sprintf("waits for the sign-off of %s: %s", strings.Join(by, " or "), with.Text),
	}, nil
}
