package main

import "strings"

// prose is what says nothing to a program.
var prose = map[string]bool{
	"description": true, "summary": true, "title": true, "tags": true, "externalDocs": true,
	"example": true, "examples": true, "operationId": true, "deprecated": true, "servers": true, "security": true,
}

// plain copies a value without prose, examples and extensions. In an object that names
// is set for, the keys are names that somebody chose: they are all kept.
func plain(v any, names bool) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = plain(inner, false)
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for key, inner := range v {
			if !names && (prose[key] || strings.HasPrefix(key, "x-")) {
				continue
			}
			out[key] = plain(inner, !names && (key == "properties" || key == "mapping"))
		}
		// A response must have a description, be it empty.
		if content := out["content"] != nil && v["description"] != nil; !names && (content || bareResponse(v)) {
			out["description"] = ""
		}
		return out
	}
	return v
}

func bareResponse(v map[string]any) bool {
	for key := range v {
		if key != "description" && key != "headers" && key != "x-github" {
			return false
		}
	}
	return v["description"] != nil
}
