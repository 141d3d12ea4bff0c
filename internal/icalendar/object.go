package icalendar

import (
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/change"
)

func (s *source) beginObject() func(property) error {
	o := &object{source: s, definitions: map[string]*definition{}, zones: map[string]*zone{}}
	s.objects = append(s.objects, o)
	return o.set
}

// announcing are the methods (RFC 5546) of calendars that say what will happen. The
// others answer somebody or ask for something.
var announcing = []string{"", "PUBLISH", "REQUEST", methodCancel}

func (o *object) set(p property) error {
	switch p.name {
	case "VERSION":
		if v := strings.TrimSpace(p.value); v != "2.0" {
			return change.Invalid("VERSION: %s is not read", quoted(v)).WithHint("version 2.0 is (RFC 5545): export the calendar as iCalendar")
		}
	case "CALSCALE":
		if token(p.value) != "GREGORIAN" {
			return change.Invalid("CALSCALE: %s is not read", quoted(p.value)).WithHint("only GREGORIAN is")
		}
	case "METHOD":
		o.method = strings.Clone(token(p.value))
		if !slices.Contains(announcing, o.method) {
			return change.Invalid("METHOD: %s announces nothing", quoted(o.method)).WithHint("calendars with PUBLISH, REQUEST, CANCEL or without METHOD are read")
		}
	case "X-WR-CALNAME", "NAME":
		o.name = p.label(mostLabel)
	case "X-WR-TIMEZONE":
		o.zone = p.label(mostLabel)
	}
	return nil
}

func (s *source) current() *object { return s.objects[len(s.objects)-1] }

func (s *source) beginEntry(line int) (take func(property) error, done func() error) {
	e := &entry{in: s.current()}
	e.Line = line
	s.entries = append(s.entries, e)
	var seen []string
	take = func(p property) error {
		if slices.Contains(once, p.name) {
			if slices.Contains(seen, p.name) {
				return change.Invalid("the event has %s twice", p.name)
			}
			seen = append(seen, p.name)
		}
		return e.set(p)
	}
	return take, e.complete
}

func (s *source) beginDefinition(line int) (take func(property) error, done func() error) {
	d := &definition{line: line}
	o := s.current()
	o.defining = d
	take = func(p property) error {
		if p.name == "TZID" {
			d.name = p.label(mostLabel)
		}
		return nil
	}
	return take, func() error { return o.define(d) }
}

func (o *object) define(d *definition) error {
	before := o.definitions[d.name]
	switch {
	case d.name == "":
		return change.Invalid("the VTIMEZONE has no TZID")
	case before != nil && !before.same(d):
		return change.Invalid("the time zone %s is defined in line %d already, and otherwise", quoted(d.name), before.line).
			WithHint("which of the two is meant cannot be told: ask the sender")
	}
	o.definitions[d.name] = d
	return nil
}

func (s *source) beginObservance() (take func(property) error, done func() error) {
	d, o := s.current().defining, &observance{}
	take = func(p property) error { return o.set(p, &s.dates) }
	return take, func() error {
		d.observances = append(d.observances, *o)
		return o.complete()
	}
}
