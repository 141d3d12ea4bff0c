package github

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// In no minute are there more writes than may be, and in no hour; a refusal names the
// first moment at which there is room.
func TestBudgetHoldsInEveryMinuteAndHour(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBudget(rapid.IntRange(1, 5).Draw(t, "a minute"), rapid.IntRange(1, 20).Draw(t, "an hour"))
		now := time.Date(2027, 3, 6, 22, 0, 0, 0, time.UTC)
		var done []time.Time
		within := func(at time.Time, span time.Duration) (n int) {
			for _, d := range done {
				if d.Add(span).After(at) {
					n++
				}
			}
			return n
		}
		room := func(at time.Time) bool {
			return within(at, time.Minute) < b.perMinute && within(at, time.Hour) < b.perHour
		}
		for range rapid.IntRange(1, 60).Draw(t, "writes") {
			now = now.Add(time.Duration(rapid.IntRange(0, 600).Draw(t, "seconds")) * time.Second)
			until, ok := b.spend(now)
			if ok != room(now) {
				t.Fatalf("at %v: %t, want %t", now, ok, room(now))
			}
			if !ok {
				if !room(until) || room(until.Add(-time.Nanosecond)) {
					t.Fatalf("%v is not the first moment with room", until)
				}
				continue
			}
			done = append(done, now)
		}
	})
}

func TestBudgetWithoutBoundKeepsNothing(t *testing.T) {
	b := newBudget(-1, -1)
	for range 1000 {
		if _, ok := b.spend(time.Unix(0, 0)); !ok {
			t.Fatal("refused")
		}
	}
	if len(b.writes) != 0 {
		t.Errorf("%d writes are kept", len(b.writes))
	}
	if d := newBudget(0, 0); d.perMinute != DefaultWritesPerMinute || d.perHour != DefaultWritesPerHour {
		t.Errorf("the defaults are %d and %d", d.perMinute, d.perHour)
	}
}

func TestLRUKeepsWhatWasUsedLastWithinItsBytes(t *testing.T) {
	const size = 1000
	l := newLRU[int](4 * (size + itemOverhead + 1))
	for i := range 4 {
		l.put(fmt.Sprint(i), i, size)
	}
	l.get("0")
	l.put("4", 4, size)
	for key, want := range map[string]bool{"0": true, "1": false, "2": true, "3": true, "4": true} {
		if _, ok := l.get(key); ok != want {
			t.Errorf("%s is there: %t, want %t", key, ok, want)
		}
	}
	l.put("2", 22, size)
	if v, _ := l.get("2"); v != 22 || l.order.Len() != 4 {
		t.Errorf("2 is %d among %d", v, l.order.Len())
	}
	l.put("2", 23, 1<<20)
	if _, ok := l.get("2"); ok {
		t.Error("what is too large is kept, or what it replaces")
	}
	if want := 3 * (size + itemOverhead + 1); l.used != want {
		t.Errorf("%d bytes are counted, want %d", l.used, want)
	}
}

func TestLRUStaysWithinItsBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLRU[int](20_000)
		for range rapid.IntRange(1, 100).Draw(t, "puts") {
			l.put(fmt.Sprint(rapid.IntRange(0, 30).Draw(t, "key")), 0, rapid.IntRange(0, 12_000).Draw(t, "size"))
			used := 0
			for e := l.order.Front(); e != nil; e = e.Next() {
				used += e.Value.(*lruItem[int]).size
			}
			if used != l.used || used > l.max || l.order.Len() != len(l.items) {
				t.Fatalf("%d bytes in %d entries, counted as %d in %d", used, l.order.Len(), l.used, len(l.items))
			}
		}
	})
}

func TestCutKeepsWholeCharacters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "text")
		limit := rapid.IntRange(len("..."), 50).Draw(t, "limit")
		got := cut(s, limit, "...")
		if len(got) > limit || !utf8.ValidString(got) {
			t.Fatalf("%q is %d bytes of %d", got, len(got), limit)
		}
		if len(s) <= limit && got != s {
			t.Fatalf("%q became %q", s, got)
		}
		if len(s) > limit && (!strings.HasSuffix(got, "...") || !strings.HasPrefix(s, strings.TrimSuffix(got, "..."))) {
			t.Fatalf("%q became %q", s, got)
		}
	})
}

func TestCutMendsWhatIsNoText(t *testing.T) {
	if got := cut("a\xffb", 10, ""); got != "a\uFFFDb" {
		t.Errorf("got %q", got)
	}
}
