package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/server/common/searchattribute/sadefs"
)

// attributeTypes are the types of search attributes, by the names that Temporal's own tools use.
var attributeTypes = map[string]enumspb.IndexedValueType{
	"Keyword":     enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	"KeywordList": enumspb.INDEXED_VALUE_TYPE_KEYWORD_LIST,
	"Text":        enumspb.INDEXED_VALUE_TYPE_TEXT,
	"Int":         enumspb.INDEXED_VALUE_TYPE_INT,
	"Double":      enumspb.INDEXED_VALUE_TYPE_DOUBLE,
	"Bool":        enumspb.INDEXED_VALUE_TYPE_BOOL,
	"Datetime":    enumspb.INDEXED_VALUE_TYPE_DATETIME,
}

var attributeName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)

func attributeTypeNames() []string { return slices.Sorted(maps.Keys(attributeTypes)) }

// addAttribute takes one Name=Type of the command line.
func addAttribute(to map[string]enumspb.IndexedValueType, s string) error {
	name, typeName, found := strings.Cut(s, "=")
	typ, known := attributeTypes[typeName]
	switch {
	case !found:
		return fmt.Errorf("search attribute %q: expected Name=Type", s)
	case !known:
		return fmt.Errorf("search attribute %s: type %q is not known, choose one of %s", name, typeName, strings.Join(attributeTypeNames(), ", "))
	case !attributeName.MatchString(name):
		return fmt.Errorf("search attribute %q: expected a letter, then letters, digits and underscores", name)
	case sadefs.IsReserved(name) || sadefs.IsSystem(name) || sadefs.IsPreallocatedCSAFieldName(name, typ):
		return fmt.Errorf("search attribute %s: Temporal uses this name itself, choose another", name)
	}
	if before, given := to[name]; given && before != typ {
		return fmt.Errorf("search attribute %s: given as %s and as %s, keep one", name, before, typ)
	}
	to[name] = typ
	return nil
}

// assign gives every wanted attribute that has none yet a column of its type, in the namespace's map of column to
// name, and says whether the map changed. SQL databases have a fixed number of columns per type.
func assign(columns map[string]string, wanted map[string]enumspb.IndexedValueType) (changed bool, err error) {
	types := sadefs.GetDBIndexSearchAttributes(nil).CustomSearchAttributes
	used := map[string]string{}
	for column, name := range columns {
		used[name] = column
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		typ := wanted[name]
		if column, ok := used[name]; ok {
			if types[column] != typ {
				return changed, fmt.Errorf("search attribute %s is of type %s already, not %s: use another name", name, types[column], typ)
			}
			continue
		}
		column, err := freeColumn(columns, types, typ)
		if err != nil {
			return changed, fmt.Errorf("search attribute %s: %w", name, err)
		}
		columns[column] = name
		changed = true
	}
	return changed, nil
}

// freeColumn is the first column of a type that no attribute has.
func freeColumn(columns map[string]string, types map[string]enumspb.IndexedValueType, typ enumspb.IndexedValueType) (string, error) {
	var taken []string
	for _, column := range slices.Sorted(maps.Keys(types)) {
		if types[column] != typ {
			continue
		}
		name, used := columns[column]
		if !used {
			return column, nil
		}
		taken = append(taken, name)
	}
	return "", fmt.Errorf("all %d of type %s are taken (%s): use another type or do without one of them",
		len(taken), typ, strings.Join(taken, ", "))
}
