package runbook

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v3"

	"github.com/changectl/changectl/internal/change"
)

// Schema returns the JSON Schema (2020-12) of a runbook, for editors. What Parse
// finds goes further: expressions, names, and what fits together.
func Schema() ([]byte, error) {
	s := reflectSchema(reflect.TypeFor[Runbook]())
	s.Title = "Runbook of changectl"
	for _, name := range Kinds() {
		t := reflect.TypeOf(kinds[name]()).Elem()
		for def, schema := range reflectSchema(t).Definitions {
			if def != "Check" {
				openProperties(schema)
			}
			s.Definitions[def] = schema
		}
	}
	for _, def := range []string{"Step", "Action", "DoneWhen", "Check"} {
		withByKind(s.Definitions[def])
	}
	step := s.Definitions["Step"]
	step.Required = append(step.Required, "timeout")
	s.Definitions["Runbook"].Properties.Set("apiVersion", &jsonschema.Schema{Const: APIVersion})
	s.Definitions["Runbook"].Properties.Set("kind", &jsonschema.Schema{Const: KindName})
	step.Properties.Set("name", &jsonschema.Schema{Type: "string", Pattern: kebab.String()})
	s.Definitions["Spec"].Properties.Set("steps", &jsonschema.Schema{
		Type: "array", Items: &jsonschema.Schema{Ref: "#/$defs/Step"}, MinItems: new(uint64(1)), MaxItems: new(uint64(MaxSteps)),
	})
	s.Definitions["Parameter"].Properties.Set("type", choice(parameterTypes...))
	return marshal(s)
}

// changeFile is what people write to ask for a change.
type changeFile struct {
	APIVersion string         `yaml:"apiVersion,required"`
	Kind       string         `yaml:"kind,required"`
	Metadata   changeMetadata `yaml:"metadata,required"`
	Spec       changeSpec     `yaml:"spec,required"`
}

type changeMetadata struct {
	Title string `yaml:"title,required"`
}

type changeSpec struct {
	Type       change.Type          `yaml:"type"`
	Reason     string               `yaml:"reason,required"`
	Runbook    string               `yaml:"runbook,required"`
	Parameters map[string]yaml.Node `yaml:"parameters"`
	Window     changeWindow         `yaml:"window,required"`
	Controller change.Ref           `yaml:"controller"`
	Exceptions []string             `yaml:"exceptions"`
}

type changeWindow struct {
	Start    string          `yaml:"start,required"`
	End      string          `yaml:"end"`
	Duration change.Duration `yaml:"duration"`
	Zone     string          `yaml:"zone"`
}

// ChangeSchema returns the JSON Schema (2020-12) of a file that asks for a change.
func ChangeSchema() ([]byte, error) {
	s := reflectSchema(reflect.TypeFor[changeFile]())
	s.Title = "Change of changectl"
	file := s.Definitions["changeFile"]
	file.Properties.Set("apiVersion", &jsonschema.Schema{Const: APIVersion})
	file.Properties.Set("kind", &jsonschema.Schema{Const: "Change"})
	s.Definitions["changeWindow"].OneOf = []*jsonschema.Schema{{Required: []string{"end"}}, {Required: []string{"duration"}}}
	return marshal(s)
}

func marshal(s *jsonschema.Schema) ([]byte, error) {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode JSON Schema: %w", err)
	}
	return append(b, '\n'), nil
}

func reflectSchema(t reflect.Type) *jsonschema.Schema {
	types := map[string]reflect.Type{}
	r := jsonschema.Reflector{
		Anonymous: true, FieldNameTag: "yaml", RequiredFromJSONSchemaTags: true, Mapper: mapped,
		Namer: func(t reflect.Type) string { types[t.Name()] = t; return t.Name() },
	}
	s := r.ReflectFromType(t)
	for name, def := range s.Definitions {
		if t := types[name]; t.Kind() == reflect.Struct {
			def.Required = requiredOf(t)
		}
	}
	return s
}

// requiredOf reads the yaml tags, as document.Decode does.
func requiredOf(t reflect.Type) []string {
	var names []string
	for f := range t.Fields() {
		name, option, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch option {
		case "inline":
			names = append(names, requiredOf(f.Type)...)
		case "required":
			names = append(names, name)
		}
	}
	return names
}

// durationPattern is what time.ParseDuration reads, without a sign.
const durationPattern = `^(0|([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+)$`

// mapped gives the types that are written differently than Go holds them.
func mapped(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[yaml.Node]():
		return &jsonschema.Schema{}
	case reflect.TypeFor[change.Duration]():
		return &jsonschema.Schema{Type: "string", Pattern: durationPattern}
	case reflect.TypeFor[change.Phase]():
		return choice(change.Phases...)
	case reflect.TypeFor[change.Type]():
		return choice(change.Types...)
	case reflect.TypeFor[change.AtCutoff]():
		return choice(change.CutoffBackOut, change.CutoffHold, change.CutoffContinue)
	case reflect.TypeFor[change.OnFailure]():
		return choice(change.FailureHold, change.FailureBackOut)
	case reflect.TypeFor[change.Mode]():
		return choice(change.Touch, change.Observe)
	case reflect.TypeFor[json.RawMessage]():
		return &jsonschema.Schema{}
	case reflect.TypeFor[change.Ref]():
		return &jsonschema.Schema{Type: "string"}
	}
	return nil
}

func choice[T ~string](names ...T) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "string"}
	for _, n := range names {
		s.Enum = append(s.Enum, string(n))
	}
	return s
}

// openProperties lets an expression stand where a value of any type is expected.
func openProperties(s *jsonschema.Schema) {
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		if p.Value.Type == "string" && p.Value.Pattern == "" {
			continue
		}
		p.Value = &jsonschema.Schema{AnyOf: []*jsonschema.Schema{p.Value, {Type: "string", Pattern: `\$\{\{`}}}
	}
}

// withByKind ties what with may hold to what uses says.
func withByKind(s *jsonschema.Schema) {
	s.Properties.Set("uses", choice(Kinds()...))
	for _, name := range Kinds() {
		uses, with := jsonschema.NewProperties(), jsonschema.NewProperties()
		uses.Set("uses", &jsonschema.Schema{Const: name})
		with.Set("with", &jsonschema.Schema{Ref: "#/$defs/" + reflect.TypeOf(kinds[name]()).Elem().Name()})
		s.AllOf = append(s.AllOf, &jsonschema.Schema{
			If:   &jsonschema.Schema{Properties: uses, Required: []string{"uses"}},
			Then: &jsonschema.Schema{Properties: with},
		})
	}
}
