// Package icalendar reads other people's calendars: files and feeds in the format
// of RFC 5545, with the X-MAINTNOTE fields in which network operators announce
// maintenance, and turns them into events in UTC that a declared maintenance can be
// made of.
//
// A calendar comes from outside and is believed in nothing. It is read as a stream
// within bounds; what it says of time zones is held against the tz database; series
// are expanded as far as the caller asks. Whatever cannot be read for certain
// refuses the whole calendar, with the line: a maintenance at the wrong hour is
// worse than none that was imported. The package looks at no clock and opens
// nothing, and it knows no systems: what an event is about is for others to find.
package icalendar

import (
	"cmp"
	"io"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// The bounds that hold where Options gives none.
const (
	DefaultHorizon   = 400 * 24 * time.Hour
	DefaultMaxBytes  = 64 << 20
	DefaultMaxEvents = 20_000
)

// Longest is the longest event that is taken for a maintenance.
const Longest = 60 * 24 * time.Hour

// Options says how a calendar is read.
type Options struct {
	// Calendar is the name under which the calendar is imported; errors name it.
	Calendar string
	// Now is the time that decides which events are over. It is needed.
	Now time.Time
	// Horizon is how far ahead of Now series are expanded; 0 is DefaultHorizon.
	Horizon time.Duration
	// MaxBytes is the largest calendar; 0 is DefaultMaxBytes.
	MaxBytes int64
	// MaxEvents bounds the events of the calendar, and those that come of them when
	// series are expanded; 0 is DefaultMaxEvents.
	MaxEvents int
	// Zone is the IANA name of the zone of times and dates that name none, in a
	// calendar without X-WR-TIMEZONE. Without either, such times are refused.
	Zone string
}

// Calendar is what was read.
type Calendar struct {
	// Name is the name under which it is imported, or else its own (X-WR-CALNAME).
	Name string
	// Method is its METHOD (RFC 5546), in upper case; of several calendars in one
	// file, that of the first.
	Method string
	// Events are the events and the occurrences of series, by start.
	Events []Event
	// Notes says, in sentences, what was left out or chosen.
	Notes []string
}

// Event is one event, or one occurrence of a series.
type Event struct {
	UID string
	// Recurrence tells the occurrences of a series apart (RECURRENCE-ID): the start
	// that the series gave it, in UTC, as 20270306T230000Z. It is empty for an event
	// that is not one of a series. A cancelled event without one cancels all of its UID.
	Recurrence string
	// Sequence is the revision (RFC 5545 3.8.7.4), from 0.
	Sequence int
	// Stamp is when this revision was made (DTSTAMP); zero when that is not said.
	Stamp       time.Time
	Summary     string
	Description string
	// Start and End are [Start, End), in UTC. Both are zero for a cancelled event
	// that came without times.
	Start, End time.Time
	// Zone is the IANA name of the zone in which the start was written, or UTC.
	Zone   string
	AllDay bool
	// Status is the STATUS in upper case: TENTATIVE, CONFIRMED, CANCELLED or empty.
	Status string
	// Method is the METHOD of the calendar that the event stood in.
	Method string
	// Organizer is a name with address, "Example NOC <noc@example.com>", or one of the two.
	Organizer string
	// Contact is the CONTACT, or else the organizer's address.
	Contact   string
	Maintnote Maintnote
	// Line is where the event begins in the file.
	Line int
}

// Maintnote is what an operator's maintenance notification adds to an event; its
// fields are empty where the calendar does not have them. (NANOG BCOP draft, "A
// machine parseable standard for formatting maintenance notifications", 3.6.)
type Maintnote struct {
	Provider string
	Account  string
	// MaintenanceIDs are the names of the work, the primary one first.
	MaintenanceIDs []string
	Objects        []Object
	// Impact and Status are as they were written; see Event.Impact and Event.State.
	Impact, Status string
}

// Object is a service of the operator, such as a circuit, that the work is about.
type Object struct {
	ID string
	// URI says more about it, or is empty.
	URI string
	// Impact is the impact on this object, as it was written, where that is given apart.
	Impact string
}

// Read reads a calendar. Its errors are Invalid and name the line, except that of a
// reader that breaks off, which is Unavailable; with an error nothing is returned.
// An event that was over before o.Now is left out, unless it is cancelled.
func Read(r io.Reader, o Options) (Calendar, error) {
	o.Horizon = cmp.Or(o.Horizon, DefaultHorizon)
	o.MaxBytes = cmp.Or(o.MaxBytes, DefaultMaxBytes)
	o.MaxEvents = cmp.Or(o.MaxEvents, DefaultMaxEvents)
	if o.Now.IsZero() || o.Horizon < 0 || o.MaxBytes < 0 || o.MaxEvents < 0 {
		return Calendar{}, change.Invalid("a calendar is read at a time, with a horizon and bounds that are not negative")
	}
	s := newSource(r, o)
	if err := s.read(); err != nil {
		return Calendar{}, err
	}
	return gather(s)
}
