package change

import (
	"regexp"
	"strings"
)

// Ref names an entity of the catalog as kind:name or kind:namespace/name, in
// lower case, with the namespace "default" left out: resource:orders-db-1.
type Ref string

var refPattern = regexp.MustCompile(`^[a-z]+:([a-z0-9]+([-_.][a-z0-9]+)*/)?[a-z0-9]+([-_.][a-z0-9]+)*$`)

// ParseRef reads a reference. A missing kind is taken from defaultKind; where
// that is empty too, it is an Invalid error. Source: Backstage entity references.
func ParseRef(s, defaultKind string) (Ref, error) {
	t := strings.ToLower(strings.TrimSpace(s))
	if !strings.Contains(t, ":") && defaultKind != "" {
		t = strings.ToLower(defaultKind) + ":" + t
	}
	t = strings.Replace(t, ":default/", ":", 1)
	if !refPattern.MatchString(t) {
		return "", Invalid("%q is not a reference to a system; write kind:name, for example resource:orders-db-1", s)
	}
	return Ref(t), nil
}

// Kind returns the part before the colon.
func (r Ref) Kind() string { kind, _, _ := strings.Cut(string(r), ":"); return kind }

// Name returns the part after the colon.
func (r Ref) Name() string { _, name, _ := strings.Cut(string(r), ":"); return name }

// ID names a change: CHG-17. It is also the ID of the change's workflow.
type ID string

var idPattern = regexp.MustCompile(`^CHG-[1-9][0-9]{0,17}$`)

// ParseID reads the ID of a change, in any case.
func ParseID(s string) (ID, error) {
	t := strings.ToUpper(strings.TrimSpace(s))
	if !idPattern.MatchString(t) {
		return "", Invalid("%q is not the ID of a change; it looks like CHG-17 (changectl list shows them)", s)
	}
	return ID(t), nil
}
