package runbook

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/changectl/changectl/internal/change"
)

// proof looks for everything that is wrong with a runbook before any change
// names its parameters.
type proof struct {
	runbook  *Runbook
	problems []error
}

var (
	kebab      = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	identifier = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
)

func (p *proof) fail(path, format string, args ...any) {
	p.problems = append(p.problems, p.runbook.doc.Field(path, format, args...))
}

func (p *proof) all() {
	r := p.runbook
	if r.APIVersion != APIVersion {
		p.fail("apiVersion", "is %q; expected %s", r.APIVersion, APIVersion)
	}
	if r.Kind != KindName {
		p.fail("kind", "is %q; expected %s", r.Kind, KindName)
	}
	if !kebab.MatchString(r.Metadata.Name) {
		p.fail("metadata.name", "%q is not a name; expected lower-case words with dashes between, for example restart-web", r.Metadata.Name)
	}
	p.reference("metadata.owner", string(r.Metadata.Owner), "group", "user")
	if owner, err := change.ParseRef(string(r.Metadata.Owner), ""); err == nil {
		r.Metadata.Owner = owner
	}
	p.parameters()
	p.references("spec.observes", r.Spec.Observes)
	if !slices.Contains([]change.AtCutoff{"", change.CutoffBackOut, change.CutoffHold, change.CutoffContinue}, r.Spec.AtCutoff) {
		p.fail("spec.at-cutoff", "is %q; expected back-out, hold or continue", r.Spec.AtCutoff)
	}
	if r.Spec.Margin < 0 {
		p.fail("spec.margin", "is %s; expected 0s or more", r.Spec.Margin)
	}
	p.steps()
}

func (p *proof) parameters() {
	for _, name := range p.runbook.order {
		path := "spec.parameters." + name
		if !identifier.MatchString(name) {
			p.fail(path, "%q is not a name for a parameter; expected letters, digits and _, so that expressions can use it", name)
			continue
		}
		p.runbook.Spec.Parameters[name].check(func(key, format string, args ...any) { p.fail(path+"."+key, format, args...) })
	}
}

func (p *proof) references(path string, refs []string) {
	for i, ref := range refs {
		at := fmt.Sprintf("%s[%d]", path, i)
		if isText(ref) {
			p.reference(at, ref)
			continue
		}
		n, _ := p.runbook.doc.Find(at)
		p.text(n, at, nil, false)
	}
}

func (p *proof) reference(path, s string, wanted ...string) {
	ref, err := change.ParseRef(s, "")
	if err != nil {
		p.fail(path, "%s", err)
	} else if len(wanted) > 0 && !slices.Contains(wanted, ref.Kind()) {
		p.fail(path, "%s cannot stand here; expected %s:NAME", ref, strings.Join(wanted, ":NAME or "))
	}
}

func (p *proof) steps() {
	steps := p.runbook.Spec.Steps
	if len(steps) == 0 {
		p.fail("spec.steps", "is empty; expected at least one step")
	}
	if len(steps) > MaxSteps {
		p.fail("spec.steps", "holds %d steps; expected at most %d, so split the runbook", len(steps), MaxSteps)
		return
	}
	var earlier []string
	for i, s := range steps {
		path := fmt.Sprintf("spec.steps[%d]", i)
		if !kebab.MatchString(s.Name) {
			p.fail(path+".name", "%q is not a name; expected lower-case words with dashes between, for example stop-old-primary", s.Name)
		}
		if first := slices.Index(earlier, s.Name); first >= 0 {
			p.fail(path+".name", "%q is already the name of step %d; every step needs its own", s.Name, first+1)
		}
		p.step(path, s, earlier)
		earlier = append(earlier, s.Name)
	}
}

func (p *proof) step(path string, s Step, earlier []string) {
	if !slices.Contains(change.Phases, s.Phase) {
		p.fail(path+".phase", "%q is not a phase; expected one of %s", s.Phase, join(change.Phases))
	}
	if !slices.Contains([]change.OnFailure{"", change.FailureHold, change.FailureBackOut}, s.OnFailure) {
		p.fail(path+".on-failure", "is %q; expected hold or back-out", s.OnFailure)
	}
	if n, ok := p.runbook.doc.Find(path + ".title"); ok {
		p.text(n, path+".title", nil, false)
	}
	if s.When != "" {
		p.condition(path+".when", s.When, nil, earlier)
	}
	p.references(path+".observes", s.Observes)
	if s.Timeout == 0 {
		p.fail(path+".timeout", "is missing; expected a duration after which the step has failed, for example 30s")
	}
	k := p.action(path, s.Action, earlier)
	if _, known := spanOf(k); s.Expected == nil && !known && k != nil {
		p.fail(path+".expected", "is missing; expected the time that the step usually takes, for example 2s")
	}
	if s.Undo != nil {
		p.action(path+".undo", s.Undo.within(s), append(slices.Clone(earlier), s.Name))
	}
}

// within gives an undo the timeout of its step where it has none of its own.
func (a Action) within(s Step) Action {
	if a.Timeout == 0 {
		a.Timeout = s.Timeout
	}
	return a
}

func spanOf(k Kind) (time.Duration, bool) {
	switch k := k.(type) {
	case spanner:
		return k.span()
	case *Notify:
		return 0, true
	}
	return 0, false
}

// action checks a step's work or its undo. It returns nil for an unknown kind.
func (p *proof) action(path string, a Action, earlier []string) Kind {
	if a.Timeout < 0 {
		p.fail(path+".timeout", "is %s; expected more than 0s", a.Timeout)
	}
	if a.Expected != nil && (*a.Expected < 0 || *a.Expected > a.Timeout) && a.Timeout > 0 {
		p.fail(path+".expected", "is %s; expected 0s to the timeout, %s", a.Expected, a.Timeout)
	}
	if a.Retry.Attempts < 0 || a.Retry.Every < 0 {
		p.fail(path+".retry", "is %d attempts every %s; expected neither to be negative", a.Retry.Attempts, a.Retry.Every)
	}
	if d := a.DoneWhen; d != nil {
		if d.Timeout < 0 {
			p.fail(path+".done-when.timeout", "is %s; expected more than 0s", d.Timeout)
		}
		p.work(path+".done-when", d.Uses, d.With, earlier)
	}
	return p.work(path, a.Uses, a.With, earlier)
}

func join[T ~string](list []T) string {
	texts := make([]string, len(list))
	for i, s := range list {
		texts[i] = string(s)
	}
	return strings.Join(texts, ", ")
}

// work checks uses and with.
func (p *proof) work(path, uses string, with *yaml.Node, earlier []string) Kind {
	open := map[*yaml.Node]bool{}
	broken := len(p.problems)
	walk(with, path+".with", func(n *yaml.Node, at string) {
		if strings.Contains(n.Value, opening) && !isCondition(at) {
			open[n] = true
			p.text(n, at, earlier, true)
		}
	})
	k, problems := decodeKind(p.runbook.doc, uses, with, path+".with", open)
	if k == nil {
		p.fail(path+".uses", "%s", problems[0])
		return nil
	}
	p.problems = append(p.problems, problems...)
	if len(problems) > 0 || len(p.problems) > broken {
		return k
	}
	p.expectations(path+".with", uses, k, earlier)
	return k
}
