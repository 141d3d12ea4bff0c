package runbook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/changectl/changectl/internal/change"
)

// decodeJSON reads one JSON value; whole numbers become int64, others float64.
func decodeJSON(b []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("decode JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("decode JSON: more than one value")
	}
	return numbers(v), nil
}

func numbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return i
		}
		f, _ := v.Float64()
		return f
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = numbers(v[k])
		}
	}
	return v
}

// nodeOf makes a node that document.Plain would read as v.
func nodeOf(v any) *yaml.Node {
	scalar := func(tag, value string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value} }
	switch v := v.(type) {
	case nil:
		return scalar("!!null", "null")
	case bool:
		return scalar("!!bool", strconv.FormatBool(v))
	case int64:
		return scalar("!!int", strconv.FormatInt(v, 10))
	case float64:
		return scalar("!!float", strconv.FormatFloat(v, 'g', -1, 64))
	case []any:
		n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		for _, e := range v {
			n.Content = append(n.Content, nodeOf(e))
		}
		return n
	case map[string]any:
		n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		for _, k := range slices.Sorted(maps.Keys(v)) {
			n.Content = append(n.Content, scalar("!!str", k), nodeOf(v[k]))
		}
		return n
	}
	return scalar("!!str", fmt.Sprint(v))
}

// placed gives n and all below it the position of at.
func placed(n, at *yaml.Node) *yaml.Node {
	n.Line, n.Column = at.Line, at.Column
	for _, c := range n.Content {
		placed(c, at)
	}
	return n
}

// childOf returns the value of a key of a mapping, or n itself without it.
func childOf(n *yaml.Node, key string) *yaml.Node {
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				return n.Content[i+1]
			}
		}
	}
	return n
}

// walk visits every scalar at or below n that is not a key, with its path.
func walk(n *yaml.Node, path string, visit func(n *yaml.Node, path string)) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			walk(n.Content[i+1], path+"."+n.Content[i].Value, visit)
		}
	case yaml.SequenceNode:
		for i, c := range n.Content {
			walk(c, fmt.Sprintf("%s[%d]", path, i), visit)
		}
	case yaml.ScalarNode:
		visit(n, path)
	case yaml.DocumentNode, yaml.AliasNode:
	}
}

// eachText replaces every text in a JSON-like value by what f makes of it.
func eachText(v any, f func(string) (any, error)) (any, error) {
	switch v := v.(type) {
	case string:
		return f(v)
	case []any:
		for i := range v {
			e, err := eachText(v[i], f)
			if err != nil {
				return nil, err
			}
			v[i] = e
		}
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			e, err := eachText(v[k], f)
			if err != nil {
				return nil, err
			}
			v[k] = e
		}
	}
	return v, nil
}

// plainText writes a value as it stands inside a text.
func plainText(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case bool, int64, uint64:
		return fmt.Sprint(v), nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case nil:
		return "", change.Invalid("is null; expected a text, number or boolean")
	case []any:
		return "", change.Invalid("is a list; only a text, number or boolean can stand inside a text")
	}
	return "", change.Invalid("is a mapping; only a text, number or boolean can stand inside a text")
}

// hasExpression reports whether any text in a JSON-like value opens an expression.
func hasExpression(v any) bool {
	found := false
	_, _ = eachText(v, func(s string) (any, error) {
		found = found || strings.Contains(s, opening)
		return s, nil
	})
	return found
}
