package schedule_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// model is a rule as RFC 5545 3.3.10 tells it, for days that are tried one by one.
// It shares nothing with the code under test.
type model struct {
	freq                                  string
	interval                              int
	wkst                                  time.Weekday
	months, monthDays, yearDays, position []int
	days                                  []modelDay
	start                                 time.Time
}

type modelDay struct {
	weekday time.Weekday
	nth     int
}

var abbreviations = []string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}

func drawModel(t *rapid.T) model {
	m := model{
		freq:     rapid.SampledFrom([]string{"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}).Draw(t, "freq"),
		interval: rapid.SampledFrom([]int{1, 1, 1, 2, 3, 5, 7}).Draw(t, "interval"),
		wkst:     time.Weekday(rapid.IntRange(0, 6).Draw(t, "wkst")),
		start:    time.Date(2020, 1, 1, 22, 30, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 3000).Draw(t, "start")),
	}
	maybe := func(name string, low, high, most int, fits bool) []int {
		if !fits || rapid.IntRange(0, 2).Draw(t, "with "+name) > 0 {
			return nil
		}
		return rapid.SliceOfNDistinct(rapid.IntRange(low, high).Filter(func(n int) bool { return n != 0 }), 1, most, rapid.ID[int]).Draw(t, name)
	}
	m.months = maybe("months", 1, 12, 6, true)
	m.monthDays = maybe("month days", -31, 31, 6, m.freq != "WEEKLY")
	m.yearDays = maybe("year days", -366, 366, 20, m.freq == "YEARLY")
	highest := 0
	switch {
	case m.freq == "MONTHLY", m.freq == "YEARLY" && m.months != nil:
		highest = 5
	case m.freq == "YEARLY":
		highest = 53
	}
	for _, n := range maybe("days", 1, 7, 4, true) {
		nth := rapid.SampledFrom([]int{0, 0, 1, 2, -1, highest, -highest}).Draw(t, "nth")
		m.days = append(m.days, modelDay{time.Weekday(n - 1), nth * min(highest, 1)})
	}
	if len(m.months)+len(m.monthDays)+len(m.yearDays)+len(m.days) > 0 {
		m.position = maybe("position", -4, 4, 2, true)
	}
	return m
}

func (m model) String() string {
	text := fmt.Sprintf("FREQ=%s;INTERVAL=%d;WKST=%s", m.freq, m.interval, abbreviations[m.wkst])
	for name, list := range map[string][]int{"BYMONTH": m.months, "BYMONTHDAY": m.monthDays, "BYYEARDAY": m.yearDays, "BYSETPOS": m.position} {
		var words []string
		for _, n := range list {
			words = append(words, strconv.Itoa(n))
		}
		if list != nil {
			text += ";" + name + "=" + strings.Join(words, ",")
		}
	}
	var words []string
	for _, d := range m.days {
		word := abbreviations[d.weekday]
		if d.nth != 0 {
			word = strconv.Itoa(d.nth) + word
		}
		words = append(words, word)
	}
	if words != nil {
		text += ";BYDAY=" + strings.Join(words, ",")
	}
	return text
}

// upTo returns every start before an end, by looking at every day.
func (m model) upTo(end time.Time) []time.Time {
	var found, period []time.Time
	finish := func() {
		for _, d := range m.chosen(period) {
			if !d.Before(m.start) && d.Before(end) {
				found = append(found, d)
			}
		}
		period = nil
	}
	first := m.start.AddDate(-1, 0, 0)
	number := m.period(first)
	for d := first; d.Before(end.AddDate(1, 0, 0)); d = d.AddDate(0, 0, 1) {
		if n := m.period(d); n != number {
			finish()
			number = n
		}
		if (number-m.period(m.start))%m.interval == 0 && m.matches(d) {
			period = append(period, d)
		}
	}
	finish()
	return found
}

// period numbers the days, weeks, months or years.
func (m model) period(d time.Time) int {
	day := int(d.Unix() / 86400) // 1 January 1970, day 0, was a Thursday
	switch m.freq {
	case "DAILY":
		return day
	case "WEEKLY":
		return (day + int(time.Thursday) - int(m.wkst) + 7) / 7
	case "MONTHLY":
		return d.Year()*12 + int(d.Month())
	}
	return d.Year()
}

// chosen applies BYSETPOS to the days of a period.
func (m model) chosen(period []time.Time) []time.Time {
	if m.position == nil {
		return period
	}
	var kept []time.Time
	for i, d := range period {
		if slices.Contains(m.position, i+1) || slices.Contains(m.position, i-len(period)) {
			kept = append(kept, d)
		}
	}
	return kept
}

func (m model) matches(d time.Time) bool {
	monthLength := time.Date(d.Year(), d.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
	yearLength := time.Date(d.Year(), 12, 31, 0, 0, 0, 0, time.UTC).YearDay()
	either := func(list []int, n, length int) bool {
		return list == nil || slices.Contains(list, n) || slices.Contains(list, n-length-1)
	}
	return (m.months == nil || slices.Contains(m.months, int(d.Month()))) && either(m.monthDays, d.Day(), monthLength) &&
		either(m.yearDays, d.YearDay(), yearLength) && m.matchesDay(d, monthLength, yearLength) && m.asStart(d)
}

func (m model) matchesDay(d time.Time, monthLength, yearLength int) bool {
	number, length := d.Day(), monthLength
	if m.freq == "YEARLY" && m.months == nil {
		number, length = d.YearDay(), yearLength
	}
	for _, day := range m.days {
		fromStart, fromEnd := (number-1)/7+1, -((length-number)/7 + 1)
		if day.weekday == d.Weekday() && (day.nth == 0 || day.nth == fromStart || day.nth == fromEnd) {
			return true
		}
	}
	return m.days == nil
}

// asStart takes from the start what the rule leaves open.
func (m model) asStart(d time.Time) bool {
	if m.freq == "DAILY" || m.days != nil || m.monthDays != nil || m.yearDays != nil {
		return true
	}
	if m.freq == "WEEKLY" {
		return d.Weekday() == m.start.Weekday()
	}
	return d.Day() == m.start.Day() && (m.freq == "MONTHLY" || m.months != nil || d.Month() == m.start.Month())
}
