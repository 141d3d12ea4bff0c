package proposal

import (
	"fmt"
	"strings"
)

// grid is a table. Its cells are Markdown.
type grid struct {
	head  []string
	rows  [][]string
	total int    // how many rows there are, where that is more than rows
	what  string // what its rows are, in the plural
	most  int    // rows that are shown
	bytes int    // that its rows may have
	all   string // address where all rows can be read
}

// The sizes of tables: of short ones, and of one in which a reader looks things up.
const (
	shortRows, shortBytes = 20, 8_000
	longRows, longBytes   = 400, 40_000
)

// String returns the table, with a line below it where rows are left out.
func (g grid) String() string {
	if len(g.rows) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString(tableLine(g.head) + "|" + strings.Repeat(" --- |", len(g.head)) + "\n")
	room, shown := g.bytes, 0
	for _, row := range g.rows[:min(len(g.rows), g.most)] {
		l := tableLine(row)
		if room -= len(l); room < 0 {
			break
		}
		b.WriteString(l)
		shown++
	}
	if rest := max(g.total, len(g.rows)) - shown; rest > 0 {
		b.WriteString("\n" + g.more(rest) + "\n")
	}
	return b.String()
}

func (g grid) more(rest int) string {
	s := fmt.Sprintf("%d of %d %s are not shown here", rest, max(g.total, len(g.rows)), g.what)
	if where := linkTo(ownPages, g.all); where != ownPages {
		s += "; all of them are on " + where
	}
	return s + "."
}

func tableLine(cells []string) string { return "| " + strings.Join(cells, " | ") + " |\n" }

// facts are lines of a table without a head: what, and what there is to say of it.
type facts [][]string

// add adds a line unless there is nothing to say.
func (f *facts) add(label, text string) {
	if text != "" {
		*f = append(*f, []string{"**" + label + "**", text})
	}
}

func (f facts) String() string {
	return grid{head: []string{"", ""}, rows: f, what: "lines", most: len(f), bytes: longBytes}.String()
}
