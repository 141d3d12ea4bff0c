package inventory

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/changectl/changectl/internal/change"
)

// take makes a system of a row, without what it refers to.
func (t *table) take(r *row) {
	v := r.values[fieldName]
	r.name = v.text
	name := nameOf(r.name)
	if name == "" {
		t.fail(v, "is %q; expected a name with letters (a to z) or digits", r.name)
		return
	}
	ref := change.Ref(t.o.Kind + ":" + name)
	if first := t.byRef[ref]; first != nil {
		t.fail(v, "%q is %s, and so is %q on line %d; a system has one row", r.name, ref, first.name, first.line)
		return
	}
	(&names{taken: map[change.Ref]string{}, notes: &t.notes}).give(wanted{kind: t.o.Kind, text: r.name, who: "line " + strconv.Itoa(r.line) + " " + r.name})
	text := func(field string) string { return clean(r.values[field].text) }
	r.System = System{
		Ref: ref, File: t.stem(), Title: cmp.Or(text(fieldTitle), clean(r.name)), Type: text(fieldType), Lifecycle: text(fieldLifecycle),
		Owner: t.owner(r), Site: t.plain(r, fieldSite), Region: t.plain(r, fieldRegion), Cluster: t.plain(r, fieldCluster),
		Tier: t.number(r, fieldTier, 4), Group: t.plain(r, fieldGroup), MustRun: t.number(r, fieldMinimum, MaxSystems),
		KnownAs: t.list(r, fieldKnownAs), Contacts: t.contacts(r),
	}
	t.byName[strings.ToLower(r.name)] = r
	t.byRef[ref] = r
	t.rows = append(t.rows, r)
}

// owner reads who answers for a row: what the options make of it, a reference, or the
// name of a group.
func (t *table) owner(r *row) change.Ref {
	v, ok := r.values[fieldOwner]
	if !ok {
		if t.o.Owner == "" {
			t.fail(r.values[fieldName], "has no owner; fill the column in, or name one for such rows with --owner group:NAME")
		}
		return t.o.Owner
	}
	for name, owner := range t.o.Owners {
		if strings.EqualFold(name, v.text) {
			return owner
		}
	}
	ref, err := change.ParseRef(v.text, "group")
	if err != nil {
		ref = change.Ref("group:" + nameOf(v.text))
		t.notes.alter("an owner is not a reference: it was taken as the name of a group (--owner-map)", "%s: %s", v.text, ref)
	}
	if ref == "group:" || (ref.Kind() != "group" && ref.Kind() != "user") {
		t.fail(v, "is %q; expected a group or a user, such as group:dba", v.text)
	}
	return ref
}

// plain reads a name that references such as site:NAME are made of.
func (t *table) plain(r *row, field string) string {
	v, ok := r.values[field]
	if !ok {
		return ""
	}
	name := nameOf(v.text)
	if name == "" {
		t.fail(v, "is %q; expected a name with letters (a to z) or digits", v.text)
	}
	if name != strings.ToLower(v.text) {
		t.notes.alter("a "+field+" has characters that references must not have", "%s: %s", v.text, name)
	}
	return name
}

func (t *table) number(r *row, field string, most int) int {
	v, ok := r.values[field]
	if !ok {
		return 0
	}
	n, err := strconv.Atoi(v.text)
	if err != nil || n < 1 || n > most {
		t.fail(v, "is %q; expected a whole number from 1 to %d", v.text, most)
	}
	return n
}

// list splits a cell with several values.
func (t *table) list(r *row, field string) []string {
	var list []string
	for part := range strings.FieldsFuncSeq(r.values[field].text, func(c rune) bool { return strings.ContainsRune(t.o.Lists, c) || c == '\n' || c == '\r' }) {
		if part = clean(part); part != "" && !slices.Contains(list, part) {
			list = append(list, part)
		}
	}
	return list
}

func (t *table) contacts(r *row) map[string]string {
	all := map[string]string{}
	for field, v := range r.values {
		if role, ok := strings.CutPrefix(field, contactPrefix); ok {
			all[role] = clean(v.text)
		}
	}
	return all
}

// refer finds what the row refers to.
func (t *table) refer(r *row) {
	r.DependsOn = t.refs(r, fieldDepends)
	r.ReachedThrough = t.refs(r, fieldThrough)
	for _, field := range slices.Sorted(maps.Keys(r.values)) {
		if role, ok := strings.CutPrefix(field, contactPrefix); ok {
			t.contact(r, role, r.values[field])
		}
	}
	v, ok := r.values[fieldSystem]
	if !ok {
		return
	}
	ref, err := change.ParseRef(v.text, "system")
	if err != nil {
		if ref = change.Ref("system:" + nameOf(v.text)); ref == "system:" {
			t.fail(v, "is %q; expected a name with letters (a to z) or digits", v.text)
			return
		}
		t.notes.alter("a system has characters that references must not have", "%s: %s", v.text, ref)
	}
	if ref.Kind() != "system" {
		t.fail(v, "is %s; expected the name of a system", ref)
		return
	}
	r.PartOf = ref
	t.wholes[ref] = append(t.wholes[ref], r)
}

// refs finds what a cell names: other rows by their name, or references.
func (t *table) refs(r *row, field string) []change.Ref {
	var refs []change.Ref
	for _, name := range t.list(r, field) {
		ref, ok := t.ref(name)
		switch {
		case ok && ref != r.Ref:
			refs = append(refs, ref)
		case ok:
			t.notes.leave("a system names itself", "line %d %s", r.line, r.name)
		case t.o.Lenient:
			t.notes.leave("a reference leads to nothing", "line %d %s, %s: %s", r.line, r.name, field, name)
		default:
			t.fail(r.values[field], "refers to %q, which is not in this table%s", name, t.near(name))
		}
	}
	return refs
}

func (t *table) ref(name string) (change.Ref, bool) {
	if other := t.byName[strings.ToLower(name)]; other != nil {
		return other.Ref, true
	}
	ref, err := change.ParseRef(name, t.o.Kind)
	if err != nil {
		ref = change.Ref(t.o.Kind + ":" + nameOf(name))
	}
	return ref, t.byRef[ref] != nil || (t.o.Known != nil && t.o.Known(ref))
}

// near looks for what may have been meant, for the first few problems only: it looks
// at the whole table.
func (t *table) near(name string) string {
	if len(t.problems) > 20 {
		return ""
	}
	var known []string
	for _, r := range t.rows {
		known = append(known, r.name)
	}
	return nearest(name, known)
}

// contact checks a contact that is written as a reference.
func (t *table) contact(r *row, role string, v value) {
	lower := strings.ToLower(v.text)
	if !strings.HasPrefix(lower, "user:") && !strings.HasPrefix(lower, "group:") {
		return
	}
	if _, err := change.ParseRef(v.text, ""); err != nil {
		t.fail(v, "%q is not a reference; write for example user:bob, or a name and a telephone number", v.text)
		delete(r.Contacts, role)
	}
}
