package runbook

import (
	"encoding/json"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/changectl/changectl/internal/change"
)

// arguments fills in what is known and checks the result against its kind.
func (c *compiler) arguments(path, uses string, with *yaml.Node) (json.RawMessage, Kind) {
	before := len(c.problems)
	n := c.expand(with, path+".with")
	if len(c.problems) > before {
		return nil, nil
	}
	kind, problems := decodeKind(c.runbook.doc, uses, n, path+".with", nil)
	c.problems = append(c.problems, problems...)
	if len(problems) > 0 {
		return nil, kind
	}
	c.reach(n, path+".with", kind)
	raw, err := encode(kind)
	if err != nil {
		c.fail(n, path+".with", err)
	}
	return raw, kind
}

// reach checks that every system named is a target of the change, and can be
// reached as the kind needs it.
func (c *compiler) reach(n *yaml.Node, path string, k Kind) {
	if in, ok := k.(nester); ok && in.nested() != nil {
		c.reach(childOf(childOf(n, "until"), "with"), path+".until.with", in.nested().kind)
		return
	}
	at := childOf(n, "system")
	for _, ref := range k.Systems() {
		if !isText(string(ref)) {
			c.fail(at, path+".system", change.Invalid("depends on what is known only at run time; expected parameters and systems alone"))
		} else if _, ok := c.targets[ref]; !ok {
			c.fail(at, path+".system", change.Invalid("%s is none of the systems of this change; expected a parameter of type system, or an entry of spec.observes", ref))
		}
	}
	e, ok := k.(reacher)
	if !ok {
		return
	}
	ref, name := e.endpoint()
	if s, ok := c.targets[ref]; ok && s.Endpoints[name] == "" {
		c.fail(at, path+".system", change.Invalid("the catalog does not say how to reach %s: it has no endpoint %s; add the annotation changectl.dev/endpoint.%s", ref, name, name))
	}
}

// expand returns a copy of n in which every expression over parameters and
// systems is filled in. Those that need more stay as text.
func (c *compiler) expand(n *yaml.Node, path string) *yaml.Node {
	if n.Kind == yaml.ScalarNode {
		if !strings.Contains(n.Value, opening) || isCondition(path) {
			return n
		}
		v, err := c.fill(n.Value)
		if err != nil {
			c.fail(n, path, err)
			return n
		}
		return placed(nodeOf(v), n)
	}
	out := *n
	out.Content = make([]*yaml.Node, len(n.Content))
	copy(out.Content, n.Content)
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			out.Content[i+1] = c.expand(n.Content[i+1], path+"."+n.Content[i].Value)
		}
	case yaml.SequenceNode:
		for i := range n.Content {
			out.Content[i] = c.expand(n.Content[i], fmt.Sprintf("%s[%d]", path, i))
		}
	case yaml.ScalarNode, yaml.DocumentNode, yaml.AliasNode:
	}
	return &out
}

func (c *compiler) fill(text string) (any, error) {
	parts, err := split(text)
	if err != nil {
		return nil, err
	}
	for i, p := range parts {
		if !p.cel {
			continue
		}
		e, err := compile(p.text, false, nil)
		if err != nil {
			return nil, err
		}
		if e.later() {
			continue
		}
		v, err := e.eval(p.text, c.scope(), nil)
		if err != nil {
			return nil, err
		}
		if len(parts) == 1 {
			if hasExpression(v) {
				return nil, change.Invalid("%q yields a text with %s, which would be read as an expression", p.text, opening)
			}
			return v, nil
		}
		s, err := plainText(v)
		if err != nil {
			return nil, change.Invalid("%q %w", p.text, err)
		}
		parts[i] = part{text: s}
	}
	return assemble(parts)
}
