package icalendar

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/changectl/changectl/internal/change"
)

// entry is a VEVENT as it was written.
type entry struct {
	Event
	in         *object
	start, end *moment
	length     *nominal
	occurrence *moment // RECURRENCE-ID
	rules      []rule
	dates      []moment // RDATE
	except     []moment // EXDATE
	excluded   bool     // there is an EXRULE
}

// The most bytes that are kept of a text, and that a key may have.
const (
	mostLabel = 300
	mostText  = 2000
	mostKey   = 500
)

// once lists the properties that an event has one of at most (RFC 5545 3.6.1). Of
// others that are given twice the last one holds.
var once = []string{"UID", "RECURRENCE-ID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "DURATION", "STATUS", "X-MAINTNOTE-STATUS"}

// set takes a property.
func (e *entry) set(p property) (err error) {
	switch p.name {
	case "UID":
		e.UID, err = p.key(mostKey)
	case "RECURRENCE-ID":
		e.occurrence, err = p.recurrence()
	case "SEQUENCE":
		e.Sequence, err = p.sequence()
	case "DTSTAMP":
		var m *moment
		m, err = p.moment()
		e.Stamp = m.wall
	case "DTSTART":
		e.start, err = p.moment()
	case "DTEND":
		e.end, err = p.moment()
	case "DURATION":
		e.length, err = p.duration()
	case "RRULE":
		var r rule
		r, err = p.rule()
		e.rules = append(e.rules, r)
	case "RDATE":
		e.dates, err = e.more(e.dates, p)
	case "EXDATE":
		e.except, err = e.more(e.except, p)
	case "EXRULE":
		e.excluded = true
	default:
		return e.describe(p)
	}
	return err
}

func (e *entry) more(list []moment, p property) ([]moment, error) {
	further, err := p.moments(&e.in.source.dates)
	return append(list, further...), err
}

func (p property) sequence() (int, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(p.value), 10, 32)
	if err != nil || n < 0 {
		return 0, change.Invalid("SEQUENCE: %s is not a revision", quoted(p.value)).WithHint("revisions are whole numbers from 0")
	}
	return int(n), nil
}

func (p property) recurrence() (*moment, error) {
	if p.parameter("RANGE") != "" {
		return nil, change.Invalid("RECURRENCE-ID with RANGE=%s alters an occurrence and all behind it, which is not read", oneLine(p.parameter("RANGE"), mostLabel)).
			WithHint("ask the sender to end the series and begin a new one")
	}
	return p.moment()
}

// complete reports what the event needs and does not have, or has too much of.
func (e *entry) complete() error {
	switch {
	case e.UID == "":
		return change.Invalid("the event has no UID").WithHint("without one, later changes to it could not be told from new events")
	case e.end != nil && e.length != nil:
		return change.Invalid("%s has DTEND and DURATION", e.label()).WithHint("an event has one of the two")
	case e.occurrence != nil && len(e.rules)+len(e.dates) > 0:
		return change.Invalid("%s is one occurrence (RECURRENCE-ID) and a series (RRULE, RDATE) at once", e.label())
	}
	if e.Contact == "" {
		e.Contact = address(e.Organizer)
	}
	return nil
}

// label names the event in messages.
func (e *entry) label() string {
	if e.Summary == "" {
		return "the event with the UID " + quoted(e.UID)
	}
	return fmt.Sprintf("the event %s (UID %s)", quoted(e.Summary), quoted(e.UID))
}

func (e *entry) series() bool { return len(e.rules)+len(e.dates) > 0 }

// wrong is an error about the event.
func (e *entry) wrong(format string, args ...any) *change.Error {
	return e.in.source.wrong(e.Line, e.label()+" "+format, args...)
}

// about puts the event and one of its properties before what is wrong with them.
func (e *entry) about(property string, err error) error {
	return said(e.label()+": its "+property+" ", err)
}
