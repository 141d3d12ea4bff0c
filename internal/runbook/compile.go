package runbook

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/changectl/changectl/internal/change"
)

// Systems looks systems up in a catalog. An unknown one is a NotFound error.
type Systems interface {
	System(ref change.Ref) (change.System, error)
}

// Input is what a runbook is compiled with.
type Input struct {
	Request   change.Request
	Window    change.Window
	Systems   Systems
	Source    change.Source // name, title, owner and digest are filled in where they are empty
	Instance  string
	Submitter change.Ref
}

// Compile checks the request's parameters and returns the plan of one change.
// Impact, what else is observed, catalog, policy, risk and approvals are left to
// the caller. Errors are of the kinds Invalid and NotFound, all of them joined;
// those about the runbook itself hold document.Problems.
func (r *Runbook) Compile(in Input) (change.Plan, error) {
	c := &compiler{runbook: r, systems: in.Systems, targets: map[change.Ref]change.System{}, roles: map[change.Ref]change.Mode{}}
	if err := c.parameters(in.Request.Parameters); err != nil {
		return change.Plan{}, err
	}
	if err := c.observed(); err != nil {
		return change.Plan{}, err
	}
	steps := c.steps()
	if err := errors.Join(c.problems...); err != nil {
		return change.Plan{}, change.Invalid("compile runbook %s for this change: %w", r.Metadata.Name, err)
	}
	req := in.Request
	return change.Plan{
		Instance: in.Instance, Title: req.Title, Type: req.Type, Reason: req.Reason, Submitter: in.Submitter,
		Runbook: r.source(in.Source), Parameters: c.values, Window: in.Window,
		Targets: c.resolved(), Footprint: c.footprint(), Steps: steps,
		AtCutoff: r.atCutoff(), Margin: r.Spec.Margin,
	}, nil
}

func (r *Runbook) source(s change.Source) change.Source {
	if s.Name == "" {
		s.Name = r.Metadata.Name
	}
	if s.Title == "" {
		s.Title = r.Metadata.Title
	}
	if s.Owner == "" {
		s.Owner = r.Metadata.Owner
	}
	if s.Digest == "" {
		s.Digest = r.digest
	}
	return s
}

func (r *Runbook) atCutoff() change.AtCutoff {
	if r.Spec.AtCutoff == "" {
		return change.CutoffBackOut
	}
	return r.Spec.AtCutoff
}

type compiler struct {
	runbook  *Runbook
	systems  Systems
	values   map[string]any
	targets  map[change.Ref]change.System
	roles    map[change.Ref]change.Mode
	problems []error
}

// parameters normalises what the change gives and resolves the systems in it.
func (c *compiler) parameters(given map[string]any) error {
	declared := c.runbook.Spec.Parameters
	var problems []error
	c.values = map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if _, ok := declared[name]; !ok {
			problems = append(problems, change.Invalid("is not a parameter of runbook %s; expected one of %s",
				c.runbook.Metadata.Name, listed(c.runbook.order)).At(field(name)))
		}
	}
	for _, name := range c.runbook.order {
		if err := c.parameter(name, declared[name], given); err != nil {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

func field(parameter string) string { return "spec.parameters." + parameter }

func (c *compiler) parameter(name string, p Parameter, given map[string]any) error {
	v, ok := given[name]
	switch {
	case !ok && p.required():
		return change.Invalid("is missing; expected %s", p.wanted()).At(field(name))
	case !ok && p.Default == nil:
		return nil
	}
	var err error
	if ok {
		v, err = p.value(v)
	} else {
		v, err = p.initial()
	}
	if err != nil {
		return change.Invalid("%w", err).At(field(name))
	}
	c.values[name] = v
	if !p.isSystem() {
		return nil
	}
	return c.target(v, p, name)
}

// wanted says what a missing parameter should be.
func (p Parameter) wanted() string {
	s := map[string]string{
		typeString: "text", typeInt: "a whole number", typeBool: "true or false", typeDuration: "a duration, for example 15m",
		typeSystem: "a system, for example resource:orders-db-1", typeList: "a list of " + p.Of,
	}[p.Type]
	if p.Pattern != "" {
		s += " that matches " + p.Pattern
	}
	if p.Title != "" {
		s += " (" + p.Title + ")"
	}
	return s
}

func (c *compiler) problem(path string, err error) error {
	return change.Invalid("compile runbook %s: %w", c.runbook.Metadata.Name, c.runbook.doc.Field(path, "%s", err))
}

func (c *compiler) scope() Scope {
	systems := make(map[string]change.System, len(c.targets))
	for ref, s := range c.targets {
		systems[string(ref)] = s
	}
	return Scope{Parameters: c.values, Systems: systems}
}

func (c *compiler) fail(n *yaml.Node, path string, err error) {
	c.problems = append(c.problems, c.runbook.doc.At(n, path, "%s", err))
}

func (c *compiler) steps() []change.Step {
	steps := []change.Step{}
	for i, s := range c.runbook.Spec.Steps {
		steps = append(steps, c.step(fmt.Sprintf("spec.steps[%d]", i), s))
	}
	return steps
}

func (c *compiler) step(path string, s Step) change.Step {
	out := change.Step{
		Name: s.Name, Title: c.title(path, s), Phase: s.Phase, When: s.When,
		OnFailure: s.OnFailure, PointOfNoReturn: s.PointOfNoReturn, Checklist: s.Checklist,
	}
	if out.OnFailure == "" {
		out.OnFailure = change.FailureHold
	}
	action, kind := c.action(path, s.Action)
	out.Action = action
	if s.Expected == nil {
		span, _ := spanOf(kind)
		out.Expected = change.Duration(span)
	}
	if out.Expected > out.Timeout {
		n, _ := c.runbook.doc.Find(path + ".timeout")
		c.fail(n, path+".timeout", change.Invalid("is %s; expected at least %s, the time that the step takes", out.Timeout, out.Expected))
	}
	out.Observes, _ = c.observe(path+".observes", s.Observes) // resolved before
	if s.Undo != nil {
		undo, _ := c.action(path+".undo", s.Undo.within(s))
		if s.Undo.Expected == nil {
			undo.Expected = undo.Timeout
		}
		out.Undo = &undo
	}
	return out
}

func (c *compiler) title(path string, s Step) string {
	v, err := expandText(s.title(), c.scope())
	if err == nil {
		var text string
		if text, err = plainText(v); err == nil {
			return text
		}
	}
	n, _ := c.runbook.doc.Find(path + ".title")
	c.fail(n, path+".title", err)
	return ""
}

func (c *compiler) action(path string, a Action) (change.Action, Kind) {
	with, kind := c.arguments(path, a.Uses, a.With)
	out := change.Action{
		Uses: a.Uses, With: with, Timeout: a.Timeout, Idempotent: a.Idempotent,
		Retry: change.Retry{Attempts: a.Retry.Attempts, Every: a.Retry.Every},
	}
	if a.Expected != nil {
		out.Expected = *a.Expected
	}
	if d := a.DoneWhen; d != nil {
		check := change.Action{Uses: d.Uses, Timeout: d.Timeout}
		check.With, _ = c.arguments(path+".done-when", d.Uses, d.With)
		if check.Timeout == 0 {
			check.Timeout = a.Timeout
		}
		out.DoneWhen = &check
	}
	return out, kind
}
