package inventory

import (
	"encoding/csv"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
)

// The fields that a column can hold.
const (
	fieldName      = "name"
	fieldTitle     = "title"
	fieldType      = "type"
	fieldLifecycle = "lifecycle"
	fieldOwner     = "owner"
	fieldSite      = "site"
	fieldRegion    = "region"
	fieldCluster   = "cluster"
	fieldTier      = "tier"
	fieldSystem    = "system"
	fieldDepends   = "depends-on"
	fieldThrough   = "reached-through"
	fieldGroup     = "group"
	fieldMinimum   = "group-min"
	fieldKnownAs   = "known-as"
	contactPrefix  = "contact."
)

// CSVFields are the fields that a column can hold; contact.ROLE stands for any role.
var CSVFields = []string{
	fieldName, fieldTitle, fieldType, fieldLifecycle, fieldOwner, fieldSite, fieldRegion, fieldCluster, fieldTier, fieldSystem,
	fieldDepends, fieldThrough, fieldGroup, fieldMinimum, fieldKnownAs, contactPrefix + "ROLE",
}

// column is one that is read.
type column struct {
	field, heading string
	at             int
}

var rolePattern = regexp.MustCompile(`^contact\.[a-z0-9]+(-[a-z0-9]+)*$`)

func isField(field string) bool {
	return slices.Contains(CSVFields[:len(CSVFields)-1], field) || rolePattern.MatchString(field)
}

// head finds the columns. Headings are compared without regard to case.
func (t *table) head(heading []string, in *csv.Reader) error {
	used := map[int]bool{}
	for _, field := range slices.Sorted(maps.Keys(t.o.Columns)) {
		if !isField(field) {
			return change.Invalid("%q is not a field%s; fields are %s", field, nearest(field, CSVFields), strings.Join(CSVFields, ", ")).At("--columns")
		}
		at, err := t.find(heading, t.o.Columns[field], in)
		if err != nil {
			return err
		}
		if at < 0 {
			return t.missing(heading, field)
		}
		used[at] = true
		t.columns = append(t.columns, column{field, heading[at], at})
	}
	for i, h := range heading {
		field := strings.ToLower(strings.TrimSpace(h))
		_, named := t.o.Columns[field]
		switch {
		case used[i]:
		case isField(field) && !named:
			if _, err := t.find(heading, h, in); err != nil {
				return err
			}
			t.columns = append(t.columns, column{field, h, i})
		default:
			t.notes.leave("a column is not read (--columns)", "%s", h)
		}
	}
	return t.complete(heading)
}

// find returns the number of a column, or -1. One that is there twice is a Problem.
func (t *table) find(heading []string, name string, in *csv.Reader) (int, error) {
	at := -1
	for i, h := range heading {
		if !strings.EqualFold(strings.TrimSpace(h), strings.TrimSpace(name)) {
			continue
		}
		if at >= 0 {
			line, column := in.FieldPos(i)
			return at, &document.Problem{File: t.o.File, Line: line, Column: column, Path: clean(h), Message: "is the heading of two columns; rename one of them"}
		}
		at = i
	}
	return at, nil
}

func (t *table) missing(heading []string, field string) error {
	name := t.o.Columns[field]
	err := change.Invalid("%s has no column %q for %s%s", t.o.File, name, field, nearest(name, heading)).At("--columns")
	return err.WithHint("%s", t.headings(heading))
}

// complete asks for what no system can do without.
func (t *table) complete(heading []string) error {
	has := func(field string) bool {
		return slices.ContainsFunc(t.columns, func(c column) bool { return c.field == field })
	}
	if !has(fieldName) {
		return change.Invalid("no column of %s is the name", t.o.File).At("--columns").
			WithHint("say which one is, with --columns name=HEADING; %s", t.headings(heading))
	}
	if !has(fieldOwner) && t.o.Owner == "" {
		return change.Invalid("nobody owns the systems of %s", t.o.File).
			WithHint("name a column, --columns owner=HEADING, or one owner for all of them, --owner group:NAME")
	}
	if (t.o.Kind == "system" || t.o.Kind == "domain") && has(fieldSystem) {
		return change.Invalid("a %s cannot be part of a system", t.o.Kind).At("--columns").WithHint("leave the column for system out, or take --kind resource")
	}
	return nil
}

// headings says what there is, and whether the delimiter may be another one.
func (t *table) headings(heading []string) string {
	s := "its headings are " + clean(strings.Join(heading, ", "))
	if len(heading) == 1 {
		for _, d := range []string{";", "\t", "|", ","} {
			if strings.Contains(heading[0], d) {
				name := d
				if d == "\t" {
					name = `\t`
				}
				return s + ": it looks as if --delimiter '" + name + "' were right"
			}
		}
	}
	return s
}
