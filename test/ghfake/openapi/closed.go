package main

import "strings"

// closeObjects makes the description strict: an object that lists its properties and
// says nothing about others has no others. Without this a misspelt field would pass,
// in a request as in an answer. Parts of an allOf stay open, since each of them knows
// only some of the fields.
func closeObjects(doc map[string]any) {
	open := map[string]bool{}
	partsOfAllOf(doc, open)
	schemas, _ := at(doc, "components", "schemas").(map[string]any)
	for name, schema := range schemas {
		if !open[name] {
			closeIn(schema)
		}
	}
	closeIn(doc["paths"])
	for kind, named := range doc["components"].(map[string]any) {
		if kind != "schemas" {
			closeIn(named)
		}
	}
}

// partsOfAllOf finds the named schemas that are parts of others.
func partsOfAllOf(v any, found map[string]bool) {
	switch v := v.(type) {
	case []any:
		for _, inner := range v {
			partsOfAllOf(inner, found)
		}
	case map[string]any:
		parts, _ := v["allOf"].([]any)
		for _, part := range parts {
			if ref, ok := at(part, "$ref").(string); ok {
				found[strings.TrimPrefix(ref, "#/components/schemas/")] = true
			}
		}
		for _, inner := range v {
			partsOfAllOf(inner, found)
		}
	}
}

func closeIn(v any) {
	switch v := v.(type) {
	case []any:
		for _, inner := range v {
			closeIn(inner)
		}
	case map[string]any:
		if closable(v) {
			v["additionalProperties"] = false
		}
		for key, inner := range v {
			if key != "allOf" {
				closeIn(inner)
			}
		}
	}
}

func closable(schema map[string]any) bool {
	if _, lists := schema["properties"].(map[string]any); !lists || schema["type"] != "object" {
		return false
	}
	for _, key := range []string{"additionalProperties", "allOf", "anyOf", "oneOf"} {
		if _, says := schema[key]; says {
			return false
		}
	}
	return true
}
