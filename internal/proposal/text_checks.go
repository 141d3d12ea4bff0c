package proposal

import (
	"fmt"

	"github.com/changectl/changectl/internal/change"
)

// Names of the checks.
const (
	ValidateName = "changectl/validate"
	PlanName     = "changectl/plan"
	approvalName = "changectl/approval: "
)

// ApprovalName returns the name of the approval check for a base branch. The base is in
// it, so that an approval for one branch does not let a merge into another through. A
// branch that does not read exactly as it is called has a digest behind its name: it must
// not pass for the one that it reads as.
func ApprovalName(base string) string {
	name := plainText(base, titleLength)
	if name != base {
		name += fmt.Sprintf(" (%.19s)", change.DigestOf([]byte(base)))
	}
	return approvalName + name
}

// ValidateCheck returns what the files say for themselves: whether they can be read and
// are sound. It says nothing of the systems that they name, and so can be shown to
// whoever may see the files.
func ValidateCheck(v View) Check {
	c := Check{Name: ValidateName, Head: v.Head, DetailsURL: v.record(), Annotations: annotations(v)}
	c.Conclusion, c.Title = validateState(v)
	p := page{record: v.record()}
	if c.Conclusion != Success {
		p.add(essential, "the first line", "Nothing is planned before these are corrected. The check runs again by itself with the next push.")
	}
	p.add(main, "the problems", problemTable(v))
	if c.Conclusion == Success {
		p.add(main, "the files", fileTable(v))
	}
	if len(p.sections) == 0 {
		p.add(essential, "the first line", "No runbook, change request or other file of changectl is touched.")
	}
	c.Summary = p.String()
	return c
}

// PlanCheck returns what will happen: when, on what, who notices, step by step, how it
// is turned back, and who or what stands in the way.
func PlanCheck(v View) Check {
	v = v.redacted()
	c := Check{Name: PlanName, Head: v.Head, DetailsURL: v.record(), Summary: planSummary(v), Text: planText(v)}
	c.Conclusion, c.Title = planState(v)
	return c
}

// ApprovalCheck returns whether all have approved who must before the merge. It is a
// success only then; whatever is not known is not approved.
func ApprovalCheck(v View) Check {
	v = v.redacted()
	c := Check{Name: ApprovalName(v.Base), Head: v.Head, DetailsURL: v.record()}
	c.Conclusion, c.Title = approvalState(v)
	c.Title = plainText(c.Title, titleLength)
	p := page{record: v.record()}
	p.add(essential, "the first line", "Reviews count when they are by people whom the catalog on the base branch knows, and for exactly what is shown at this commit. "+
		"Nobody approves what they wrote or pushed themselves.")
	p.add(essential, "what does not count any more", alert("IMPORTANT", sentences(v.Stale, 5)...))
	p.add(essential, "the approvals", approvalTable(v))
	p.add(essential, "rejections and what does not count", objections(v.Approval))
	p.add(essential, "what is approved", approvedThing(v))
	c.Summary = p.String()
	return c
}

// approvedThing names exactly what the approvals are for.
func approvedThing(v View) string {
	var f facts
	f.add("Content", code(v.Approval.Digest))
	f.add("Commit", code(v.Head))
	f.add("Base branch", code(v.Base))
	f.add("Policy", code(v.Policy))
	return f.String()
}
