package runbook

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

func isCondition(path string) bool { return strings.HasSuffix(path, ".expect") }

func (p *proof) expectations(path, uses string, k Kind, earlier []string) {
	if e, ok := k.(expecter); ok && e.expectation() != "" {
		p.condition(path+".expect", e.expectation(), variables(uses), earlier)
	}
	if in, ok := k.(nester); ok && in.nested() != nil && in.nested().kind != nil {
		p.expectations(path+".until.with", in.nested().Uses, in.nested().kind, earlier)
	}
}

// variables returns the names that an expect of a kind can use, sorted.
func variables(kind string) []string {
	var names []string
	for name := range seen[kind] {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (p *proof) condition(path, text string, vars, earlier []string) {
	if strings.Contains(text, opening) {
		p.fail(path, "is a condition as a whole; write it without %s %s", opening, closing)
		return
	}
	e, err := compile(text, true, vars)
	if err != nil {
		p.fail(path, "%s", err)
		return
	}
	if !e.bool {
		p.fail(path, "%q is no condition; expected an expression that is true or false", text)
	}
	if err := p.known(e, earlier); err != nil {
		p.fail(path, "%q: %s", text, err)
	}
}

// text checks every expression in a text. Without atRunTime it may not depend on
// what only the running change knows.
func (p *proof) text(n *yaml.Node, path string, earlier []string, atRunTime bool) {
	parts, err := split(n.Value)
	if err != nil {
		p.problems = append(p.problems, p.runbook.doc.At(n, path, "%s", err))
		return
	}
	for _, part := range parts {
		if !part.cel {
			continue
		}
		e, err := compile(part.text, false, nil)
		if err == nil {
			err = p.usable(e, part.text, earlier, atRunTime)
		}
		if err != nil {
			p.problems = append(p.problems, p.runbook.doc.At(n, path, "%s", err))
		}
	}
}

func (p *proof) usable(e *expression, text string, earlier []string, atRunTime bool) error {
	if !atRunTime && e.later() {
		return fmt.Errorf("%q is known only when the change runs; expected parameters and systems alone", text)
	}
	if err := p.known(e, earlier); err != nil {
		return fmt.Errorf("%q: %w", text, err)
	}
	return nil
}

// known checks that what an expression names exists.
func (p *proof) known(e *expression, earlier []string) error {
	var problems []error
	note := func(err error) { problems = append(problems, err) }
	for _, name := range e.names["parameters"] {
		if _, ok := p.runbook.Spec.Parameters[name]; !ok {
			note(fmt.Errorf("there is no parameter %q; known are %s", name, listed(p.runbook.order)))
		}
	}
	for _, name := range e.names["steps"] {
		if !slices.Contains(earlier, name) {
			note(p.unknownStep(name, earlier))
		}
	}
	for _, field := range e.fields {
		if !slices.Contains(stepFields, field) {
			note(fmt.Errorf("a step has no %q; known are %s", field, listed(stepFields)))
		}
	}
	for _, field := range e.names["change"] {
		if !slices.Contains(changeFields, field) {
			note(fmt.Errorf("a change has no %q; known are %s", field, listed(changeFields)))
		}
	}
	for _, root := range []string{"steps", "secrets"} {
		if e.loose[root] {
			note(fmt.Errorf("%s must be named in plain sight: %s['NAME']", root, root))
		}
	}
	return errors.Join(problems...)
}

func (p *proof) unknownStep(name string, earlier []string) error {
	for _, s := range p.runbook.Spec.Steps {
		if s.Name == name {
			return fmt.Errorf("step %q comes later or is this one; only what an earlier step left can be used", name)
		}
	}
	return fmt.Errorf("there is no step %q; earlier ones are %s", name, listed(earlier))
}

func listed(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
