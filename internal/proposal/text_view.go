package proposal

import (
	"slices"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// View is all that the texts for reviewers are written from. The same View gives the
// same bytes, so that what has not changed need not be written again.
//
// Whatever people wrote stands in it as they wrote it: the texts escape every field.
type View struct {
	Repository string // owner/name
	Number     int
	Base       string // branch that it is to be merged into
	Head       string // commit that everything here is about
	Instance   string
	Server     string // address of the installation's own pages, empty where people have none
	Phase      Phase
	// Fork and Outsider say why little is shown: the head is in another repository, its
	// author is nobody whom the catalog knows.
	Fork     bool
	Outsider bool
	Changes  []ChangeView
	Runbooks []RunbookView
	Files    []FileView // what else is governed
	// Problems are what is wrong in the files. While there are any, nothing is planned.
	Problems []Annotation
	Approval Approval
	Policy   string // version of the policy by which it is judged
	// Stale are sentences about what counted before and does not any more.
	Stale []string
	// Notes are sentences that everybody who looks at the pull request should read.
	Notes   []string
	Answers []Answer // to commands, oldest first
	// Checkpoint is the audit log's signed checkpoint once all changes have ended.
	Checkpoint string
}

// Phase says where a pull request stands.
type Phase string

// The phases of a pull request; an empty one is PhaseOpen.
const (
	PhaseOpen   Phase = "open"
	PhaseMerged Phase = "merged"
	PhaseClosed Phase = "closed" // without being merged
)

// ChangeView is one change request of a pull request.
type ChangeView struct {
	Path  string
	Title string // where there is no Plan
	// ID is empty before the change is submitted, which is after the merge.
	ID change.ID
	// Plan is nil where it is withheld or not computed yet.
	Plan *change.Plan
	// Withheld says why no plan is shown, in a sentence.
	Withheld    string
	Findings    []change.Finding
	Differences []Difference // against what the base branch says

	Status change.Status // empty before it is submitted
	Note   string
	Hold   *change.Hold
	Cutoff time.Time // last moment at which backing out fits, while it runs
	Steps  []StepView
	// Started and Ended are zero while they are to come.
	Started time.Time
	Ended   time.Time
	// Temporal and Record are addresses: of the workflow in Temporal's UI, and of the change
	// on the installation's own pages.
	Temporal string
	Record   string
}

// redacted leaves out of a View what it says must not be shown: of a change whose plan
// is withheld, everything that does not stand in its own file.
func (v View) redacted() View {
	v.Changes = slices.Clone(v.Changes)
	for i, c := range v.Changes {
		if c.Withheld == "" {
			continue
		}
		if c.Plan != nil {
			c.Title = c.Plan.Title
		}
		v.Changes[i] = ChangeView{
			Path: c.Path, Title: c.Title, ID: c.ID, Withheld: c.Withheld, Status: c.Status, Started: c.Started, Ended: c.Ended,
			Temporal: c.Temporal, Record: c.Record,
		}
	}
	return v
}

// RunbookView is one runbook of a pull request.
type RunbookView struct {
	Path        string
	Name        string
	Title       string
	Owner       change.Ref
	New         bool // it is not on the base branch
	Steps       []StepView
	Differences []Difference
}

// StepView is a step with what has become of it.
type StepView struct {
	Name  string
	Title string
	Phase change.Phase
	// State is a word of report.StepState, empty before the change is submitted.
	State string
	Took  time.Duration // 0 while it runs
	Seen  string        // what was seen, or what went wrong
}

// Difference is one thing that is not as on the base branch. An empty Before is new,
// an empty After is gone.
type Difference struct {
	Field  string
	Before string
	After  string
}

// FileView is another file of the pull request that is governed: of the catalog, the
// policy, the layout, or one that is removed.
type FileView struct {
	Path    string
	Kind    FileKind
	Removed bool
	New     bool
}

// Answer is what became of a command in a comment.
type Answer struct {
	Who     string // login
	Command string
	OK      bool
	Text    string
}
