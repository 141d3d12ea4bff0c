package runbook

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
)

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
