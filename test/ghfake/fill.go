package ghfake

import (
	"github.com/getkin/kin-openapi/openapi3"
)

// fill completes a value by its schema: what is required and missing gets a harmless
// value of the right type, and what an object does not have is left out. So one
// rendering does for all forms that a thing has in GitHub's description.
func fill(ref *openapi3.SchemaRef, v any) any {
	schema := ref.Value
	if v == nil {
		return zero(schema)
	}
	switch {
	case len(schema.AllOf) > 0:
		return fillAll(schema, v)
	case len(schema.OneOf) > 0:
		return fill(choose(schema.OneOf, v), v)
	case len(schema.AnyOf) > 0 && len(schema.Properties) == 0:
		return fill(choose(schema.AnyOf, v), v)
	}
	switch v := v.(type) {
	case object:
		return fillObject(schema, v)
	case []any:
		if schema.Items == nil {
			return v
		}
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = fill(schema.Items, item)
		}
		return out
	}
	return v
}

func fillObject(schema *openapi3.Schema, v object) any {
	out := make(object, len(schema.Properties))
	for name, property := range schema.Properties {
		if inner, given := v[name]; given {
			out[name] = fill(property, inner)
		}
	}
	for _, name := range schema.Required {
		if _, has := out[name]; !has {
			out[name] = missing(schema, name)
		}
	}
	if more := schema.AdditionalProperties; more.Schema != nil || (more.Has != nil && *more.Has) || len(schema.Properties) == 0 {
		for name, inner := range v {
			if _, has := out[name]; !has {
				out[name] = inner
			}
		}
	}
	return out
}

func missing(schema *openapi3.Schema, name string) any {
	if property := schema.Properties[name]; property != nil {
		return zero(property.Value)
	}
	return nil
}

// fillAll fills every part of an allOf and puts them together, with the properties
// that stand beside it.
func fillAll(schema *openapi3.Schema, v any) any {
	whole, isObject := v.(object)
	if !isObject {
		return v
	}
	out := object{}
	for _, part := range schema.AllOf {
		if filled, ok := fill(part, whole).(object); ok {
			for name, inner := range filled {
				out[name] = inner
			}
		}
	}
	return out
}

// choose takes the alternative that has most of what is given, and the right type.
func choose(all openapi3.SchemaRefs, v any) *openapi3.SchemaRef {
	best, most := all[0], -1
	for _, ref := range all {
		if n := suits(ref.Value, v); n > most {
			best, most = ref, n
		}
	}
	return best
}

func suits(schema *openapi3.Schema, v any) int {
	fields, isObject := v.(object)
	if !isObject {
		if schema.Type != nil && schema.Type.Is(typeOf(v)) {
			return 0
		}
		return -1
	}
	if schema.Type != nil && !schema.Type.Is("object") {
		return -1
	}
	n := 0
	for name := range fields {
		if schema.Properties[name] != nil {
			n++
		}
	}
	return n
}

func typeOf(v any) string {
	switch v.(type) {
	case string:
		return "string"
	case bool:
		return "boolean"
	case []any:
		return "array"
	case float64:
		return "number"
	}
	return "integer"
}
