package document_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
)

type inner struct {
	Timeout change.Duration `yaml:"timeout"`
	Count   int             `yaml:"count"`
}

type outer struct {
	Name  string            `yaml:"name,required"`
	On    bool              `yaml:"on"`
	Items []inner           `yaml:"items"`
	Tags  map[string]string `yaml:"tags"`
	Any   any               `yaml:"any"`
}

func TestDecodeFillsEveryType(t *testing.T) {
	d, err := document.One("a.yaml", []byte("name: 15.20\non: true\nitems:\n- {timeout: 90s, count: 3}\ntags: {a: b}\nany: [1, x, {k: false}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	var got outer
	if err := d.Decode(&got); err != nil {
		t.Fatal(err)
	}
	want := outer{
		Name: "15.20", On: true, Items: []inner{{Timeout: change.Duration(90e9), Count: 3}},
		Tags: map[string]string{"a": "b"}, Any: []any{int64(1), "x", map[string]any{"k": false}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEveryProblemHasItsPlace(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"unknown key":      {"name: x\nnmae: y\n", "a.yaml:2:1: nmae: is not a key here; expected one of any, items, name, on, tags"},
		"missing":          {"on: true\n", "a.yaml:1:1: name: is missing"},
		"boolean":          {"name: x\non: maybe\n", `a.yaml:2:5: on: is the text "maybe"; expected true or false`},
		"number":           {"name: x\nitems: [{count: few}]\n", `a.yaml:2:17: items[0].count: is the text "few"; expected a whole number`},
		"duration":         {"name: x\nitems: [{timeout: soon}]\n", `a.yaml:2:19: items[0].timeout: "soon" is not a duration; write for example 90s, 15m or 1h30m`},
		"list":             {"name: x\nitems: 3\n", "a.yaml:2:8: items: is the number 3; expected a list"},
		"duplicate":        {"name: x\nname: y\n", "a.yaml:2:1: name: is given twice; the first is on line 1"},
		"alias":            {"name: &a x\ntags: {k: *a}\n", "a.yaml:1:7: name: YAML anchors and aliases are not read; write the value out"},
		"merge key":        {"name: x\n<<: {on: true}\n", "a.yaml:2:1: a key must be plain text"},
		"syntax":           {"name: [x\n", "a.yaml:1:1: is not valid YAML: did not find expected"},
		"65 levels":        {"any: " + strings.Repeat("[", 65) + strings.Repeat("]", 65), "is nested deeper than 64 levels"},
		"10,000 levels":    {"any: " + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), "nested deeper than 64 levels"},
		"200 kB of braces": {strings.Repeat("{", 200_000), "nested deeper than 64 levels"},
		"over 256 KiB":     {"name: " + strings.Repeat("x", document.MaxBytes), "at most 262144 (256 KiB) are read"},
		"two documents":    {"name: x\n---\nname: y\n", "a.yaml:1:1: holds 2 YAML documents; expected exactly one"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d, err := document.One("a.yaml", []byte(tt.in))
			if err == nil {
				err = d.Decode(&outer{})
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestAllProblemsAreReportedAtOnce(t *testing.T) {
	d, err := document.One("a.yaml", []byte("nmae: x\non: 3\nitems: [{count: few}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	err = d.Decode(&outer{})
	if n := len(document.Problems(errors.Join(err, nil))); n != 4 {
		t.Errorf("%d problems, want 4: %v", n, err)
	}
}

func TestFieldPointsAtTheNearestPlace(t *testing.T) {
	d, err := document.One("a.yaml", []byte("spec:\n  steps:\n  - uses: wait\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := d.Field("spec.steps[0].uses", "x").Error(); got != "a.yaml:3:11: spec.steps[0].uses: x" {
		t.Error(got)
	}
	if got := d.Field("spec.window", "is missing").Error(); got != "a.yaml:2:3: spec.window: is missing" {
		t.Error(got)
	}
}
