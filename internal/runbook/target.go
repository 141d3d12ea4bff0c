package runbook

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/changectl/changectl/internal/change"
)

func (c *compiler) target(v any, p Parameter, name string) error {
	refs, ok := v.([]any)
	if !ok {
		refs = []any{v}
	}
	role := change.Touch
	if p.Role != "" {
		role = p.Role
	}
	var problems []error
	for _, r := range refs {
		if s, ok := r.(string); ok {
			problems = append(problems, c.resolve(change.Ref(s), role, field(name)))
		}
	}
	return errors.Join(problems...)
}

// resolve makes a system a target; touch outweighs observe.
func (c *compiler) resolve(ref change.Ref, role change.Mode, where string) error {
	if _, known := c.targets[ref]; !known {
		s, err := c.systems.System(ref)
		if err != nil {
			var e *change.Error
			if errors.As(err, &e) && e.Field == "" {
				return e.At(where)
			}
			return err
		}
		c.targets[ref] = s
	}
	if c.roles[ref] != change.Touch {
		c.roles[ref] = role
	}
	return nil
}

// observed resolves what the runbook and its steps observe.
func (c *compiler) observed() error {
	var problems []error
	_, err := c.observe("spec.observes", c.runbook.Spec.Observes)
	problems = append(problems, err)
	for i, s := range c.runbook.Spec.Steps {
		_, err := c.observe(fmt.Sprintf("spec.steps[%d].observes", i), s.Observes)
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

func (c *compiler) observe(path string, texts []string) ([]change.Ref, error) {
	var refs []change.Ref
	for i, text := range texts {
		at := fmt.Sprintf("%s[%d]", path, i)
		v, err := expandText(text, c.scope())
		if err != nil {
			return nil, c.problem(at, err)
		}
		list, ok := v.([]any)
		if !ok {
			list = []any{v}
		}
		for _, e := range list {
			ref, err := change.ParseRef(fmt.Sprint(e), "")
			if err != nil {
				return nil, c.problem(at, err)
			}
			if err := c.resolve(ref, change.Observe, ""); err != nil {
				return nil, change.NotFound("%s: %w", c.runbook.doc.Field(at, "%s", ref), err)
			}
			refs = append(refs, ref)
		}
	}
	return refs, nil
}

func (c *compiler) resolved() []change.System {
	all := []change.System{}
	for _, ref := range slices.Sorted(maps.Keys(c.targets)) {
		all = append(all, c.targets[ref])
	}
	return all
}

func (c *compiler) footprint() change.Footprint {
	f := change.Footprint{Touch: []change.Ref{}}
	for _, ref := range slices.Sorted(maps.Keys(c.roles)) {
		if c.roles[ref] == change.Touch {
			f.Touch = append(f.Touch, ref)
		} else {
			f.Observe = append(f.Observe, change.Affected{System: ref, Path: []change.Ref{ref}})
		}
	}
	return f
}
