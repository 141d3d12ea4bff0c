package proposal

import (
	"fmt"
	"strings"
)

// pageLimit is how many bytes of Markdown a comment, a summary or a text may have.
// GitHub takes 65,535 characters; a character is a byte or more.
const pageLimit = 65_000

// ownPages is what the links are called that lead to all of it.
const ownPages = "changectl's own pages"

// section is a piece of a page that is shown whole or not at all.
type section struct {
	name string // for the line that says what is left out
	text string
	rank int // room is kept for the lowest first
}

// page is Markdown in sections.
type page struct {
	sections []section
	record   string // address where all of it can be read
}

// The ranks of sections.
const (
	essential = iota // where it stands, who must approve, what to do
	main             // what a change is
	lookup           // where a reader looks things up
	ranks
)

func (p *page) add(rank int, name, text string) {
	if text = strings.Trim(text, "\n"); text != "" {
		p.sections = append(p.sections, section{name, text, rank})
	}
}

// String returns the sections that fit, in order, and in the place of the first one that
// does not, what is left out and where it can be read.
func (p page) String() string {
	fits, left := p.fitting()
	var b strings.Builder
	said := len(left) == 0
	for i, s := range p.sections {
		switch {
		case fits[i]:
			b.WriteString(s.text + "\n\n")
		case !said:
			b.WriteString(p.leftOut(left) + "\n\n")
			said = true
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// closingRoom is kept for the line that says what is left out.
const closingRoom = 2_000

// fitting says which sections are shown and names those that are not.
func (p page) fitting() (fits []bool, left []string) {
	fits = make([]bool, len(p.sections))
	room := pageLimit - closingRoom
	for rank := range ranks {
		for i, s := range p.sections {
			if n := len(s.text) + 2; s.rank == rank && n <= room {
				fits[i] = true
				room -= n
			}
		}
	}
	for i, s := range p.sections {
		if !fits[i] {
			left = append(left, s.name)
		}
	}
	return fits, left
}

func (p page) leftOut(names []string) string {
	const most = 5
	list := strings.Join(names[:min(len(names), most)], "; ")
	if n := len(names) - most; n > 0 {
		list += fmt.Sprintf("; and %d more", n)
	}
	s := fmt.Sprintf("**Left out here:** %s (%s). GitHub takes no longer text", counted(len(names), "section", "sections"), list)
	if where := linkTo(ownPages, p.record); where != ownPages {
		s += "; all of it is on " + where
	}
	return s + "."
}

// details returns text that a reader opens. The summary is our own words.
func details(summary, text string, open bool) string {
	tag := "<details>"
	if open {
		tag = "<details open>"
	}
	return tag + "\n<summary>" + summary + "</summary>\n\n" + strings.Trim(text, "\n") + "\n\n</details>"
}

// alert returns sentences in a box of GitHub's: NOTE, IMPORTANT, WARNING or CAUTION.
func alert(kind string, lines ...string) string {
	if len(lines) == 0 {
		return ""
	}
	return "> [!" + kind + "]\n> " + strings.Join(lines, "\n>\n> ") + "\n"
}
