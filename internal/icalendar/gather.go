package icalendar

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// farthest is how far ahead an event that is not one of a series may begin.
const farthest = 10 * 365 * day

// gathering makes events of entries.
type gathering struct {
	source  *source
	now     time.Time
	horizon time.Time
	events  []Event
	notes   notes
	// altered holds the entries that replace an occurrence of a series, by identity.
	altered map[identity]*entry
	// met holds those that the series turned out to have.
	met map[identity]bool
	// masters are the entries that are not occurrences, by UID.
	masters     map[string]*entry
	past, ahead int
}

// identity tells events apart (RFC 5546 2.1.5).
type identity struct{ uid, recurrence string }

func gather(s *source) (Calendar, error) {
	g := &gathering{
		source: s, now: s.options.Now, horizon: s.options.Now.Add(s.options.Horizon),
		altered: map[identity]*entry{}, met: map[identity]bool{}, masters: map[string]*entry{},
	}
	newest, err := g.newest()
	if err != nil {
		return Calendar{}, err
	}
	for _, e := range newest {
		if err := g.take(e); err != nil {
			return Calendar{}, s.located(err, e.Line)
		}
	}
	g.strays(newest)
	slices.SortStableFunc(g.events, func(a, b Event) int {
		return cmp.Or(a.Start.Compare(b.Start), strings.Compare(a.UID, b.UID), strings.Compare(a.Recurrence, b.Recurrence))
	})
	first := s.objects[0]
	return Calendar{Name: cmp.Or(s.options.Calendar, first.name), Method: first.method, Events: g.events, Notes: g.summary()}, nil
}

// newest returns, of the entries with one identity, the one that holds, in the order
// of the file.
func (g *gathering) newest() ([]*entry, error) {
	at := map[identity]int{}
	var kept []*entry
	for _, e := range g.source.entries {
		id, err := g.identify(e)
		if err != nil {
			return nil, g.source.located(err, e.Line)
		}
		place, twice := at[id]
		if !twice {
			at[id] = len(kept)
			kept = append(kept, e)
			continue
		}
		older, newer := kept[place], e
		if cmp.Or(cmp.Compare(newer.Sequence, older.Sequence), newer.Stamp.Compare(older.Stamp)) < 0 {
			older, newer = newer, older
		}
		kept[place] = newer
		g.notes.add("events that stand there twice", "%s stands there twice: that of line %d (SEQUENCE %d) holds, not that of line %d (SEQUENCE %d)",
			e.label(), newer.Line, newer.Sequence, older.Line, older.Sequence)
	}
	for _, e := range kept {
		if id := (identity{e.UID, e.Recurrence}); e.Recurrence != "" {
			g.altered[id] = e
		} else {
			g.masters[e.UID] = e
		}
	}
	return kept, nil
}

func (g *gathering) identify(e *entry) (identity, error) {
	e.Method = e.in.method
	if e.occurrence != nil {
		z, err := e.in.zoneOf(*e.occurrence)
		if err != nil {
			return identity{}, e.about("RECURRENCE-ID", err)
		}
		at, _ := z.at(e.occurrence.wall)
		e.Recurrence = at.Format(utcLayout)
	}
	return identity{e.UID, e.Recurrence}, nil
}

// emit keeps an event that was made of an entry.
func (g *gathering) emit(e *entry, made Event) error {
	if len(g.events) == g.source.options.MaxEvents {
		return g.source.wrong(e.Line, "with the occurrences of its series the calendar comes to more than %d events", g.source.options.MaxEvents).
			WithHint("expand series less far ahead, or ask for a smaller feed")
	}
	g.events = append(g.events, made)
	return nil
}

// strays notes the occurrences that were altered and that their series does not have.
func (g *gathering) strays(newest []*entry) {
	for _, e := range newest {
		id := identity{e.UID, e.Recurrence}
		if e.Recurrence == "" || g.masters[e.UID] == nil || g.met[id] || e.Recurrence < g.now.UTC().Format(utcLayout) || e.Recurrence > g.horizon.UTC().Format(utcLayout) {
			continue
		}
		g.notes.add("occurrences that no series has", "%s replaces the occurrence %s, which its series does not have: it is kept as an event of its own", e.label(), e.Recurrence)
	}
}

func (g *gathering) summary() []string {
	var all []string
	if g.past > 0 {
		all = append(all, fmt.Sprintf("%d event(s) that were over before %s are left out", g.past, g.now.UTC().Format(time.RFC3339)))
	}
	if g.ahead > 0 {
		all = append(all, fmt.Sprintf("%d event(s) that begin more than %d years ahead are left out", g.ahead, farthest/(365*day)))
	}
	return append(all, g.notes.all()...)
}
