package runbook

import (
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/changectl/changectl/internal/change"
)

// Parameter is one value that a change gives to a runbook.
type Parameter struct {
	Type  string `yaml:"type,required"`
	Of    string `yaml:"of"`    // type of a list's elements
	Title string `yaml:"title"` // one line for people
	// Role says what becomes of a system: touch (the default) or observe.
	Role     change.Mode `yaml:"role"`
	Default  *yaml.Node  `yaml:"default"`
	Required *bool       `yaml:"required"` // true without a default
	// Pattern is a regular expression (RE2) that the whole text must match.
	Pattern string       `yaml:"pattern"`
	Enum    []*yaml.Node `yaml:"enum"`
	// Min and Max bound a number or duration, or the length of a text or list.
	Min *yaml.Node `yaml:"min"`
	Max *yaml.Node `yaml:"max"`
}

// The types of parameters.
const (
	typeString   = "string"
	typeInt      = "int"
	typeBool     = "bool"
	typeDuration = "duration"
	typeSystem   = "system"
	typeList     = "list"
)

var parameterTypes = []string{typeString, typeInt, typeBool, typeDuration, typeSystem, typeList}

// required reports whether a change must give the parameter.
func (p Parameter) required() bool {
	if p.Required != nil {
		return *p.Required
	}
	return p.Default == nil
}

// element is the parameter as its elements see it.
func (p Parameter) element() Parameter {
	e := p
	e.Type, e.Of, e.Min, e.Max = p.Of, "", nil, nil
	return e
}

// isSystem reports whether the parameter names systems.
func (p Parameter) isSystem() bool { return p.Type == typeSystem || p.Of == typeSystem }

// value checks v and brings it into the form in which plans keep it: text, int64,
// bool, or a list of these; durations and systems in their canonical text.
func (p Parameter) value(v any) (any, error) {
	if p.Type == typeList {
		return p.list(v)
	}
	n, err := convert(p.Type, v)
	if err != nil {
		return nil, err
	}
	if s, ok := n.(string); ok && strings.Contains(s, opening) {
		return nil, change.Invalid("holds %s; a parameter is a value, never an expression", opening)
	}
	if err := p.choice(n); err != nil {
		return nil, err
	}
	return n, p.bounds(n)
}

func (p Parameter) list(v any) (any, error) {
	if texts, ok := v.([]string); ok {
		list := make([]any, len(texts))
		for i, s := range texts {
			list[i] = s
		}
		v = list
	}
	given, ok := v.([]any)
	if !ok {
		return nil, change.Invalid("is %s; expected a list of %s", spoken(v), p.Of)
	}
	list := make([]any, len(given))
	for i, g := range given {
		e, err := p.element().value(g)
		if err != nil {
			return nil, change.Invalid("element %d %w", i+1, err)
		}
		list[i] = e
	}
	return list, p.bounds(list)
}

func (p Parameter) choice(v any) error {
	if s, ok := v.(string); ok && p.Pattern != "" {
		whole, err := regexp.Compile(`\A(?:` + p.Pattern + `)\z`)
		if err != nil {
			return change.Invalid("has the pattern %q, which is not a regular expression: %w", p.Pattern, err)
		}
		if !whole.MatchString(s) {
			return change.Invalid("is the text %q; expected text that matches %s", s, p.Pattern)
		}
	}
	if len(p.Enum) == 0 {
		return nil
	}
	var choices []string
	for _, n := range p.Enum {
		c, err := convert(p.Type, raw(p.Type, n))
		if err == nil && c == v {
			return nil
		}
		choices = append(choices, n.Value)
	}
	return change.Invalid("is %s; expected one of %s", spoken(v), strings.Join(choices, ", "))
}

func (p Parameter) bounds(v any) error {
	size, word := measure(p.Type, v)
	for _, b := range []struct {
		node *yaml.Node
		bad  func(size, bound int64) bool
		want string
	}{
		{p.Min, func(s, b int64) bool { return s < b }, "at least"},
		{p.Max, func(s, b int64) bool { return s > b }, "at most"},
	} {
		if b.node == nil {
			continue
		}
		bound, err := p.bound(b.node)
		if err != nil {
			return err
		}
		if b.bad(size, bound) {
			return change.Invalid("is %s; expected %s %s%s", spoken(v), b.want, b.node.Value, word)
		}
	}
	return nil
}

// bound reads min or max in the unit that measure yields.
func (p Parameter) bound(n *yaml.Node) (int64, error) {
	kind := typeInt
	if p.Type == typeDuration {
		kind = typeDuration
	}
	v, err := convert(kind, raw(kind, n))
	if err != nil {
		return 0, err
	}
	size, _ := measure(kind, v)
	return size, nil
}

// measure returns what min and max are held against.
func measure(kind string, v any) (size int64, word string) {
	switch v := v.(type) {
	case int64:
		return v, ""
	case string:
		if kind == typeDuration {
			d, _ := time.ParseDuration(v)
			return int64(d), ""
		}
		return int64(len([]rune(v))), " characters"
	case []any:
		return int64(len(v)), " elements"
	}
	return 0, ""
}

// initial returns the default value, normalised.
func (p Parameter) initial() (any, error) {
	kind := p.Type
	if kind == typeList {
		kind = p.Of
	}
	return p.value(raw(kind, p.Default))
}
