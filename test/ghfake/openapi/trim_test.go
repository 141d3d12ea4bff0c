package main

import (
	"encoding/json"
	"strings"
	"testing"
)

const whole = `{
  "openapi": "3.0.3",
  "paths": {
    "/kept": {"get": {"summary": "prose", "x-github": {}, "responses": {"200": {"description": "prose", "content": {
      "application/json": {"schema": {"$ref": "#/components/schemas/thing"}, "examples": {"default": {}}}}}}}},
    "/left": {"get": {"responses": {"200": {"description": "prose"}}}}
  },
  "x-webhooks": {"thing-made": {"post": {"requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}}}}},
  "components": {"schemas": {
    "thing": {"type": "object", "description": "prose", "properties": {
      "description": {"type": "string", "example": "prose"}, "x-y": {"type": "string"},
      "state": {"type": "string", "nullable": true, "enum": ["a"]},
      "part": {"allOf": [{"$ref": "#/components/schemas/open"}, {"type": "object", "properties": {"b": {"type": "string"}}}]}}},
    "open": {"type": "object", "properties": {"a": {"type": "string"}}},
    "lost": {"type": "object"}
  }}
}`

func TestOnlyWhatIsUsedIsKeptAndItIsStrict(t *testing.T) {
	var in map[string]any
	if err := json.Unmarshal([]byte(whole), &in); err != nil {
		t.Fatal(err)
	}
	kept, err := trim(in, "# a remark\nget /kept\nwebhook thing made\n")
	if err != nil {
		t.Fatal(err)
	}
	repair(kept)
	closeObjects(kept)
	text, err := json.Marshal(kept)
	if err != nil {
		t.Fatal(err)
	}
	want := `"components":{"schemas":{` +
		`"open":{"properties":{"a":{"type":"string"}},"type":"object"},` +
		`"thing":{"additionalProperties":false,"properties":{"description":{"type":"string"},` +
		`"part":{"allOf":[{"$ref":"#/components/schemas/open"},{"properties":{"b":{"type":"string"}},"type":"object"}]},` +
		`"state":{"enum":["a",null],"nullable":true,"type":"string"},"x-y":{"type":"string"}},"type":"object"},` +
		`"webhook-thing-made":{"type":"object"}}}`
	if !strings.Contains(string(text), want) {
		t.Errorf("the components are\n%s\nwant\n%s", text, want)
	}
	paths := `"paths":{"/kept":{"get":{"responses":{"200":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/thing"}}},"description":""}}}}}`
	if !strings.Contains(string(text), paths) {
		t.Errorf("the paths are\n%s\nwant\n%s", text, paths)
	}
}

func TestWhatGitHubDoesNotHaveIsAnError(t *testing.T) {
	var in map[string]any
	if err := json.Unmarshal([]byte(whole), &in); err != nil {
		t.Fatal(err)
	}
	for list, want := range map[string]string{
		"\nget /other":        "line 2 of the list: GitHub has no operation get /other",
		"post /kept":          "line 1 of the list: GitHub has no operation post /kept",
		"webhook thing taken": "line 1 of the list: GitHub has no webhook thing-taken",
		"get":                 `line 1 of the list: want a method and a path, not "get"`,
	} {
		if _, err := trim(in, list); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", list, err, want)
		}
	}
}
