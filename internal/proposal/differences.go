package proposal

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
	"github.com/changectl/changectl/internal/request"
)

// Differences says what a change request asks for otherwise than the base branch does.
func (c ProposedChange) Differences() []Difference {
	if c.Old == nil {
		return nil
	}
	was, _, err := request.Parse(c.Path, c.Old)
	if err != nil {
		return []Difference{{Field: "file", Before: "could not be read", After: "can be read"}}
	}
	var out []Difference
	for _, f := range requestFields {
		if a, b := f.of(was), f.of(c.Request); a != b {
			out = append(out, Difference{Field: f.name, Before: a, After: b})
		}
	}
	return out
}

var requestFields = []struct {
	name string
	of   func(change.Request) string
}{
	{"title", func(r change.Request) string { return r.Title }},
	{"type", func(r change.Request) string { return string(r.Type) }},
	{"reason", func(r change.Request) string { return r.Reason }},
	{"runbook", func(r change.Request) string { return r.Runbook }},
	{"parameters", func(r change.Request) string { return parameterWords(r.Parameters) }},
	{"window", func(r change.Request) string { return windowWords(r.Window) }},
	{"controller", func(r change.Request) string { return string(r.Controller) }},
	{"exceptions", func(r change.Request) string { return exceptionWords(r.Exceptions) }},
}

func parameterWords(all map[string]any) string {
	names := make([]string, 0, len(all))
	for n := range all {
		names = append(names, n)
	}
	slices.Sort(names)
	for i, n := range names {
		names[i] = fmt.Sprintf("%s = %v", n, all[n])
	}
	return strings.Join(names, ", ")
}

func windowWords(w change.WindowRequest) string {
	length := w.Duration
	if length == "" {
		length = "until " + w.End
	}
	return strings.TrimSpace(strings.Join([]string{w.Start, length, w.Zone}, " "))
}

func exceptionWords(ids []change.ID) string {
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = string(id)
	}
	return strings.Join(words, ", ")
}

// Differences says what a runbook does otherwise than on the base branch: its steps by
// name, and everything else by key.
func (r ProposedRunbook) Differences() []Difference {
	if r.Old == nil {
		return nil
	}
	was, err := document.One(r.Path, r.Old)
	if err != nil {
		return []Difference{{Field: "file", Before: "could not be read", After: "can be read"}}
	}
	now, err := document.One(r.Path, r.Text)
	if err != nil {
		return nil // Validate says so
	}
	a, b := partsOf(was), partsOf(now)
	var out []Difference
	for _, name := range union(b.order, a.order) {
		if a.text[name] != b.text[name] {
			out = append(out, Difference{Field: name, Before: a.text[name], After: b.text[name]})
		}
	}
	if moved(a.order, b.order) {
		out = append(out, Difference{Field: "order of the steps", Before: strings.Join(steps(a.order), ", "), After: strings.Join(steps(b.order), ", ")})
	}
	return out
}

// parts are the texts of a runbook's parts, by name, in their order.
type parts struct {
	order []string
	text  map[string]string
}

func (p *parts) add(name string, n *yaml.Node) {
	p.order = append(p.order, name)
	p.text[name] = nodeWords(n)
}

const stepPart = "step "

func partsOf(d *document.Document) parts {
	p := parts{text: map[string]string{}}
	for _, section := range []string{"metadata", "spec"} {
		n, _ := d.Find(section)
		for i := 0; i+1 < len(n.Content) && n.Kind == yaml.MappingNode; i += 2 {
			key, value := n.Content[i].Value, n.Content[i+1]
			if section == "spec" && key == "steps" {
				p.steps(value)
				continue
			}
			p.add(key, value)
		}
	}
	return p
}

func (p *parts) steps(list *yaml.Node) {
	for i, s := range list.Content {
		name := fmt.Sprint(i + 1)
		for j := 0; j+1 < len(s.Content) && s.Kind == yaml.MappingNode; j += 2 {
			if s.Content[j].Value == "name" {
				name = s.Content[j+1].Value
			}
		}
		p.add(stepPart+name, s)
	}
}

// nodeWords writes a value in YAML, on one line as far as it can be.
func nodeWords(n *yaml.Node) string {
	b, err := yaml.Marshal(n)
	if err != nil {
		return "cannot be written"
	}
	return strings.Join(strings.Fields(string(b)), " ")
}

func steps(order []string) []string {
	var out []string
	for _, name := range order {
		if s, is := strings.CutPrefix(name, stepPart); is {
			out = append(out, s)
		}
	}
	return out
}

// moved reports whether the steps that both have are in another order.
func moved(a, b []string) bool {
	common := func(of, in []string) []string {
		return slices.DeleteFunc(steps(of), func(s string) bool { return !slices.Contains(in, stepPart+s) })
	}
	return !slices.Equal(common(a, b), common(b, a))
}
