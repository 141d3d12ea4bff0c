// Package runbook turns the procedures that people write in YAML into plans: it
// reads them strictly, checks every expression, and compiles them for one change
// into steps with their final arguments.
//
// What it returns is judged before anything runs, so it must be pure: no
// network, no files, no clock. It also fills in, at run time, what only earlier
// steps know (Expand, Condition), but it runs no step itself.
package runbook

import (
	"errors"

	"go.yaml.in/yaml/v3"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
)

// APIVersion and KindName are what a runbook's first lines say.
const (
	APIVersion = "changectl.dev/v1"
	KindName   = "Runbook"
)

// MaxSteps is the largest number of steps of a runbook.
const MaxSteps = 200

// Runbook is a reviewed procedure. Parse makes one.
type Runbook struct {
	APIVersion string   `yaml:"apiVersion,required"`
	Kind       string   `yaml:"kind,required"`
	Metadata   Metadata `yaml:"metadata,required"`
	Spec       Spec     `yaml:"spec,required"`

	doc    *document.Document
	digest string
	order  []string // parameters, as written
}

// Metadata says what a runbook is for and who answers for it.
type Metadata struct {
	Name        string     `yaml:"name,required"`
	Title       string     `yaml:"title,required"`
	Owner       change.Ref `yaml:"owner,required"`
	Description string     `yaml:"description"`
}

// Spec is the procedure.
type Spec struct {
	Parameters map[string]Parameter `yaml:"parameters"`
	// Observes lists what validation looks at, besides parameters of that role.
	Observes []string        `yaml:"observes"`
	AtCutoff change.AtCutoff `yaml:"at-cutoff"` // back-out where nothing is said
	Margin   change.Duration `yaml:"margin"`
	Steps    []Step          `yaml:"steps,required"`
}

// Step is one step as it is written.
type Step struct {
	Name            string       `yaml:"name,required"`
	Title           string       `yaml:"title"`
	Phase           change.Phase `yaml:"phase,required"`
	Action          `yaml:",inline"`
	Undo            *Action          `yaml:"undo"`
	When            string           `yaml:"when"`
	OnFailure       change.OnFailure `yaml:"on-failure"` // hold where nothing is said
	PointOfNoReturn bool             `yaml:"point-of-no-return"`
	Observes        []string         `yaml:"observes"`
	Checklist       []string         `yaml:"checklist"`
}

// Action is something to do: a step's own work or its undo. An undo without a
// timeout takes the step's; without an expected time it counts its timeout.
type Action struct {
	Uses       string           `yaml:"uses,required"`
	With       *yaml.Node       `yaml:"with,required"`
	Timeout    change.Duration  `yaml:"timeout"`
	Expected   *change.Duration `yaml:"expected"`
	Retry      Retry            `yaml:"retry"`
	Idempotent bool             `yaml:"idempotent"`
	DoneWhen   *DoneWhen        `yaml:"done-when"`
}

// DoneWhen is the check that says whether an action has already been done.
// Without a timeout it takes that of its action.
type DoneWhen struct {
	Uses    string          `yaml:"uses,required"`
	With    *yaml.Node      `yaml:"with,required"`
	Timeout change.Duration `yaml:"timeout"`
}

// Retry says how often an action is tried in all and how long it waits between.
type Retry struct {
	Attempts int             `yaml:"attempts"`
	Every    change.Duration `yaml:"every"`
}

// Parse reads a runbook strictly. Its errors are document.Problems, all of them
// joined.
func Parse(file string, b []byte) (*Runbook, error) {
	doc, err := document.One(file, b)
	if err != nil {
		return nil, err
	}
	r := &Runbook{doc: doc, digest: change.DigestOf(b)}
	if err := doc.Decode(r); err != nil {
		return nil, err
	}
	if n, ok := doc.Find("spec.parameters"); ok && n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			r.order = append(r.order, n.Content[i].Value)
		}
	}
	p := &proof{runbook: r}
	p.all()
	if err := errors.Join(p.problems...); err != nil {
		return nil, err
	}
	return r, nil
}

// Info describes a runbook to somebody who chooses one.
type Info struct {
	Name, Title, Description string
	Owner                    change.Ref
	Digest                   string // of the file's bytes
	Parameters               []ParameterInfo
	Steps                    []StepInfo
}

// ParameterInfo describes one parameter; a list's Type is list(of).
type ParameterInfo struct {
	Name, Type, Title, Pattern string
	Required                   bool
	Default                    any
}

// StepInfo describes one step; its title still holds expressions.
type StepInfo struct {
	Name, Title string
	Phase       change.Phase
	Uses        string
}

// Info returns the description of r, in the order in which it is written.
func (r *Runbook) Info() Info {
	m := r.Metadata
	info := Info{Name: m.Name, Title: m.Title, Description: m.Description, Owner: m.Owner, Digest: r.digest}
	for _, name := range r.order {
		p := r.Spec.Parameters[name]
		i := ParameterInfo{Name: name, Type: p.Type, Title: p.Title, Pattern: p.Pattern, Required: p.required()}
		if p.Of != "" {
			i.Type += "(" + p.Of + ")"
		}
		if p.Default != nil {
			i.Default, _ = p.initial() // checked by Parse
		}
		info.Parameters = append(info.Parameters, i)
	}
	for _, s := range r.Spec.Steps {
		info.Steps = append(info.Steps, StepInfo{Name: s.Name, Title: s.title(), Phase: s.Phase, Uses: s.Uses})
	}
	return info
}

func (s Step) title() string {
	if s.Title != "" {
		return s.Title
	}
	return s.Name
}
