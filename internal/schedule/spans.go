package schedule

import (
	"slices"
	"time"
)

// Span is the time [Start, End). It is empty when End is not behind Start.
type Span struct{ Start, End time.Time }

// Empty reports whether the span holds no moment.
func (s Span) Empty() bool { return !s.Start.Before(s.End) }

// Length returns End - Start.
func (s Span) Length() time.Duration { return s.End.Sub(s.Start) }

// Spans is a set of moments: spans that are not empty, sorted, and apart from each
// other; those that would meet are one. Merge makes it; every method expects and
// returns it in this shape, leaves its operands alone and takes linear time.
type Spans []Span

// Merge returns the set of the moments of all spans, in whatever order they come.
// Empty spans are left out. Sorting is skipped when they come by start.
func Merge(list ...Span) Spans {
	sorted := slices.DeleteFunc(slices.Clone(list), Span.Empty)
	if !slices.IsSortedFunc(sorted, byStart) {
		slices.SortFunc(sorted, byStart)
	}
	return join(sorted)
}

func byStart(a, b Span) int { return a.Start.Compare(b.Start) }

// join makes one of those that meet or overlap, in place.
func join(sorted []Span) Spans {
	kept := sorted[:0]
	for _, s := range sorted {
		last := len(kept) - 1
		switch {
		case last < 0 || s.Start.After(kept[last].End):
			kept = append(kept, s)
		case s.End.After(kept[last].End):
			kept[last].End = s.End
		}
	}
	return kept
}

// Union returns the moments that are in s, in o, or in both.
func (s Spans) Union(o Spans) Spans {
	all := make([]Span, 0, len(s)+len(o))
	for len(s) > 0 && len(o) > 0 {
		if o[0].Start.Before(s[0].Start) {
			s, o = o, s
		}
		all, s = append(all, s[0]), s[1:]
	}
	return join(append(append(all, s...), o...))
}

// Intersect returns the moments that are in both.
func (s Spans) Intersect(o Spans) Spans {
	var both Spans
	for len(s) > 0 && len(o) > 0 {
		shared := Span{later(s[0].Start, o[0].Start), earlier(s[0].End, o[0].End)}
		if !shared.Empty() {
			both = append(both, shared)
		}
		if s[0].End.Before(o[0].End) {
			s = s[1:]
		} else {
			o = o[1:]
		}
	}
	return both
}

// Subtract returns the moments of s that are not in o.
func (s Spans) Subtract(o Spans) Spans {
	var left Spans
	for _, rest := range s {
		for len(o) > 0 && !o[0].End.After(rest.Start) {
			o = o[1:]
		}
		for i := 0; i < len(o) && o[i].Start.Before(rest.End); i++ {
			if before := (Span{rest.Start, o[i].Start}); !before.Empty() {
				left = append(left, before)
			}
			rest.Start = o[i].End
		}
		if !rest.Empty() {
			left = append(left, rest)
		}
	}
	return left
}

// Contains reports whether one of the spans holds all of span. An empty span is in
// every set.
func (s Spans) Contains(span Span) bool {
	if span.Empty() {
		return true
	}
	i := s.endingAfter(span.Start)
	return i < len(s) && !s[i].Start.After(span.Start) && !s[i].End.Before(span.End)
}

// Overlaps reports whether the set and span share a moment.
func (s Spans) Overlaps(span Span) bool {
	if span.Empty() {
		return false
	}
	i := s.endingAfter(span.Start)
	return i < len(s) && s[i].Start.Before(span.End)
}

// First returns the earliest start, at or after from, of a time of the given length
// that lies within one of the spans. A length of 0 or less asks for a moment.
func (s Spans) First(from time.Time, length time.Duration) (time.Time, bool) {
	for i := s.endingAfter(from); i < len(s); i++ {
		if start := later(s[i].Start, from); !start.Add(length).After(s[i].End) {
			return start, true
		}
	}
	return time.Time{}, false
}

// endingAfter returns the index of the first span that ends after t, or len(s).
func (s Spans) endingAfter(t time.Time) int {
	i, _ := slices.BinarySearchFunc(s, t, func(span Span, t time.Time) int {
		if span.End.After(t) {
			return 1
		}
		return -1
	})
	return i
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
