package schedule_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/changectl/changectl/internal/schedule"
)

// span is a span of whole seconds in the first minute of 1970.
func span(from, to int) schedule.Span {
	return schedule.Span{Start: second(from), End: second(to)}
}

func second(n int) time.Time { return time.Unix(int64(n), 0).UTC() }

const seconds = 30

// drawSpans draws spans in any order, which may overlap, meet or be empty, and
// the seconds that they hold.
func drawSpans(t *rapid.T, name string) ([]schedule.Span, [seconds]bool) {
	var held [seconds]bool
	var list []schedule.Span
	for range rapid.IntRange(0, 6).Draw(t, name) {
		from, to := rapid.IntRange(0, seconds).Draw(t, "from"), rapid.IntRange(0, seconds).Draw(t, "to")
		list = append(list, span(from, to))
		for i := from; i < to; i++ {
			held[i] = true
		}
	}
	return list, held
}

// asSpans is the only way in which a set of seconds can be written.
func asSpans(held [seconds]bool) schedule.Spans {
	var all schedule.Spans
	for i := 0; i < seconds; i++ {
		from := i
		for i < seconds && held[i] {
			i++
		}
		if i > from {
			all = append(all, span(from, i))
		}
	}
	return all
}

func TestSpansAreSetsOfMoments(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		listA, a := drawSpans(t, "a")
		listB, b := drawSpans(t, "b")
		var union, both, less [seconds]bool
		for i := range seconds {
			union[i], both[i], less[i] = a[i] || b[i], a[i] && b[i], a[i] && !b[i]
		}
		given := append([]schedule.Span(nil), listA...)
		x, y := schedule.Merge(listA...), schedule.Merge(listB...)
		for _, tt := range []struct {
			name      string
			want, got schedule.Spans
		}{
			{"what was given to merge", given, listA},
			{"union", asSpans(union), x.Union(y)},
			{"intersection", asSpans(both), x.Intersect(y)},
			{"difference", asSpans(less), x.Subtract(y)},
			{"a, before and after", asSpans(a), x},
			{"b, before and after", asSpans(b), y},
		} {
			if diff := cmp.Diff(tt.want, tt.got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s of %v and %v (-want +got):\n%s", tt.name, x, y, diff)
			}
		}
	})
}

func TestASpanIsLookedUpAmongSpans(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list, held := drawSpans(t, "a")
		from, to := rapid.IntRange(0, seconds).Draw(t, "from"), rapid.IntRange(0, seconds).Draw(t, "to")
		any, all := false, true
		for i := from; i < to; i++ {
			any, all = any || held[i], all && held[i]
		}
		s := schedule.Merge(list...)
		if got := s.Contains(span(from, to)); got != all {
			t.Errorf("%v contains %d to %d: %v", s, from, to, got)
		}
		if got := s.Overlaps(span(from, to)); got != any {
			t.Errorf("%v overlaps %d to %d: %v", s, from, to, got)
		}
	})
}

func TestTheFirstTimeThatIsLongEnough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list, held := drawSpans(t, "a")
		from, length := rapid.IntRange(0, seconds).Draw(t, "from"), rapid.IntRange(1, 8).Draw(t, "length")
		want, found := 0, false
		for start := from; start+length <= seconds && !found; start++ {
			want, found = start, true
			for i := start; i < start+length; i++ {
				found = found && held[i]
			}
		}
		s := schedule.Merge(list...)
		got, ok := s.First(second(from), time.Duration(length)*time.Second)
		if ok != found || ok && !got.Equal(second(want)) {
			t.Errorf("%v, %ds from %d on: %v, %v; want %d, %v", s, length, from, got, ok, want, found)
		}
	})
}

func TestTheEdgesOfSpans(t *testing.T) {
	s := schedule.Merge(span(20, 30), span(5, 10), span(10, 15))
	if diff := cmp.Diff(schedule.Spans{span(5, 15), span(20, 30)}, s); diff != "" {
		t.Errorf("those that meet are one, in order:\n%s", diff)
	}
	if s.Overlaps(span(15, 20)) || s.Overlaps(span(7, 7)) || !s.Overlaps(span(14, 21)) {
		t.Error("half-open spans that only meet overlap, or an empty one does, or one across a gap does not")
	}
	if s.Contains(span(14, 21)) || !s.Contains(span(5, 15)) || !s.Contains(span(17, 17)) {
		t.Error("a gap is contained, or a whole span or an empty one is not")
	}
	if got, ok := s.First(second(12), 3*time.Second); !ok || !got.Equal(second(12)) {
		t.Errorf("exactly the rest of a span: %v, %v", got, ok)
	}
	if got, ok := s.First(second(13), 3*time.Second); !ok || !got.Equal(second(20)) {
		t.Errorf("a second more than the rest: %v, %v", got, ok)
	}
	if got, ok := s.First(second(0), 11*time.Second); ok {
		t.Errorf("longer than any span: %v", got)
	}
	if got, ok := s.First(second(16), 0); !ok || !got.Equal(second(20)) {
		t.Errorf("the first moment from a gap on: %v, %v", got, ok)
	}
}
