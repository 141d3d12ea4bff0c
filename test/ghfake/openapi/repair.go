package main

// repairs are what the published description needs before answers can be held
// against it. Each is done to every object of the description.
var repairs = []func(map[string]any){nullInEnum, headRepoMayBeGone}

// nullInEnum adds null to the values of an enum that is nullable: a validator takes
// null for one more value that the enum would have to list.
func nullInEnum(schema map[string]any) {
	values, isEnum := schema["enum"].([]any)
	if !isEnum || schema["nullable"] != true {
		return
	}
	for _, v := range values {
		if v == nil {
			return
		}
	}
	schema["enum"] = append(values, nil)
}

// headRepoMayBeGone lets the head of a pull request have no repository: GitHub answers
// null where a fork was deleted, and its description forgot that.
func headRepoMayBeGone(schema map[string]any) {
	head, _ := at(schema, "properties", "head", "properties").(map[string]any)
	if at(head, "repo", "$ref") == "#/components/schemas/repository" {
		head["repo"] = map[string]any{"$ref": "#/components/schemas/nullable-repository"}
	}
}

func repair(v any) {
	switch v := v.(type) {
	case []any:
		for _, inner := range v {
			repair(inner)
		}
	case map[string]any:
		for _, fix := range repairs {
			fix(v)
		}
		for _, inner := range v {
			repair(inner)
		}
	}
}
