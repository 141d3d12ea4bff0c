package proposal

import (
	"cmp"
	"fmt"
	"slices"
)

// failureLevel is the level of an annotation that stands in the way.
const failureLevel = "failure"

func (a Annotation) fails() bool { return a.Level != "warning" && a.Level != "notice" }

// failures is how many problems stand in the way.
func (v View) failures() int {
	n := 0
	for _, a := range v.Problems {
		if a.fails() {
			n++
		}
	}
	return n
}

// problems are the problems, those that stand in the way first, by place.
func (v View) problems() []Annotation {
	list := slices.Clone(v.Problems)
	rank := func(a Annotation) int {
		if a.fails() {
			return 0
		}
		return 1
	}
	slices.SortFunc(list, func(a, b Annotation) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column), cmp.Compare(a.Message, b.Message))
	})
	return list
}

// validateState returns conclusion and title of the validate check.
func validateState(v View) (conclusion, title string) {
	if n := v.failures(); n > 0 {
		files := map[string]bool{}
		for _, a := range v.Problems {
			if a.fails() {
				files[a.Path] = true
			}
		}
		return Failure, counted(n, "problem", "problems") + " in " + counted(len(files), "file", "files")
	}
	title = proposes(v) + " valid"
	if n := len(v.Problems); n > 0 {
		title += ", " + counted(n, "warning", "warnings")
	}
	return Success, title
}

// proposes counts what a pull request holds: "1 change and 2 runbooks are".
func proposes(v View) string {
	var parts []string
	add := func(n int, one, many string) {
		if n > 0 {
			parts = append(parts, counted(n, one, many))
		}
	}
	add(len(v.Changes), "change", "changes")
	add(len(v.Runbooks), "runbook", "runbooks")
	add(len(v.Files), "other file", "other files")
	verb := "are"
	if len(v.Changes)+len(v.Runbooks)+len(v.Files) == 1 {
		verb = "is"
	}
	switch len(parts) {
	case 0:
		return "nothing here is changectl's business;"
	case 1:
		return parts[0] + " " + verb
	case 2:
		return parts[0] + " and " + parts[1] + " " + verb
	}
	return parts[0] + ", " + parts[1] + " and " + parts[2] + " " + verb
}

// problemTable is what is wrong and where.
func problemTable(v View) string {
	g := grid{head: []string{"Where", "What"}, what: "problems", most: longRows, bytes: longBytes}
	for _, a := range v.problems() {
		what := prose(a.Message, reasonLength)
		if !a.fails() {
			what = "warning: " + what
		}
		g.rows = append(g.rows, []string{code(place(a)), what})
	}
	return g.String()
}

func place(a Annotation) string {
	switch {
	case a.Line <= 0:
		return a.Path
	case a.Column <= 0:
		return fmt.Sprintf("%s:%d", a.Path, a.Line)
	}
	return fmt.Sprintf("%s:%d:%d", a.Path, a.Line, a.Column)
}

// mostAnnotations is how many annotations a check has: as many as GitHub takes with one
// request. The table has all of them.
const mostAnnotations = 50

func annotations(v View) []Annotation {
	list := v.problems()
	list = list[:min(len(list), mostAnnotations)]
	for i, a := range list {
		a.Title, a.Message = plainText(a.Title, titleLength), plainText(a.Message, reasonLength)
		a.Line = max(a.Line, 1)
		if a.fails() {
			a.Level = failureLevel
		}
		list[i] = a
	}
	return list
}

// fileTable is what was read.
func fileTable(v View) string {
	g := grid{head: []string{"File", "What it is"}, what: "files", most: longRows, bytes: longBytes}
	add := func(path, what string) { g.rows = append(g.rows, []string{code(path), what}) }
	for _, c := range v.changes() {
		add(c.Path, "change: "+c.title())
	}
	for _, r := range v.runbooks() {
		add(r.Path, "runbook "+code(r.Name)+newOrNot(r.New)+": "+prose(r.Title, titleLength))
	}
	for _, f := range v.files() {
		what := prose(string(f.Kind), titleLength) + newOrNot(f.New)
		if f.Removed {
			what += ", removed"
		}
		add(f.Path, what)
	}
	return g.String()
}

func newOrNot(isNew bool) string {
	if isNew {
		return ", new"
	}
	return ""
}

func (v View) changes() []ChangeView {
	return slices.SortedStableFunc(slices.Values(v.Changes), func(a, b ChangeView) int { return cmp.Compare(a.Path, b.Path) })
}

func (v View) runbooks() []RunbookView {
	return slices.SortedStableFunc(slices.Values(v.Runbooks), func(a, b RunbookView) int { return cmp.Compare(a.Path, b.Path) })
}

func (v View) files() []FileView {
	return slices.SortedStableFunc(slices.Values(v.Files), func(a, b FileView) int { return cmp.Compare(a.Path, b.Path) })
}
