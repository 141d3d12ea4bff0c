// Package document reads the YAML that people write, strictly: every problem is
// reported with file, line and column, all of them at once, and nothing is
// guessed. Aliases, duplicate keys, unknown keys, deep nesting and input above
// MaxBytes are refused.
//
// It knows YAML and nothing of what the documents mean.
package document

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// MaxBytes is the largest input that Parse reads, in bytes.
const MaxBytes = 256 << 10

// MaxDepth is the deepest nesting of mappings and sequences.
const MaxDepth = 64

// Document is one YAML document of a file.
type Document struct {
	File string
	Root *yaml.Node // the content, never nil
}

// Problem is something wrong at a place.
type Problem struct {
	File    string `json:"file"`
	Line    int    `json:"line"`   // from 1
	Column  int    `json:"column"` // from 1
	Path    string `json:"path,omitempty"`
	Message string `json:"message"`
}

// Error returns file:line:column: path: message.
func (p *Problem) Error() string {
	s := p.File
	if p.Line > 0 {
		s += fmt.Sprintf(":%d:%d", p.Line, p.Column)
	}
	if p.Path != "" {
		s += ": " + p.Path
	}
	return s + ": " + p.Message
}

// Problems returns every Problem in err's tree, in order.
func Problems(err error) []*Problem {
	if err == nil {
		return nil
	}
	if p, ok := err.(*Problem); ok { //nolint:errorlint // the tree is walked by hand
		return []*Problem{p}
	}
	var all []*Problem
	switch e := err.(type) { //nolint:errorlint // the tree is walked by hand
	case interface{ Unwrap() []error }:
		for _, c := range e.Unwrap() {
			all = append(all, Problems(c)...)
		}
	case interface{ Unwrap() error }:
		all = Problems(e.Unwrap())
	}
	return all
}

// Parse splits b into its documents; empty ones are left out. The errors are
// Problems.
func Parse(file string, b []byte) ([]*Document, error) {
	if len(b) > MaxBytes {
		return nil, &Problem{File: file, Message: fmt.Sprintf("is %d bytes; at most %d (256 KiB) are read, so split it", len(b), MaxBytes)}
	}
	var docs []*Document
	dec := yaml.NewDecoder(bytes.NewReader(b))
	for {
		var n yaml.Node
		err := dec.Decode(&n)
		if errors.Is(err, io.EOF) {
			return docs, nil
		}
		if err != nil {
			return nil, syntaxProblem(file, err)
		}
		if len(n.Content) == 0 || n.Content[0].Tag == "!!null" {
			continue
		}
		d := &Document{File: file, Root: n.Content[0]}
		if err := d.shape(); err != nil {
			return nil, err
		}
		docs = append(docs, d)
	}
}

// One parses b and expects exactly one document.
func One(file string, b []byte) (*Document, error) {
	docs, err := Parse(file, b)
	if err != nil {
		return nil, err
	}
	if len(docs) != 1 {
		return nil, &Problem{File: file, Line: 1, Column: 1, Message: fmt.Sprintf("holds %d YAML documents; expected exactly one", len(docs))}
	}
	return docs[0], nil
}

var lineInError = regexp.MustCompile(`line (\d+): `)

func syntaxProblem(file string, err error) error {
	p := &Problem{File: file, Line: 1, Column: 1}
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if m := lineInError.FindStringSubmatch(text); m != nil {
		p.Line, _ = strconv.Atoi(m[1])
		text = strings.Replace(text, m[0], "", 1)
	}
	p.Message = "is not valid YAML: " + text
	if strings.Contains(text, "max depth") {
		p.Message = fmt.Sprintf("is nested deeper than %d levels", MaxDepth)
	}
	return p
}

// shape refuses what would be read differently than it looks: aliases, anchors,
// duplicate keys, keys that are not text, and deep nesting.
func (d *Document) shape() error {
	var problems []error
	var walk func(n *yaml.Node, path string, depth int)
	walk = func(n *yaml.Node, path string, depth int) {
		switch {
		case n.Kind == yaml.AliasNode || n.Anchor != "":
			problems = append(problems, d.At(n, path, "YAML anchors and aliases are not read; write the value out"))
			return
		case depth > MaxDepth:
			problems = append(problems, d.At(n, "", "is nested deeper than %d levels", MaxDepth))
			return
		}
		if n.Kind == yaml.MappingNode {
			problems = append(problems, d.keys(n, path)...)
			for i := 0; i+1 < len(n.Content); i += 2 {
				walk(n.Content[i+1], join(path, n.Content[i].Value), depth+1)
			}
			return
		}
		for i, c := range n.Content {
			walk(c, fmt.Sprintf("%s[%d]", path, i), depth+1)
		}
	}
	walk(d.Root, "", 1)
	return errors.Join(problems...)
}

func (d *Document) keys(n *yaml.Node, path string) []error {
	var problems []error
	seen := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if k.Kind != yaml.ScalarNode || k.Tag == "!!merge" {
			problems = append(problems, d.At(k, path, "a key must be plain text"))
			continue
		}
		if first, dup := seen[k.Value]; dup {
			problems = append(problems, d.At(k, join(path, k.Value), "is given twice; the first is on line %d", first.Line))
		}
		seen[k.Value] = k
	}
	return problems
}

// At makes a Problem at a node; a nil node is the start of the document.
func (d *Document) At(n *yaml.Node, path, format string, args ...any) *Problem {
	if n == nil {
		n = d.Root
	}
	return &Problem{File: d.File, Line: n.Line, Column: n.Column, Path: path, Message: fmt.Sprintf(format, args...)}
}

// Field makes a Problem at the value of a path such as spec.steps[2].uses, or at
// the nearest place above it that exists.
func (d *Document) Field(path, format string, args ...any) *Problem {
	n, _ := d.Find(path)
	return d.At(n, path, format, args...)
}

// Find returns the node at a path, and whether the whole path exists; without
// it, the deepest node on the way.
func (d *Document) Find(path string) (*yaml.Node, bool) {
	n := d.Root
	for _, part := range split(path) {
		next := child(n, part)
		if next == nil {
			return n, false
		}
		n = next
	}
	return n, true
}

func child(n *yaml.Node, part string) *yaml.Node {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == part {
				return n.Content[i+1]
			}
		}
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(part); err == nil && i >= 0 && i < len(n.Content) {
			return n.Content[i]
		}
	case yaml.ScalarNode, yaml.DocumentNode, yaml.AliasNode:
	}
	return nil
}

func split(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
