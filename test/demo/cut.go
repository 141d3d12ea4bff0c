package main

import (
	"fmt"
	"io"
	"strings"
)

// keeping says of a line, by its number from 0, whether it is shown.
type keeping func(n int, line string) bool

// firstSteps keeps a plan up to its first steps.
func firstSteps(steps int) keeping {
	row := -1 // in the table of steps, from its head
	return func(_ int, line string) bool {
		switch {
		case line == "Steps":
			row = 0
		case row >= 0 && strings.HasPrefix(line, "  "):
			row++
			return row <= steps+1
		default:
			row = -1
		}
		return true
	}
}

// notThePlan leaves out the plan that was shown before.
func notThePlan() keeping {
	plan := false
	return func(_ int, line string) bool {
		switch {
		case strings.HasPrefix(line, "Title "):
			plan = true
		case line == "Findings", strings.HasPrefix(line, "CHG-"), strings.HasPrefix(line, "changectl:"):
			plan = false
		}
		return !plan
	}
}

// notThose leaves out lines that contain a text.
func notThose(text string) keeping {
	return func(_ int, line string) bool { return !strings.Contains(line, text) }
}

// theStory keeps the beginning of a log, and where the change went.
func theStory(beginning int) keeping {
	return func(n int, line string) bool { return n < beginning || strings.Contains(line, "moves from") }
}

// cutter writes lines with a margin, and says where it leaves some out.
type cutter struct {
	out    io.Writer
	keep   keeping
	what   string // what is left out
	n      int
	hidden int
}

func (c *cutter) line(text string) {
	n := c.n
	c.n++
	if c.keep != nil && !c.keep(n, text) {
		c.hidden++
		return
	}
	c.end()
	if text != "" {
		text = "    " + text
	}
	fmt.Fprintln(c.out, text)
}

// end tells how many lines were left out since the last one.
func (c *cutter) end() {
	if c.hidden > 1 {
		fmt.Fprintf(c.out, "    [... %d lines: %s]\n", c.hidden, c.what)
	}
	c.hidden = 0
}

// wrap breaks a text into lines of at most so many characters.
func wrap(text string, width int) string {
	var b strings.Builder
	column := 0
	for _, word := range strings.Fields(text) {
		switch {
		case column == 0:
		case column+1+len(word) > width:
			b.WriteByte('\n')
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}
