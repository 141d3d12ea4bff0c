package main

import (
	"fmt"
	"strings"
)

// trim keeps the operations and webhooks of the list and the components that they
// lead to. The bodies of webhooks become schemas that are named webhook-EVENT-ACTION.
func trim(whole map[string]any, list string) (map[string]any, error) {
	k := keeper{whole: whole, paths: map[string]any{}, components: map[string]any{}}
	for n, line := range strings.Split(list, "\n") {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		if err := k.keep(words); err != nil {
			return nil, fmt.Errorf("line %d of the list: %w", n+1, err)
		}
	}
	return map[string]any{
		"openapi":    whole["openapi"],
		"info":       map[string]any{"title": "What is used of GitHub's REST API", "version": source},
		"paths":      k.paths,
		"components": k.components,
	}, nil
}

type keeper struct {
	whole, paths, components map[string]any
}

func (k keeper) keep(words []string) error {
	if words[0] == "webhook" {
		return k.webhook(words[1:])
	}
	if len(words) != 2 {
		return fmt.Errorf("want a method and a path, not %q", strings.Join(words, " "))
	}
	method, path := words[0], words[1]
	operation, ok := at(k.whole, "paths", path, method).(map[string]any)
	if !ok {
		return fmt.Errorf("GitHub has no operation %s %s", method, path)
	}
	item, _ := k.paths[path].(map[string]any)
	if item == nil {
		item = map[string]any{}
		k.paths[path] = item
	}
	bare := plain(operation, false)
	item[method] = bare
	return k.follow(bare)
}

func (k keeper) webhook(words []string) error {
	name := strings.ReplaceAll(strings.Join(words, "-"), "_", "-")
	body := at(k.whole, "x-webhooks", name, "post", "requestBody", "content", "application/json", "schema")
	if body == nil {
		return fmt.Errorf("GitHub has no webhook %s", name)
	}
	bare := plain(body, false)
	if ref, ok := at(bare, "$ref").(string); !ok || ref != "#/components/schemas/webhook-"+name {
		k.put([]string{"schemas", "webhook-" + name}, bare)
	}
	return k.follow(bare)
}

// follow keeps every component that a value refers to.
func (k keeper) follow(v any) error {
	switch v := v.(type) {
	case []any:
		for _, inner := range v {
			if err := k.follow(inner); err != nil {
				return err
			}
		}
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok {
			return k.component(ref)
		}
		for _, inner := range v {
			if err := k.follow(inner); err != nil {
				return err
			}
		}
	}
	return nil
}

func (k keeper) component(ref string) error {
	steps := strings.Split(strings.TrimPrefix(ref, "#/components/"), "/")
	if len(steps) != 2 {
		return fmt.Errorf("do not know where %s is", ref)
	}
	if at(k.components, steps...) != nil {
		return nil
	}
	found := at(k.whole, append([]string{"components"}, steps...)...)
	if found == nil {
		return fmt.Errorf("%s is not in the description", ref)
	}
	bare := plain(found, false)
	k.put(steps, bare)
	return k.follow(bare)
}

func (k keeper) put(steps []string, v any) {
	kind, _ := k.components[steps[0]].(map[string]any)
	if kind == nil {
		kind = map[string]any{}
		k.components[steps[0]] = kind
	}
	kind[steps[1]] = v
}

// at walks down into a value by keys and returns nil where there is none.
func at(v any, keys ...string) any {
	for _, key := range keys {
		m, _ := v.(map[string]any)
		v = m[key]
	}
	return v
}
