package schedule_test

import (
	"testing"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/schedule"
)

// BenchmarkBetweenADayTenYearsOn asks a rule for one day, ten years after its start.
func BenchmarkBetweenADayTenYearsOn(b *testing.B) {
	for name, rule := range map[string]string{
		"daily": "FREQ=DAILY", "weekly": "FREQ=WEEKLY;BYDAY=SA,SU", "monthly": "FREQ=MONTHLY;BYDAY=2SA", "yearly": "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24",
		"leap": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "counted": "FREQ=WEEKLY;COUNT=1000", "every ninth day": "FREQ=DAILY;INTERVAL=9", "once": "",
	} {
		b.Run(name, func(b *testing.B) {
			r := recurring(b, rule)
			from := time.Date(2037, 2, 7, 0, 0, 0, 0, time.UTC)
			for b.Loop() {
				r.Between(from, from.Add(24*time.Hour))
			}
		})
	}
}

// BenchmarkBetweenNinetyDays asks for what a search for a free slot asks for.
func BenchmarkBetweenNinetyDays(b *testing.B) {
	r := recurring(b, "FREQ=WEEKLY;BYDAY=SA,SU")
	from := time.Date(2037, 2, 7, 0, 0, 0, 0, time.UTC)
	for b.Loop() {
		r.Between(from, from.Add(90*24*time.Hour))
	}
}

func BenchmarkNext(b *testing.B) {
	r := recurring(b, "FREQ=WEEKLY;BYDAY=SA,SU")
	from := time.Date(2037, 2, 7, 0, 0, 0, 0, time.UTC)
	for b.Loop() {
		r.Next(from)
	}
}

// BenchmarkRecur makes rules ready, and refuses those that never happen.
func BenchmarkRecur(b *testing.B) {
	for name, rule := range map[string]string{
		"weekly": "FREQ=WEEKLY;BYDAY=SA", "counted": "FREQ=DAILY;COUNT=1000",
		"never, daily": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "never, yearly": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
		"counted, rare": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO;COUNT=1000",
	} {
		b.Run(name, func(b *testing.B) {
			in := tenYearsAgo
			for in.Rule = rule; b.Loop(); {
				_, _ = schedule.Recur(in)
			}
		})
	}
}

var tenYearsAgo = change.Recurrence{Start: "2027-01-02T22:00", Duration: change.Duration(4 * time.Hour), Zone: "Europe/Berlin"}

func recurring(b *testing.B, rule string) *schedule.Recurring {
	b.Helper()
	in := tenYearsAgo
	in.Rule = rule
	r, err := schedule.Recur(in)
	if err != nil {
		b.Fatal(err)
	}
	return r
}

// BenchmarkSpans works on two sets of 1,000 spans that alternate and overlap.
func BenchmarkSpans(b *testing.B) {
	var list []schedule.Span
	var other []schedule.Span
	for i := range 1000 {
		list = append(list, span(10*i, 10*i+6))
		other = append(other, span(10*i+4, 10*i+8))
	}
	x, y := schedule.Merge(list...), schedule.Merge(other...)
	b.Run("Merge", func(b *testing.B) {
		for b.Loop() {
			schedule.Merge(list...)
		}
	})
	b.Run("Union", func(b *testing.B) {
		for b.Loop() {
			x.Union(y)
		}
	})
	b.Run("Intersect", func(b *testing.B) {
		for b.Loop() {
			x.Intersect(y)
		}
	})
	b.Run("Subtract", func(b *testing.B) {
		for b.Loop() {
			x.Subtract(y)
		}
	})
	b.Run("First", func(b *testing.B) {
		for b.Loop() {
			x.First(second(0), 7*time.Second)
		}
	})
}
