package icalendar

import (
	"cmp"
	"encoding/binary"
	"reflect"
	"slices"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// definition is a VTIMEZONE (RFC 5545 3.6.5): what a calendar itself says of a zone.
type definition struct {
	line        int
	name        string
	observances []observance
}

// observance is a STANDARD or DAYLIGHT of a definition.
type observance struct {
	start    *moment
	from, to *int // offsets from UTC before and after its turns, in seconds
	rules    []rule
	dates    []moment
}

// What one definition may come to at most.
const (
	mostTurns   = 2000
	mostOffsets = 200
)

// set takes a property; left is how many dates may still be listed.
func (o *observance) set(p property, left *int) (err error) {
	switch p.name {
	case "DTSTART":
		o.start, err = p.moment()
	case "TZOFFSETFROM":
		o.from, err = offset(p)
	case "TZOFFSETTO":
		o.to, err = offset(p)
	case "RRULE":
		var r rule
		r, err = p.rule()
		o.rules = append(o.rules, r)
	case "RDATE":
		var list []moment
		list, err = p.moments(left)
		o.dates = append(o.dates, list...)
	}
	return err
}

func offset(p property) (*int, error) {
	seconds, err := p.offset()
	return &seconds, err
}

// complete reports what an observance needs and does not have.
func (o *observance) complete() error {
	for name, missing := range map[string]bool{"DTSTART": o.start == nil, "TZOFFSETFROM": o.from == nil, "TZOFFSETTO": o.to == nil} {
		if missing {
			return change.Invalid("a part of a VTIMEZONE has no %s", name)
		}
	}
	switch {
	case len(o.rules) > 1:
		return change.Invalid("a part of a VTIMEZONE has two RRULE")
	case o.start.date || o.start.utc:
		return change.Invalid("a part of a VTIMEZONE has a DTSTART that is not a local time")
	}
	return nil
}

// same reports whether two definitions say the same, wherever they stand.
func (d *definition) same(o *definition) bool {
	strip := func(list []observance) []observance {
		list = slices.Clone(list)
		for i := range list {
			list[i].rules = slices.Clone(list[i].rules)
			for j := range list[i].rules {
				list[i].rules[j].line = 0
			}
		}
		return list
	}
	return reflect.DeepEqual(strip(d.observances), strip(o.observances))
}

// turn is a moment at which the clocks are set.
type turn struct{ at, from, to int64 }

// location makes a definition a location that holds up to a time. Before its first
// turn the clocks show what that turn found.
func (d *definition) location(until time.Time) (*time.Location, error) {
	var turns []turn
	for _, o := range d.observances {
		list, err := o.turns(until)
		if err != nil {
			return nil, said("in the VTIMEZONE "+quoted(d.name)+", RRULE: ", err)
		}
		if turns = append(turns, list...); len(turns) > mostTurns {
			return nil, change.Invalid("the VTIMEZONE %s turns the clocks more than %d times", quoted(d.name), mostTurns)
		}
	}
	slices.SortStableFunc(turns, func(a, b turn) int { return cmp.Compare(a.at, b.at) })
	turns = slices.Compact(turns)
	for i := 1; i < len(turns); i++ {
		if turns[i].at == turns[i-1].at {
			return nil, change.Invalid("the VTIMEZONE %s sets the clocks twice at %s", quoted(d.name), time.Unix(turns[i].at, 0).UTC().Format(time.RFC3339))
		}
	}
	data := compiled(turns)
	if data == nil {
		return nil, change.Invalid("the VTIMEZONE %s has more than %d offsets from UTC", quoted(d.name), mostOffsets)
	}
	return time.LoadLocationFromTZData(d.name, data)
}

func (o *observance) turns(until time.Time) ([]turn, error) {
	from, to := int64(*o.from), int64(*o.to)
	walls := []time.Time{o.start.wall}
	for _, m := range o.dates {
		walls = append(walls, m.wall)
	}
	for _, r := range o.rules {
		course, err := r.from(o.start.wall)
		if err != nil {
			return nil, err
		}
		if course == nil {
			continue
		}
		for _, wall := range course.between(o.start.wall.Add(time.Second), until) {
			if !r.over(wall, wall.Add(-time.Duration(from)*time.Second)) {
				walls = append(walls, wall)
			}
		}
	}
	turns := make([]turn, 0, len(walls))
	for _, wall := range walls {
		turns = append(turns, turn{wall.Unix() - from, from, to})
	}
	return turns, nil
}

// compiled writes turns, of which there is at least one, as zone information in the
// format of RFC 8536, version 2, which is what a location is made of. Of too many
// different offsets nothing is made.
func compiled(turns []turn) []byte {
	offsets := []int64{turns[0].from}
	var times, kinds, types []byte
	for _, t := range turns {
		kind := 1 + slices.Index(offsets[1:], t.to)
		if kind == 0 && len(offsets) > mostOffsets {
			return nil
		}
		if kind == 0 {
			offsets = append(offsets, t.to)
			kind = len(offsets) - 1
		}
		times = binary.BigEndian.AppendUint64(times, uint64(t.at))
		kinds = append(kinds, byte(kind))
	}
	for _, offset := range offsets {
		types = binary.BigEndian.AppendUint32(types, uint32(int32(offset)))
		types = append(types, 0, 0)
	}
	header := func(times, types, characters int) []byte {
		b := append([]byte("TZif2"), make([]byte, 15+3*4)...)
		for _, n := range []int{times, types, characters} {
			b = binary.BigEndian.AppendUint32(b, uint32(n))
		}
		return b
	}
	name := []byte("-\x00")
	// The first block is that of version 1, which no reader of version 2 looks at.
	return slices.Concat(header(0, 0, 0), header(len(turns), len(offsets), len(name)), times, kinds, types, name, []byte("\n\n"))
}
