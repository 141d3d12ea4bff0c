package runbook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
)

// Kind is the typed arguments of one step kind: *Command, *HTTP, *SQL, *Wait,
// *SignOff, *Notify or *Activity.
type Kind interface {
	// Systems returns the systems that the arguments name.
	Systems() []change.Ref
	// Resumable reports whether the work can simply be taken up again after an
	// attempt whose outcome is unknown.
	Resumable() bool
	// complete fills in defaults and reports what is wrong, key by key.
	complete(fail func(key, format string, args ...any))
}

// kinds has one line per step kind.
var kinds = map[string]func() Kind{
	"command":  func() Kind { return &Command{} },
	"http":     func() Kind { return &HTTP{} },
	"sql":      func() Kind { return &SQL{} },
	"wait":     func() Kind { return &Wait{} },
	"sign-off": func() Kind { return &SignOff{} },
	"notify":   func() Kind { return &Notify{} },
	"activity": func() Kind { return &Activity{} },
}

// What a kind may have besides.
type (
	// expecter has a condition over what it saw.
	expecter interface{ expectation() string }
	// spanner knows how long it takes without being told.
	spanner interface{ span() (time.Duration, bool) }
	// nester runs another action inside.
	nester interface{ nested() *Check }
	// reacher needs an endpoint of a system.
	reacher interface {
		endpoint() (system change.Ref, name string)
	}
)

// Kinds returns the names of all step kinds, sorted.
func Kinds() []string { return slices.Sorted(maps.Keys(kinds)) }

// Decode returns the typed arguments of a step kind, from the JSON of a plan in
// which every expression has been filled in. Errors are of the kind Invalid.
func Decode(kind string, with json.RawMessage) (Kind, error) {
	v, err := decodeJSON(with)
	if err != nil {
		return nil, change.Invalid("read the arguments of %s: %w", kind, err)
	}
	root := nodeOf(v)
	k, problems := decodeKind(&document.Document{File: kind, Root: root}, kind, root, "with", nil)
	if len(problems) > 0 {
		return nil, change.Invalid("read the arguments of a step: %w", problems[0])
	}
	return k, nil
}

// decodeKind reads the arguments of a kind strictly. Nodes that open names are
// still expressions and are not held against the type of their key.
func decodeKind(doc *document.Document, kind string, n *yaml.Node, path string, open map[*yaml.Node]bool) (Kind, []error) {
	construct, known := kinds[kind]
	if !known {
		return nil, []error{fmt.Errorf("%q is not a kind of step; expected one of %s", kind, strings.Join(Kinds(), ", "))}
	}
	k := construct()
	problems, opened := withoutOpen(document.Problems(doc.DecodeNode(n, path, k)), open)
	if len(problems) > 0 {
		return k, problems
	}
	k.complete(func(key, format string, args ...any) {
		if opened {
			return // a key that is not known yet looks as if it were missing
		}
		at := path
		if key != "" {
			at += "." + key
		}
		problems = append(problems, doc.At(childOf(n, key), at, format, args...))
	})
	if in, ok := k.(nester); ok && in.nested() != nil {
		problems = append(problems, in.nested().decode(doc, path+".until", open)...)
	}
	return k, problems
}

func withoutOpen(problems []*document.Problem, open map[*yaml.Node]bool) (kept []error, opened bool) {
	for _, p := range problems {
		if isOpen(p, open) {
			opened = true
			continue
		}
		kept = append(kept, p)
	}
	return kept, opened
}

func isOpen(p *document.Problem, open map[*yaml.Node]bool) bool {
	for n := range open {
		if n.Line == p.Line && n.Column == p.Column {
			return true
		}
	}
	return false
}

// Check is an action inside another one, such as what a wait asks until it holds.
type Check struct {
	Uses string          `yaml:"uses,required" json:"uses"`
	Node *yaml.Node      `yaml:"with,required" json:"-"`
	With json.RawMessage `yaml:"-" json:"with"`
	kind Kind
}

func (c *Check) decode(doc *document.Document, path string, open map[*yaml.Node]bool) []error {
	if c.Node == nil {
		return nil // reported as missing
	}
	k, problems := decodeKind(doc, c.Uses, c.Node, path+".with", open)
	if k == nil {
		return []error{doc.Field(path+".uses", "%s", problems[0])}
	}
	if len(problems) > 0 {
		return problems
	}
	raw, err := encode(k)
	if err != nil {
		return []error{doc.At(c.Node, path, "%s", err)}
	}
	c.kind, c.With = k, raw
	return nil
}

// encode writes v as compact JSON without escaping what HTML would need.
func encode(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode arguments: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// isText reports whether s is known: a text that still holds an expression
// cannot be judged yet.
func isText(s string) bool { return !strings.Contains(s, opening) }

func checkRef(r *change.Ref, key string, fail func(string, string, ...any)) {
	if *r == "" || !isText(string(*r)) {
		return
	}
	ref, err := change.ParseRef(string(*r), "")
	if err != nil {
		fail(key, "%s", err)
		return
	}
	*r = ref
}

func refsOf(refs ...change.Ref) []change.Ref {
	return slices.DeleteFunc(refs, func(r change.Ref) bool { return r == "" })
}
