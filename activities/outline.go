package activities

import (
	"fmt"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/check"
	"github.com/changectl/changectl/workflows"
)

// state is a record as the workflow needs it.
func state(rec change.Record) workflows.State {
	return workflows.State{
		Status: rec.Status, Note: rec.Note, Revision: rec.Revision, Digest: rec.Digest, Token: rec.Token, Hold: rec.Hold,
	}
}

// whole is state with the outline and the runs.
func (a *Activities) whole(rec change.Record) workflows.State {
	s := state(rec)
	s.Runs = make([]change.Run, len(rec.Runs))
	for i, r := range rec.Runs {
		r.Output, r.Values = "", nil // they stay in the ledger
		s.Runs[i] = r
	}
	p := rec.Plan
	s.Outline = &workflows.Outline{
		Title: p.Title, Submitter: p.Submitter, Window: p.Window, AtCutoff: p.AtCutoff,
		LastStart: lastStart(p), Systems: p.Footprint.Touch,
	}
	for _, r := range p.Approvals {
		s.Outline.NeedsFrom = append(s.Outline.NeedsFrom, fmt.Sprintf("%d of %s", r.Count, r.Role))
	}
	for _, f := range rec.Findings {
		s.Outline.Concurrent = append(s.Outline.Concurrent, f.Message)
	}
	for _, st := range p.Steps {
		s.Outline.Steps = append(s.Outline.Steps, outline(st))
	}
	return s
}

func outline(st change.Step) workflows.StepOutline {
	o := workflows.StepOutline{
		Name: st.Name, Title: st.Title, Phase: st.Phase, Uses: st.Uses, Limit: limit(st.Action), Expected: st.Expected,
		Irreversible: st.PointOfNoReturn, OnFailure: st.OnFailure,
	}
	if st.Undo != nil {
		o.HasUndo, o.UndoLimit, o.UndoExpected = true, limit(*st.Undo), st.Undo.Expected
	}
	return o
}

// limit is the longest that one run of an action may take: all its tries, which
// share its timeout, and the check whether it has been done already.
func limit(a change.Action) change.Duration {
	if a.DoneWhen == nil {
		return a.Timeout
	}
	return a.Timeout + a.DoneWhen.Timeout
}

// lastStart is the last moment at which the plan still fits into its window.
func lastStart(p change.Plan) time.Time { return p.Window.End.Add(-check.Needed(p)) }
