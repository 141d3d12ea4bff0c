package inventory

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/change"
)

// groups holds the members of each redundancy group against each other.
func (t *table) groups() {
	members := map[string][]*row{}
	var names []string
	for _, r := range t.rows {
		switch {
		case r.Group == "" && r.MustRun > 0:
			t.fail(r.values[fieldMinimum], "is given for a system that is in no group")
		case r.Group != "":
			if members[r.Group] == nil {
				names = append(names, r.Group)
			}
			members[r.Group] = append(members[r.Group], r)
		}
	}
	for _, name := range names {
		t.agree(name, members[name])
	}
}

func (t *table) agree(name string, members []*row) {
	var first *row
	for _, r := range members {
		switch {
		case r.MustRun == 0:
		case first == nil:
			first = r
		case r.MustRun != first.MustRun:
			t.fail(r.values[fieldMinimum], "is %d, but the group %s has %d on line %d; the members must agree", r.MustRun, name, first.MustRun, first.line)
		}
	}
	switch {
	case first == nil:
		t.fail(members[0].values[fieldGroup], "no member of the group %s says how many must stay up; fill in group-min", name)
	case first.MustRun > len(members):
		t.fail(first.values[fieldMinimum], "is %d, but the group %s has %d member(s)", first.MustRun, name, len(members))
	}
}

func (t *table) estate() *Estate {
	e := &Estate{
		Rules:  []string{"from " + t.o.File + ". To import it again is better than to edit this by hand."},
		source: "csv", stems: []string{t.stem()},
	}
	for _, r := range t.rows {
		e.Systems = append(e.Systems, r.System)
	}
	for _, ref := range slices.Sorted(maps.Keys(t.wholes)) {
		parts := t.wholes[ref]
		if t.byRef[ref] != nil || (t.o.Known != nil && t.o.Known(ref)) {
			continue
		}
		e.Systems = append(e.Systems, t.whole(ref, parts))
	}
	return e.finish(t.notes)
}

// whole makes the system that rows are parts of. The owner that they all have owns
// it too.
func (t *table) whole(ref change.Ref, parts []*row) System {
	owner := parts[0].Owner
	if slices.ContainsFunc(parts, func(r *row) bool { return r.Owner != owner }) {
		owner = t.o.Owner
	}
	if owner == "" {
		t.fail(parts[0].values[fieldSystem], "%s has parts of several owners; say with --owner who answers for it", ref)
	}
	t.notes.alter("a system was made, because rows are parts of it", "%s, of %d part(s)", ref, len(parts))
	return System{Ref: ref, File: t.stem(), Owner: owner, Title: clean(strings.TrimSpace(parts[0].values[fieldSystem].text))}
}

// stem is the name of the file that the systems are put into: that of the table.
func (t *table) stem() string {
	name, _, _ := strings.Cut(t.o.File, ".")
	return cmp.Or(nameOf(name), "systems")
}
