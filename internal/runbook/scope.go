package runbook

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// Scope is what expressions can see.
type Scope struct {
	Parameters map[string]any
	Systems    map[string]change.System // by reference
	Steps      map[string]StepView      // steps that have run, by name
	// Secrets hands a secret out by name. Nothing else gives an expression one,
	// so its caller knows every value that must be masked.
	Secrets func(name string) (string, error)
	Change  ChangeView
}

// StepView is what an earlier step came to.
type StepView struct {
	Outcome change.Outcome
	Output  string
	Values  json.RawMessage // an object, or empty
}

// ChangeView is the change that runs.
type ChangeView struct {
	ID        change.ID
	Title     string
	Type      change.Type
	Reason    string
	Submitter change.Ref
	Revision  int
	Window    change.Window
}

// Expand fills in every expression in the arguments of an action. A text that is
// exactly one expression takes the type of its value. What an expression yields
// is never read as an expression again. Errors are of the kind Invalid, or what
// Secrets returned.
func Expand(with json.RawMessage, s Scope) (json.RawMessage, error) {
	if !strings.Contains(string(with), opening) {
		return with, nil
	}
	v, err := decodeJSON(with)
	if err != nil {
		return nil, change.Invalid("read the arguments of a step: %w", err)
	}
	v, err = eachText(v, func(text string) (any, error) { return expandText(text, s) })
	if err != nil {
		return nil, err
	}
	return encode(v)
}

func expandText(text string, s Scope) (any, error) {
	parts, err := split(text)
	if err != nil {
		return nil, err
	}
	if len(parts) == 1 && parts[0].cel {
		return evaluate(parts[0].text, s)
	}
	var b strings.Builder
	for _, p := range parts {
		t := p.text
		if p.cel {
			v, err := evaluate(p.text, s)
			if err != nil {
				return nil, err
			}
			if t, err = plainText(v); err != nil {
				return nil, change.Invalid("%q %w", p.text, err)
			}
		}
		b.WriteString(t)
	}
	return b.String(), nil
}

func evaluate(text string, s Scope) (any, error) {
	e, err := compile(text, false, nil)
	if err != nil {
		return nil, err
	}
	return e.eval(text, s, nil)
}

// Condition evaluates a condition over s and over further variables, such as
// row and count of an sql step. Errors are of the kind Invalid.
func Condition(text string, s Scope, vars map[string]any) (bool, error) {
	e, err := compile(text, true, slices.Sorted(maps.Keys(vars)))
	if err != nil {
		return false, err
	}
	v, err := e.eval(text, s, vars)
	if err != nil {
		return false, err
	}
	yes, ok := v.(bool)
	if !ok {
		return false, change.Invalid("%q yields %v; expected true or false", text, v)
	}
	return yes, nil
}

// activation holds the roots that an expression uses, and of steps and secrets
// only what it names.
func (s Scope) activation(e *expression) (map[string]any, error) {
	a := map[string]any{"parameters": noMap, "systems": noMap, "steps": noMap, "secrets": noText, "change": noMap}
	if e.uses("parameters") {
		a["parameters"] = viewParameters(s.Parameters)
	}
	if e.uses("systems") {
		a["systems"] = viewSystems(s.Systems)
	}
	if e.uses("change") {
		a["change"] = s.Change.view()
	}
	if names := e.names["steps"]; len(names) > 0 {
		view, err := s.viewSteps(names)
		if err != nil {
			return nil, err
		}
		a["steps"] = view
	}
	if names := e.names["secrets"]; len(names) > 0 {
		view, err := s.viewSecrets(names)
		if err != nil {
			return nil, err
		}
		a["secrets"] = view
	}
	return a, nil
}

var (
	noMap  = map[string]any{}
	noText = map[string]string{}
)

// viewParameters gives back to whole numbers what JSON took from them; there are
// no others among parameters.
func viewParameters(parameters map[string]any) map[string]any {
	view := make(map[string]any, len(parameters))
	for name, v := range parameters {
		view[name] = whole(v)
	}
	return view
}

func whole(v any) any {
	switch v := v.(type) {
	case float64:
		return int64(v)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = whole(v[i])
		}
		return list
	}
	return v
}

func viewSystems(systems map[string]change.System) map[string]any {
	view := make(map[string]any, len(systems))
	for ref, y := range systems {
		view[ref] = map[string]any{
			"ref": string(y.Ref), "title": y.Title, "owner": string(y.Owner), "tier": int64(y.Tier), "group": y.Group,
			"site": y.Site, "contacts": orEmpty(y.Contacts), "endpoints": orEmpty(y.Endpoints),
		}
	}
	return view
}

func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return noText
	}
	return m
}

func (s Scope) viewSteps(names []string) (map[string]any, error) {
	view := map[string]any{}
	for _, name := range names {
		step, ran := s.Steps[name]
		if !ran {
			continue // has(steps['x']) can ask
		}
		var values any = noMap
		if len(step.Values) > 0 {
			v, err := decodeJSON(step.Values)
			if err != nil {
				return nil, change.Invalid("read what step %s left: %w", name, err)
			}
			values = v
		}
		view[name] = map[string]any{"outcome": string(step.Outcome), "output": step.Output, "values": values}
	}
	return view, nil
}

func (s Scope) viewSecrets(names []string) (map[string]string, error) {
	view := map[string]string{}
	for _, name := range names {
		if s.Secrets == nil {
			return nil, change.Invalid("secret %s is asked for where there are no secrets", name)
		}
		v, err := s.Secrets(name)
		if err != nil {
			return nil, err
		}
		view[name] = v
	}
	return view, nil
}

func (c ChangeView) view() map[string]any {
	return map[string]any{
		"id": string(c.ID), "title": c.Title, "type": string(c.Type), "reason": c.Reason,
		"submitter": string(c.Submitter), "revision": int64(c.Revision),
		"window": map[string]any{
			"start": c.Window.Start.Format(time.RFC3339), "end": c.Window.End.Format(time.RFC3339), "zone": c.Window.Zone,
		},
	}
}
