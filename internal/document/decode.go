package document

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Decode fills v, a pointer to a struct with yaml tags, from the document. A key
// without a field, a missing field tagged `required`, and a value of another
// type are Problems; all of them are returned, joined. Fields may be strings,
// booleans, integers, floats, slices, maps with string keys, structs, pointers,
// any, *yaml.Node (kept as it stands) or encoding.TextUnmarshaler.
func (d *Document) Decode(v any) error { return d.DecodeNode(d.Root, "", v) }

// DecodeNode is Decode for a part of the document; path is that part's place.
func (d *Document) DecodeNode(n *yaml.Node, path string, v any) error {
	dec := decoder{doc: d}
	dec.value(n, reflect.ValueOf(v).Elem(), path)
	return errors.Join(dec.problems...)
}

type decoder struct {
	doc      *Document
	problems []error
}

var nodeType = reflect.TypeFor[*yaml.Node]()

func (d *decoder) fail(n *yaml.Node, path, format string, args ...any) {
	d.problems = append(d.problems, d.doc.At(n, path, format, args...))
}

func (d *decoder) value(n *yaml.Node, v reflect.Value, path string) {
	if v.Type() == nodeType {
		v.Set(reflect.ValueOf(n))
		return
	}
	if n.Tag == "!!null" {
		return
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, v.Elem(), path)
		return
	}
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		d.text(n, u, path)
		return
	}
	switch v.Kind() { //nolint:exhaustive // the rest is refused below
	case reflect.Struct:
		d.structure(n, v, path)
	case reflect.Map:
		d.mapping(n, v, path)
	case reflect.Slice:
		d.sequence(n, v, path)
	case reflect.Interface:
		v.Set(reflect.ValueOf(Plain(n)))
	default:
		d.scalar(n, v, path)
	}
}

func (d *decoder) text(n *yaml.Node, u encoding.TextUnmarshaler, path string) {
	if n.Kind != yaml.ScalarNode {
		d.fail(n, path, "is %s; expected text", Describe(n))
		return
	}
	if err := u.UnmarshalText([]byte(n.Value)); err != nil {
		d.fail(n, path, "%s", err)
	}
}

func (d *decoder) structure(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.fail(n, path, "is %s; expected a mapping with the keys %s", Describe(n), strings.Join(keysOf(v.Type()), ", "))
		return
	}
	fields := fieldsOf(v)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		f, known := fields[key.Value]
		if !known {
			d.fail(key, join(path, key.Value), "is not a key here; expected one of %s", strings.Join(keysOf(v.Type()), ", "))
			continue
		}
		f.seen = true
		fields[key.Value] = f
		d.value(n.Content[i+1], f.value, join(path, key.Value))
	}
	for _, name := range keysOf(v.Type()) {
		if f := fields[name]; f.required && !f.seen {
			d.fail(n, join(path, name), "is missing")
		}
	}
}

type field struct {
	value          reflect.Value
	required, seen bool
}

func fieldsOf(v reflect.Value) map[string]field {
	fields := map[string]field{}
	for f, fv := range v.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if options == "inline" {
			for k, inner := range fieldsOf(fv) {
				fields[k] = inner
			}
			continue
		}
		if name != "" && name != "-" {
			fields[name] = field{value: fv, required: options == "required"}
		}
	}
	return fields
}

func keysOf(t reflect.Type) []string {
	keys := []string{}
	for k := range fieldsOf(reflect.New(t).Elem()) {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func (d *decoder) mapping(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.fail(n, path, "is %s; expected a mapping", Describe(n))
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for i := 0; i+1 < len(n.Content); i += 2 {
		e := reflect.New(v.Type().Elem()).Elem()
		d.value(n.Content[i+1], e, join(path, n.Content[i].Value))
		v.SetMapIndex(reflect.ValueOf(n.Content[i].Value).Convert(v.Type().Key()), e)
	}
}

func (d *decoder) sequence(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.SequenceNode {
		d.fail(n, path, "is %s; expected a list", Describe(n))
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, c := range n.Content {
		d.value(c, v.Index(i), fmt.Sprintf("%s[%d]", path, i))
	}
}

func (d *decoder) scalar(n *yaml.Node, v reflect.Value, path string) {
	wrong := func(want string) { d.fail(n, path, "is %s; expected %s", Describe(n), want) }
	switch v.Kind() { //nolint:exhaustive // what people write has no other types
	case reflect.String:
		// A number or date that was meant as text is taken as it was written.
		if n.Kind != yaml.ScalarNode {
			wrong("text")
			return
		}
		v.SetString(n.Value)
	case reflect.Bool:
		if n.Tag != "!!bool" {
			wrong("true or false")
			return
		}
		v.SetBool(Plain(n).(bool)) //nolint:forcetypeassert // the tag says so
	case reflect.Int, reflect.Int64:
		i, err := strconv.ParseInt(n.Value, 10, 64)
		if n.Tag != "!!int" || err != nil {
			wrong("a whole number")
			return
		}
		v.SetInt(i)
	case reflect.Float64:
		f, err := strconv.ParseFloat(n.Value, 64)
		if (n.Tag != "!!int" && n.Tag != "!!float") || err != nil {
			wrong("a number")
			return
		}
		v.SetFloat(f)
	default:
		panic(fmt.Sprintf("document: field %s has the type %s, which is not decoded", path, v.Type()))
	}
}

// Plain returns a node as string, bool, int64, float64, nil, []any or
// map[string]any. Dates and other tagged scalars stay text.
func Plain(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			m[n.Content[i].Value] = Plain(n.Content[i+1])
		}
		return m
	case yaml.SequenceNode:
		l := make([]any, len(n.Content))
		for i, c := range n.Content {
			l[i] = Plain(c)
		}
		return l
	case yaml.ScalarNode, yaml.DocumentNode, yaml.AliasNode:
	}
	switch n.Tag {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	case "!!int":
		if i, err := strconv.ParseInt(n.Value, 0, 64); err == nil {
			return i
		}
	case "!!float":
		if f, err := strconv.ParseFloat(n.Value, 64); err == nil {
			return f
		}
	}
	return n.Value
}

// Describe says in words what a node is, for messages.
func Describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.ScalarNode, yaml.DocumentNode, yaml.AliasNode:
	}
	switch n.Tag {
	case "!!null":
		return "empty"
	case "!!bool":
		return fmt.Sprintf("the boolean %s", n.Value)
	case "!!int", "!!float":
		return fmt.Sprintf("the number %s", n.Value)
	}
	return fmt.Sprintf("the text %q", n.Value)
}
