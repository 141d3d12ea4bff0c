package icalendar

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// source is a file or feed while it is read.
type source struct {
	options Options
	lines   *lines
	open    []component // BEGIN without END so far, the outermost first
	objects []*object
	entries []*entry
	// What is left of the bounds that hold for the whole source.
	dates, parts, keys, rules int
}

// object is one VCALENDAR.
type object struct {
	source      *source
	name        string
	method      string
	zone        string // X-WR-TIMEZONE
	definitions map[string]*definition
	defining    *definition      // the VTIMEZONE that is open
	zones       map[string]*zone // those looked up
}

// component is a part of a calendar between BEGIN and END.
type component struct {
	name  string
	line  int
	take  func(property) error // nil: its properties are not read
	close func() error
}

// The bounds that hold for a whole source, beside those in Options.
const (
	mostDates = 200_000 // in RDATE and EXDATE
	mostParts = 2_000   // STANDARD and DAYLIGHT
	mostKeys  = 200_000 // X-MAINTNOTE-OBJECT-ID and -MAINTENANCE-ID
	mostRules = 2_000   // RRULE of events, where they are not over
	mostOpen  = 8       // parts within each other
)

func newSource(r io.Reader, o Options) *source {
	return &source{options: o, lines: newLines(r, o.MaxBytes), dates: mostDates, parts: mostParts, keys: mostKeys, rules: mostRules}
}

// reach is the end of the time for which zones are reckoned; see farthest.
func (s *source) reach() time.Time {
	return s.options.Now.Add(max(s.options.Horizon, farthest) + 2*Longest)
}

// wrong is an error about a line.
func (s *source) wrong(line int, format string, args ...any) *change.Error {
	return change.Invalid(format, args...).At(s.place(line))
}

func (s *source) place(line int) string {
	place := fmt.Sprintf("line %d", line)
	if s.options.Calendar != "" {
		place = s.options.Calendar + " " + place
	}
	return place
}

// located gives an error its line, unless it has one.
func (s *source) located(err error, line int) error {
	var told *change.Error
	if errors.As(err, &told) && told.Field == "" {
		return told.At(s.place(line))
	}
	return err
}

// said puts words before the message of an error that has no line yet.
func said(words string, err error) error {
	var told *change.Error
	if !errors.As(err, &told) || told.Field != "" {
		return err
	}
	c := *told
	c.Message = words + c.Message
	return &c
}

// read takes in all of the source, or says what is wrong with it.
func (s *source) read() error {
	if err := s.lines.begins(); err != nil {
		return s.located(err, 1)
	}
	for {
		text, number, err := s.lines.next()
		switch {
		case errors.Is(err, io.EOF):
			return s.ended(number)
		case err != nil:
			return s.located(err, number)
		}
		p, err := parse(text, number)
		if err == nil {
			err = s.property(p)
		}
		if err != nil {
			return s.located(err, number)
		}
	}
}

func (s *source) ended(line int) error {
	if len(s.open) > 0 {
		inner := s.open[len(s.open)-1]
		return s.wrong(line, "the calendar ends in the middle of the %s that begins in line %d", inner.name, inner.line).
			WithHint("it was cut off on its way: fetch it again")
	}
	return nil
}

func (s *source) property(p property) error {
	name := oneLine(token(p.value), 60)
	switch {
	case p.name == "BEGIN":
		return s.begin(name, p.line)
	case len(s.open) == 0:
		return change.Invalid("%s stands outside of a calendar", p.name)
	case p.name == "END":
		return s.end(name)
	}
	if take := s.open[len(s.open)-1].take; take != nil {
		return take(p)
	}
	return nil
}

func (s *source) begin(name string, line int) error {
	c := component{name: name, line: line}
	parent := ""
	if len(s.open) > 0 {
		parent = s.open[len(s.open)-1].name
	}
	switch {
	case parent == "" && name != "VCALENDAR", parent != "" && name == "VCALENDAR",
		parent != "VCALENDAR" && (name == "VEVENT" || name == "VTIMEZONE"):
		return change.Invalid("%s begins where it does not belong, %s", quoted(name), within(parent))
	case len(s.open) == mostOpen:
		return change.Invalid("%d parts stand within each other", mostOpen+1).WithHint("this is no calendar that a program would write")
	case name == "VCALENDAR":
		c.take = s.beginObject()
	case name == "VEVENT":
		if len(s.entries) == s.options.MaxEvents {
			return change.Invalid("the calendar has more than %d events", s.options.MaxEvents).WithHint("ask for a feed of the coming months only")
		}
		c.take, c.close = s.beginEntry(line)
	case name == "VTIMEZONE":
		c.take, c.close = s.beginDefinition(line)
	case parent == "VTIMEZONE" && len(s.open) == 2:
		if s.parts--; s.parts < 0 {
			return change.Invalid("the calendar defines its time zones in more than %d parts", mostParts)
		}
		c.take, c.close = s.beginObservance()
	}
	s.open = append(s.open, c)
	return nil
}

func within(parent string) string {
	if parent == "" {
		return "outside of a calendar"
	}
	return "within " + quoted(parent)
}

func (s *source) end(name string) error {
	inner := s.open[len(s.open)-1]
	if name != inner.name {
		return change.Invalid("END:%s, but the %s of line %d is still open", name, quoted(inner.name), inner.line)
	}
	s.open = slices.Delete(s.open, len(s.open)-1, len(s.open))
	if inner.close != nil {
		return inner.close()
	}
	return nil
}
