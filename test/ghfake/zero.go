package ghfake

import (
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
)

// zeros remembers the harmless value of each schema; nobody changes them.
var zeros sync.Map

// zero is a harmless value of a schema.
func zero(schema *openapi3.Schema) any {
	if schema.Nullable {
		return nil
	}
	if known, ok := zeros.Load(schema); ok {
		return known
	}
	v := makeZero(schema)
	zeros.Store(schema, v)
	return v
}

func makeZero(schema *openapi3.Schema) any {
	switch {
	case len(schema.Enum) > 0:
		return schema.Enum[0]
	case len(schema.AllOf) > 0:
		return fillAll(schema, object{})
	case len(schema.OneOf) > 0:
		return zero(schema.OneOf[0].Value)
	case len(schema.AnyOf) > 0:
		return zero(schema.AnyOf[0].Value)
	case schema.Type == nil || schema.Type.Is("object"):
		return fillObject(schema, object{})
	case schema.Type.Is("array"):
		out := []any{}
		for range schema.MinItems {
			out = append(out, zero(schema.Items.Value))
		}
		return out
	case schema.Type.Is("boolean"):
		return false
	case schema.Type.Is("string"):
		return zeroText(schema)
	}
	if schema.Min != nil {
		return *schema.Min
	}
	return 0
}

func zeroText(schema *openapi3.Schema) string {
	switch schema.Format {
	case "date-time":
		return "2020-01-01T00:00:00Z"
	case "date":
		return "2020-01-01"
	case "uri":
		return "http://localhost/"
	case "email":
		return "nobody@example.com"
	}
	return strings.Repeat("0", int(schema.MinLength))
}
