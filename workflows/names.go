package workflows

import (
	"go.temporal.io/sdk/temporal"

	"github.com/changectl/changectl/internal/change"
)

// TaskQueue is where the workers of an installation poll.
const TaskQueue = "changectl"

// Names of the workflow types.
const (
	ChangeType  = "Change"
	ForeignType = "ForeignActivity"
)

// Names of the updates of a change.
const (
	// UpdateVerdict waits until the check has come to a result.
	UpdateVerdict = "verdict"
	// UpdateApproval says that the ledger holds a new approval or rejection.
	UpdateApproval = "approval"
	// UpdateDecision says that the ledger holds a decision.
	UpdateDecision = "decision"
	// UpdateRevision says that the ledger holds a new revision.
	UpdateRevision = "revision"
	// UpdateSurroundings says that something around the change is new: a declared
	// maintenance, a freeze, another catalog, a broken claim.
	UpdateSurroundings = "surroundings"
)

// Search attributes of a change, as the Temporal UI lists and filters them.
var (
	AttributeStatus      = temporal.NewSearchAttributeKeyKeyword("ChangeStatus")
	AttributeType        = temporal.NewSearchAttributeKeyKeyword("ChangeType")
	AttributeRunbook     = temporal.NewSearchAttributeKeyKeyword("ChangeRunbook")
	AttributeSubmitter   = temporal.NewSearchAttributeKeyKeyword("ChangeSubmitter")
	AttributeRisk        = temporal.NewSearchAttributeKeyKeyword("ChangeRisk")
	AttributeOwners      = temporal.NewSearchAttributeKeyKeywordList("ChangeOwners")
	AttributeSystems     = temporal.NewSearchAttributeKeyKeywordList("ChangeSystems")
	AttributeWindowStart = temporal.NewSearchAttributeKeyTime("ChangeWindowStart")
	AttributeWindowEnd   = temporal.NewSearchAttributeKeyTime("ChangeWindowEnd")
)

// SearchAttributes lists every search attribute with its type, for whoever sets
// up a namespace.
var SearchAttributes = []temporal.SearchAttributeKey{
	AttributeStatus, AttributeType, AttributeRunbook, AttributeSubmitter, AttributeRisk,
	AttributeOwners, AttributeSystems, AttributeWindowStart, AttributeWindowEnd,
}

// WorkflowID returns the ID of a change's workflow: the change's own.
func WorkflowID(id change.ID) string { return string(id) }

// Attributes returns the search attributes with which a change's workflow starts.
func Attributes(id change.Record) temporal.SearchAttributes {
	p := id.Plan
	return temporal.NewSearchAttributes(
		AttributeStatus.ValueSet(string(id.Status)),
		AttributeType.ValueSet(string(p.Type)),
		AttributeRunbook.ValueSet(p.Runbook.Name),
		AttributeSubmitter.ValueSet(string(p.Submitter)),
		AttributeRisk.ValueSet(p.Risk.Level),
		AttributeOwners.ValueSet(owners(p)),
		AttributeSystems.ValueSet(refs(p.Footprint.Touch)),
		AttributeWindowStart.ValueSet(p.Window.Start),
		AttributeWindowEnd.ValueSet(p.Window.End),
	)
}

func owners(p change.Plan) []string {
	touched := map[change.Ref]bool{}
	for _, r := range p.Footprint.Touch {
		touched[r] = true
	}
	list, seen := []string{}, map[change.Ref]bool{}
	for _, t := range p.Targets {
		if touched[t.Ref] && !seen[t.Owner] {
			seen[t.Owner] = true
			list = append(list, string(t.Owner))
		}
	}
	return list
}

func refs(rs []change.Ref) []string {
	list := make([]string, len(rs))
	for i, r := range rs {
		list[i] = string(r)
	}
	return list
}
