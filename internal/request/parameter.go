package request

import (
	"fmt"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/changectl/changectl/internal/document"
)

// parameters takes the values of a file's parameters. An empty one is a Problem:
// whoever leaves a value out means something, but not which.
func parameters(doc *document.Document, nodes map[string]*yaml.Node) (map[string]any, []*document.Problem) {
	if len(nodes) == 0 {
		return nil, nil
	}
	values := map[string]any{}
	var problems []*document.Problem
	for name, n := range nodes {
		path := "spec.parameters." + name
		if at := empty(n); at != nil {
			problems = append(problems, doc.At(at, path, "is empty; give a value, or leave the parameter out"))
			continue
		}
		values[name] = value(n)
	}
	slices.SortFunc(problems, func(a, b *document.Problem) int { return a.Line - b.Line })
	return values, problems
}

// empty returns the first node without a value in n, or nil.
func empty(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return n
	}
	for _, c := range n.Content {
		if e := empty(c); e != nil {
			return e
		}
	}
	return nil
}

// value returns a node's value: true and false are booleans, whole numbers are
// numbers, everything else stays the text that was written. A version 15.20 is no
// number, and 0123 is not 83.
func value(n *yaml.Node) any {
	switch n.Kind {
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, c := range n.Content {
			list[i] = value(c)
		}
		return list
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			m[n.Content[i].Value] = value(n.Content[i+1])
		}
		return m
	case yaml.ScalarNode, yaml.DocumentNode, yaml.AliasNode:
	}
	switch n.ShortTag() {
	case "!!bool":
		return document.Plain(&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: n.Value})
	case "!!int":
		return whole(n.Value)
	}
	return n.Value
}

// maxWhole is the largest whole number that every JSON reader keeps exactly.
// Source: RFC 8785, appendix D.
const maxWhole = 1<<53 - 1

// whole returns a number that reads back as it was written, or else the text.
func whole(text string) any {
	i, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(i, 10) != text || i > maxWhole || i < -maxWhole {
		return text
	}
	return i
}

// written returns the value of a flag as the same text would have in a file:
// [a, b] is a list, a text between quotes is text, the rest is one value.
func written(flag, text string) (any, error) {
	if len(text) >= 2 && (text[0] == '[' || text[0] == '"' || text[0] == '\'') {
		doc, err := document.One(flag, []byte(text))
		if err != nil {
			return nil, fmt.Errorf("is not a value: %s", message(err))
		}
		if empty(doc.Root) != nil {
			return nil, fmt.Errorf("has an empty value")
		}
		return value(doc.Root), nil
	}
	return value(&yaml.Node{Kind: yaml.ScalarNode, Value: text}), nil
}

func message(err error) string {
	if p := document.Problems(err); len(p) > 0 {
		return p[0].Message
	}
	return err.Error()
}
