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

// ID names a change: CHG-17. It is also the ID of the change's workflow. Declared
// maintenances (MNT-3) and freezes (FRZ-2) have IDs of the same shape.
type ID string

// The prefixes of IDs.
const (
	changePrefix      = "CHG-"
	maintenancePrefix = "MNT-"
	freezePrefix      = "FRZ-"
)

var numberPattern = regexp.MustCompile(`^[1-9][0-9]{0,17}$`)

// ParseID reads the ID of a change, in any case.
func ParseID(s string) (ID, error) {
	return parseID(s, changePrefix, "a change; it looks like CHG-17 (changectl list shows them)")
}

// ParseMaintenanceID reads the ID of a declared maintenance, in any case.
func ParseMaintenanceID(s string) (ID, error) {
	return parseID(s, maintenancePrefix, "a declared maintenance; it looks like MNT-3 (changectl declare list shows them)")
}

// ParseFreezeID reads the ID of a freeze, in any case.
func ParseFreezeID(s string) (ID, error) {
	return parseID(s, freezePrefix, "a freeze; it looks like FRZ-2 (changectl freeze list shows them)")
}

func parseID(s, prefix, what string) (ID, error) {
	t := strings.ToUpper(strings.TrimSpace(s))
	if n, ok := strings.CutPrefix(t, prefix); !ok || !numberPattern.MatchString(n) {
		return "", Invalid("%q is not the ID of %s", s, what)
	}
	return ID(t), nil
}

// Declared reports whether the ID is that of a declared maintenance.
func (id ID) Declared() bool { return strings.HasPrefix(string(id), maintenancePrefix) }
