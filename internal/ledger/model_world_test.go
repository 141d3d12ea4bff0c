package ledger

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/changectl/changectl/internal/change"
)

// line is one row of the calendar.
type line struct {
	System change.Ref
	Mode   change.Mode
	By     change.ID
	Hour   int // of the window's start and end
	Until  int
	Token  int64
}

// sketch is a footprint with a window, as the model draws it.
type sketch struct {
	hands   []change.Hand
	members []change.Ref // of a redundancy group that it degrades
	people  []change.Ref
	from    int
	until   int
	urgent  bool
}

// actor is a change as the model knows it.
type actor struct {
	id       change.ID
	revision int
	status   change.Status
	sketch   sketch
	today    sketch // with the footprint by the catalog of today
	holds    bool
	started  bool
	token    int64
	during   change.Status
	accepted []change.ID
	signed   []change.Ref
	aside    *actor // the emergency that pushed it aside
}

// outsider is a declared maintenance or a freeze.
type outsider struct {
	id     change.ID
	sketch sketch
	over   bool
}

// world is the ledger with the model of it.
type world struct {
	l        *Ledger
	base     time.Time
	systems  []change.Ref
	people   []change.Ref
	n        int
	tokens   int64
	changes  []*actor
	declared []*outsider
	freezes  []*outsider
	done     map[string]int
	wrong    string // what a judge was shown that the model does not know
}

// String returns the sketch in one line.
func (s sketch) String() string {
	var hands []string
	for _, h := range s.hands {
		hands = append(hands, string(h.Mode)+" "+string(h.System))
	}
	return fmt.Sprintf("%v, degrades %v, %d to %d, urgent %v", hands, s.members, s.from, s.until, s.urgent)
}

// pick draws a number below n, each as often as any other: rapid by itself draws small
// ones much more often.
func pick(t *rapid.T, n int) int {
	v := 0
	for range 10 {
		v *= 2
		if rapid.Bool().Draw(t, "bit") {
			v++
		}
	}
	return v * n >> 10
}

func oneOf[T any](t *rapid.T, list []T) T { return list[pick(t, len(list))] }

func (w *world) key() string {
	w.n++
	return fmt.Sprintf("%s-%d", w.systems[0], w.n)
}

func (w *world) at(hour int) time.Time { return w.base.Add(time.Duration(hour) * time.Hour) }

func (w *world) window(s sketch) change.Window {
	return change.Window{Start: w.at(s.from), End: w.at(s.until), Zone: "Europe/Berlin"}
}

func (w *world) draw(t *rapid.T) sketch {
	modes := []change.Mode{"", "", "", "", "", "", change.Touch, change.Impact, change.Observe}
	var s sketch
	for _, ref := range w.systems {
		if m := oneOf(t, modes); m != "" {
			s.hands = append(s.hands, change.Hand{System: ref, Mode: m})
		}
	}
	if !slices.ContainsFunc(s.hands, func(h change.Hand) bool { return h.Mode == change.Touch }) {
		ref := oneOf(t, w.systems)
		s.hands = append(slices.DeleteFunc(s.hands, func(h change.Hand) bool { return h.System == ref }), change.Hand{System: ref, Mode: change.Touch})
	}
	if pick(t, 6) == 0 {
		s.members = w.systems[2:]
	}
	s.people = w.people[:pick(t, 3)]
	s.from = pick(t, 5)
	s.until = s.from + 1 + pick(t, 2)
	s.urgent = pick(t, 4) == 0
	return s
}

func (s sketch) footprint() change.Footprint {
	var f change.Footprint
	for _, h := range s.hands {
		switch h.Mode {
		case change.Touch:
			f.Touch = append(f.Touch, h.System)
		case change.Impact:
			f.Impact = append(f.Impact, change.Affected{System: h.System})
		case change.Observe:
			f.Observe = append(f.Observe, change.Affected{System: h.System})
		}
	}
	if s.members != nil {
		f.Degraded = []change.Degraded{{Group: "group", Members: s.members, MustRun: 1}}
	}
	return f
}

func (w *world) plan(s sketch) change.Plan {
	f := s.footprint()
	p := plan(w.key(), w.window(s), f.Touch...)
	p.Footprint, p.People = f, s.people
	if s.urgent {
		p.Type, p.Controller = change.Emergency, "user:ada"
	}
	return p
}

func (w *world) submission(s sketch) (Submission, error) {
	p := w.plan(s)
	d, err := p.Digest()
	return Submission{Request: change.Request{Title: p.Title}, Plan: p, Digest: d, Submitter: p.Submitter}, err
}

// lines is the calendar as the model knows it.
func (w *world) lines() (all []line) {
	for _, a := range w.changes {
		for _, h := range a.today.hands {
			if a.holds {
				all = append(all, line{h.System, h.Mode, a.id, a.sketch.from, a.sketch.until, a.token})
			}
		}
	}
	for _, d := range w.declared {
		for _, h := range d.sketch.hands {
			if !d.over {
				all = append(all, line{h.System, h.Mode, d.id, d.sketch.from, d.sketch.until, 0})
			}
		}
	}
	return sortedLines(all)
}

func sortedLines(all []line) []line {
	slices.SortFunc(all, func(a, b line) int {
		return cmp.Or(cmp.Compare(a.By, b.By), cmp.Compare(a.System, b.System), cmp.Compare(a.Mode, b.Mode))
	})
	return all
}

func (w *world) linesOf(hs []change.Holding) (all []line) {
	hour := func(t time.Time) int { return int(t.Sub(w.base) / time.Hour) }
	for _, h := range hs {
		all = append(all, line{h.System, h.Mode, h.By, hour(h.Window.Start), hour(h.Window.End), h.Token})
	}
	return sortedLines(all)
}

func overlaps(l line, s sketch) bool { return l.Hour < s.until && s.from < l.Until }
