package main

import (
	"cmp"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	prettytable "github.com/jedib0t/go-pretty/v6/table"
)

// figure is a line of the table. With a limit it can be missed.
type figure struct {
	what      string
	measured  string
	reference string  // what it is compared with, if with anything
	value     float64 // the ratio, or the figure itself in the unit of the limit
	unit      string  // empty for a ratio
	limit     float64
	limited   bool
	least     bool // the limit is a floor
}

// ratio compares two durations; a limit of 0 is none.
func ratio(what string, measured, reference time.Duration, limit float64) figure {
	return figure{
		what: what, measured: short(measured), reference: short(reference),
		value: float64(measured) / float64(max(reference, 1)), limit: limit, limited: limit > 0,
	}
}

// atLeast compares two durations of which the first must be so many times the second.
func atLeast(what string, measured, reference time.Duration, limit float64) figure {
	f := ratio(what, measured, reference, limit)
	f.least = true
	return f
}

// absolute is a duration by itself; a limit of 0 is none.
func absolute(what string, measured, limit time.Duration) figure {
	return figure{what: what, measured: short(measured), value: millis(measured), unit: "ms", limit: millis(limit), limited: limit > 0}
}

// none counts what must not be.
func none(what string, count int) figure {
	return figure{what: what, measured: fmt.Sprint(count), value: float64(count), unit: " ", limited: true}
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// short writes a duration with three digits or so.
func short(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.2f ms", millis(d))
	case d < 10*time.Second:
		return fmt.Sprintf("%.0f ms", millis(d))
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

func (f figure) missed() bool {
	if f.least {
		return f.limited && f.value < f.limit
	}
	return f.limited && f.value > f.limit
}

func (f figure) verdict() string {
	switch {
	case !f.limited:
		return ""
	case f.missed():
		return "MISSED"
	}
	return "ok"
}

func (f figure) ratio() string {
	if f.unit != "" {
		return ""
	}
	return fmt.Sprintf("%.2f", f.value)
}

func (f figure) atMost() string {
	if !f.limited {
		return ""
	}
	if f.unit != "" {
		return fmt.Sprintf("%.0f %s", f.limit, f.unit)
	}
	if f.least {
		return fmt.Sprintf("from %.0f", f.limit)
	}
	return fmt.Sprintf("%.2f", f.limit)
}

// table gathers figures and what is to be known about them.
type table struct {
	figures []figure
	notes   []string
}

func (t *table) add(f ...figure) { t.figures = append(t.figures, f...) }

func (t *table) note(format string, args ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

func (t *table) missed() int {
	n := 0
	for _, f := range t.figures {
		if f.missed() {
			n++
		}
	}
	return n
}

func (t *table) print(w io.Writer) {
	p := prettytable.NewWriter()
	p.AppendHeader(prettytable.Row{"figure", "measured", "compared with", "ratio", "at most", ""})
	for _, f := range t.figures {
		p.AppendRow(prettytable.Row{f.what, f.measured, f.reference, f.ratio(), f.atMost(), f.verdict()})
	}
	p.SetStyle(prettytable.StyleLight)
	fmt.Fprintln(w, p.Render())
	fmt.Fprintf(w, "%d processors, %s/%s, %s\n", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
	for _, n := range t.notes {
		fmt.Fprintln(w, "-", n)
	}
}

// median returns the middle of the values, the lower one of two.
func median[T cmp.Ordered](values []T) T {
	var none T
	if len(values) == 0 {
		return none
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)-1)/2]
}

// spread says between which values the middle half lies.
func spread(values []time.Duration) string {
	if len(values) == 0 {
		return "nothing measured"
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return fmt.Sprintf("%s to %s", short(sorted[n/4]), short(sorted[min(n*3/4, n-1)]))
}
