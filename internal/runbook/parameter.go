package runbook

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
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

func convert(kind string, v any) (any, error) {
	switch kind {
	case typeInt:
		return toInt(v)
	case typeBool:
		return toBool(v)
	case typeDuration:
		return toDuration(v)
	case typeSystem:
		return toSystem(v)
	}
	s, ok := v.(string)
	if !ok {
		return nil, change.Invalid("is %s; expected text, in quotes where it looks like something else: '%v'", spoken(v), v)
	}
	return s, nil
}

func toInt(v any) (any, error) {
	switch v := v.(type) {
	case int:
		return int64(v), nil
	case int64:
		return v, nil
	case float64: // JSON has no other numbers
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return int64(v), nil
		}
	case string: // flags give text
		if i, err := strconv.ParseInt(v, 10, 64); err == nil {
			return i, nil
		}
	}
	return nil, change.Invalid("is %s; expected a whole number", spoken(v))
}

func toBool(v any) (any, error) {
	switch v {
	case true, "true":
		return true, nil
	case false, "false":
		return false, nil
	}
	return nil, change.Invalid("is %s; expected true or false", spoken(v))
}

func toDuration(v any) (any, error) {
	if s, ok := v.(string); ok {
		if d, err := time.ParseDuration(s); err == nil {
			return d.String(), nil
		}
	}
	return nil, change.Invalid("is %s; expected a duration, for example 90s, 15m or 1h30m", spoken(v))
}

func toSystem(v any) (any, error) {
	s, ok := v.(string)
	if !ok {
		return nil, change.Invalid("is %s; expected a system, for example resource:orders-db-1", spoken(v))
	}
	r, err := change.ParseRef(s, "")
	if err != nil {
		return nil, err
	}
	return string(r), nil
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

// raw reads a node of the runbook itself: text stays as it was written.
func raw(kind string, n *yaml.Node) any {
	if kind != typeInt && kind != typeBool && n.Kind == yaml.ScalarNode {
		return n.Value
	}
	if n.Kind == yaml.SequenceNode {
		list := make([]any, len(n.Content))
		for i, c := range n.Content {
			list[i] = raw(kind, c)
		}
		return list
	}
	return document.Plain(n)
}

// initial returns the default value, normalised.
func (p Parameter) initial() (any, error) {
	kind := p.Type
	if kind == typeList {
		kind = p.Of
	}
	return p.value(raw(kind, p.Default))
}

// check reports what is wrong with the declaration itself.
func (p Parameter) check(fail func(key, format string, args ...any)) {
	if !slices.Contains(parameterTypes, p.Type) {
		fail("type", "%q is not a type; expected one of %s", p.Type, strings.Join(parameterTypes, ", "))
		return
	}
	if (p.Type == typeList) != (p.Of != "") {
		fail("of", "belongs to a list, which needs it: {type: list, of: system}")
	}
	if p.Of != "" && (p.Of == typeList || !slices.Contains(parameterTypes, p.Of)) {
		fail("of", "%q is not a type of an element; expected one of %s", p.Of, strings.Join(parameterTypes[:5], ", "))
	}
	if p.Role != "" && (!p.isSystem() || (p.Role != change.Touch && p.Role != change.Observe)) {
		fail("role", "%q does not fit; expected touch or observe, for a system", p.Role)
	}
	if _, err := regexp.Compile(p.Pattern); err != nil {
		fail("pattern", "is not a regular expression (RE2): %s", err)
	}
	p.checkBound("min", p.Min, fail)
	p.checkBound("max", p.Max, fail)
	if p.Default != nil {
		if _, err := p.initial(); err != nil {
			fail("default", "%s", err)
		}
	}
}

func (p Parameter) checkBound(key string, n *yaml.Node, fail func(key, format string, args ...any)) {
	if n == nil {
		return
	}
	if p.Type == typeBool || p.Type == typeSystem {
		fail(key, "does not fit the type %s; leave it out", p.Type)
	} else if _, err := p.bound(n); err != nil {
		fail(key, "%s", err)
	}
}

// spoken says in words what a value is.
func spoken(v any) string {
	switch v := v.(type) {
	case nil:
		return "empty"
	case string:
		return fmt.Sprintf("the text %q", v)
	case bool:
		return fmt.Sprintf("the boolean %t", v)
	case []any:
		return fmt.Sprintf("a list of %d", len(v))
	case map[string]any:
		return "a mapping"
	}
	return fmt.Sprintf("the number %v", v)
}
