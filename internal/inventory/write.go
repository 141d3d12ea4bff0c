package inventory

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/changectl/changectl/internal/change"
)

// mark begins every file that an import has written, before the kind of its source;
// a file without it is somebody's own.
const mark = "# Written by changectl catalog import "

// partBytes bounds a file, in bytes: below what the catalog reads (document.MaxBytes),
// with room for what people add.
const partBytes = 200 << 10

// File is one to be written.
type File struct {
	Name string // of the form devices.yaml, or devices-2.yaml
	Text []byte
}

// entity is a system in Backstage's format.
type entity struct {
	APIVersion string   `yaml:"apiVersion"`
	Kind       string   `yaml:"kind"`
	Metadata   metadata `yaml:"metadata"`
	Spec       spec     `yaml:"spec"`
}

type metadata struct {
	Name        string            `yaml:"name"`
	Title       string            `yaml:"title,omitempty"`
	Description string            `yaml:"description,omitempty"`
	Annotations map[string]string `yaml:"annotations,omitempty"`
}

type spec struct {
	Type      string       `yaml:"type,omitempty"`
	Lifecycle string       `yaml:"lifecycle,omitempty"`
	Owner     change.Ref   `yaml:"owner,omitempty"`
	System    change.Ref   `yaml:"system,omitempty"`
	DependsOn []change.Ref `yaml:"dependsOn,omitempty"`
	Children  *[]string    `yaml:"children,omitempty"` // of a group, which must have the key
}

// The kinds of systems that are written, as references and as entities have them.
var kinds = map[string]string{"component": "Component", "resource": "Resource", "system": "System", "api": "API", "domain": "Domain"}

func (s System) entity() entity {
	e := entity{
		APIVersion: "backstage.io/v1alpha1", Kind: kinds[s.Ref.Kind()],
		Metadata: metadata{Name: s.Ref.Name(), Title: s.Title, Description: s.Description, Annotations: s.annotations()},
		Spec:     spec{Type: s.Type, Lifecycle: s.Lifecycle, Owner: s.Owner, System: s.PartOf, DependsOn: s.DependsOn},
	}
	if e.Metadata.Title == e.Metadata.Name {
		e.Metadata.Title = ""
	}
	return e
}

func group(ref change.Ref) entity {
	return entity{
		APIVersion: "backstage.io/v1alpha1", Kind: "Group", Metadata: metadata{Name: ref.Name()},
		Spec: spec{Type: "team", Children: &[]string{}},
	}
}

// piece is one document of a file.
type piece struct {
	file string // that it is put into, without .yaml
	text []byte
}

// pieces returns everything that is written, in order.
func (e *Estate) pieces() ([]piece, error) {
	var list []piece
	add := func(file string, one entity) error {
		b := bytes.NewBufferString("---\n")
		enc := yaml.NewEncoder(b)
		enc.SetIndent(2)
		if err := enc.Encode(one); err != nil {
			return fmt.Errorf("write %s %s: %w", one.Kind, one.Metadata.Name, err)
		}
		list = append(list, piece{file, b.Bytes()})
		return nil
	}
	for _, ref := range e.Groups {
		if err := add(e.groupFile(), group(ref)); err != nil {
			return nil, err
		}
	}
	for _, s := range e.Systems {
		if err := add(s.File, s.entity()); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (e *Estate) head() []byte {
	var b bytes.Buffer
	b.WriteString(mark + e.source)
	for _, rule := range e.Rules {
		b.WriteString("\n# " + strings.Repeat(" ", len(rule)-len(strings.TrimLeft(rule, " "))) + clean(rule))
	}
	b.WriteByte('\n')
	return b.Bytes()
}

// YAML returns everything as one stream of documents.
func (e *Estate) YAML() ([]byte, error) {
	list, err := e.pieces()
	out := bytes.NewBuffer(e.head())
	for _, d := range list {
		out.Write(d.text)
	}
	return out.Bytes(), err
}

// Files returns everything in files that the catalog loads, none larger than 200 KiB
// unless a single system is.
func (e *Estate) Files() ([]File, error) {
	list, err := e.pieces()
	if err != nil {
		return nil, err
	}
	var files []File
	last := map[string]int{} // by name: the one that is being filled
	parts := map[string]int{}
	for _, d := range list {
		i, begun := last[d.file]
		if !begun || len(files[i].Text)+len(d.text) > partBytes {
			i, last[d.file] = len(files), len(files)
			parts[d.file]++
			files = append(files, File{part(d.file, parts[d.file]), e.head()})
		}
		files[i].Text = append(files[i].Text, d.text...)
	}
	return files, nil
}

func part(name string, n int) string {
	if n > 1 {
		name += fmt.Sprintf("-%d", n)
	}
	return name + ".yaml"
}

// Mine reports whether a file of this name may be from an earlier import of the same
// source: whether it could be one of Files.
func (e *Estate) Mine(name string) bool {
	stem, isYAML := strings.CutSuffix(name, ".yaml")
	for _, mine := range append([]string{e.groupFile()}, e.stems...) {
		if rest, ok := strings.CutPrefix(stem, mine); ok && isYAML && partPattern.MatchString(rest) {
			return true
		}
	}
	return false
}

var partPattern = regexp.MustCompile(`^(-[0-9]+)?$`)

// Wrote reports whether the text of a file is from an import of the same kind of
// source: whether it may be replaced.
func (e *Estate) Wrote(text []byte) bool {
	first, _, _ := bytes.Cut(text, []byte("\n"))
	return string(bytes.TrimSpace(first)) == mark+e.source
}

func (e *Estate) groupFile() string { return e.stems[0] + "-owners" }
