package main

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/test/lab"
)

// figures is what was measured, and what it must be for the claims to be true.
type figures []figure

type figure struct {
	what, got, want string
	ok              bool
}

// none stands where nothing is promised.
const none = "-"

// heading begins a group of figures.
func (f *figures) heading(text string) { *f = append(*f, figure{what: text, ok: true}) }

// note adds a figure that nothing is promised about.
func (f *figures) note(what, format string, args ...any) {
	*f = append(*f, figure{what, fmt.Sprintf(format, args...), none, true})
}

// want adds a figure that must be as promised.
func (f *figures) want(what, got, want string, ok bool) {
	*f = append(*f, figure{what, got, want, ok})
}

// claim adds something that must have happened.
func (f *figures) claim(what, want string, ok bool) {
	if len(*f) == 0 {
		f.heading("Before it ran")
	}
	got := want
	if !ok {
		got = "no"
	}
	f.want(what, got, want, ok)
}

// patch adds what became of the switchover patch.
func (f *figures) patch(rec change.Record, what, wanted string, before, after map[string]string) {
	f.heading("The switchover, live, at 200 transactions a second")
	f.want("how it ended", string(rec.Status), string(change.Completed), rec.Status == change.Completed)
	f.want(what+" of orders-db-1", before["n1"]+" -> "+after["n1"], wanted, after["n1"] == wanted)
	f.want(what+" of orders-db-2", before["n2"]+" -> "+after["n2"], wanted, after["n2"] == wanted)
	late := rec.StartedAt.Sub(rec.Plan.Window.Start)
	f.want("started, after its window opened", millis(late), "not before", late >= 0)
	done := passed(rec)
	f.want("steps that passed", fmt.Sprintf("%d of %d", done, len(rec.Plan.Steps)), "all", done == len(rec.Plan.Steps))
	f.note("time from start to end", "%s", millis(rec.EndedAt.Sub(rec.StartedAt)))
	f.note("added between two steps, at the median", "%s", millis(between(rec.Runs)))
}

// load adds what the writer counted during the patch. How long a transaction
// waited before it is the machine's own noise.
func (f *figures) load(r lab.Report, idle time.Duration) {
	f.note("transactions acknowledged", "%d", r.Acknowledged)
	f.zero("failed", r.Failed)
	f.zero("ambiguous", r.Ambiguous)
	f.zero("acknowledged but lost", r.Lost)
	f.stall(r, idle)
}

func (f *figures) stall(r lab.Report, idle time.Duration) {
	f.note("longest stall of a transaction", "%s (%s before)", millis(r.LongestStall), millis(idle))
}

// naive adds what the mistake did by hand.
func (f *figures) naive(r lab.Report, idle time.Duration) {
	f.heading("Promoted by hand, without pause or fence")
	f.zero("failed", r.Failed)
	f.stall(r, idle)
	f.want("acknowledged but lost", fmt.Sprint(r.Lost), "above 0", r.Lost > 0)
}

// gate adds what became of the mistake as a change.
func (f *figures) gate(rec change.Record, r lab.Report, follows bool) {
	f.heading("The same as a change")
	f.want("how it ended", string(rec.Status), string(change.BackedOut), rec.Status == change.BackedOut)
	f.claim("the standby was not promoted", "it still follows", follows)
	f.zero("failed", r.Failed)
	f.zero("acknowledged but lost", r.Lost)
}

// log adds the verification of the audit log.
func (f *figures) log(out string, ok bool) {
	f.heading("The audit log")
	line, _, _ := strings.Cut(out, "\n")
	for l := range lines(out) {
		if strings.HasPrefix(l, "the audit log verifies") {
			line = l
		}
	}
	f.want("recomputed by the client", strings.TrimPrefix(line, "the audit log "), "verifies", ok)
}

func (f *figures) zero(what string, n int) { f.want(what, fmt.Sprint(n), "0", n == 0) }

// print writes the table, and an error if anything is not as promised.
func (f figures) print(out io.Writer) error {
	var table strings.Builder
	t := tabwriter.NewWriter(&table, 0, 0, 3, ' ', 0)
	fmt.Fprintf(t, "\tmeasured\tpromised\t\n")
	var wrong []error
	for _, g := range f {
		if g.want == "" {
			fmt.Fprintf(t, "\t\t\t\n%s\t\t\t\n", g.what)
			continue
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\n", g.what, g.got, g.want, g.mark())
		if !g.ok {
			wrong = append(wrong, fmt.Errorf("%s: %s; promised is %s", g.what, g.got, g.want))
		}
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("lay out the table: %w", err)
	}
	fmt.Fprint(out, "\n== What was measured\n\n")
	for line := range lines(table.String()) {
		fmt.Fprintln(out, strings.TrimRight("    "+line, " "))
	}
	return errors.Join(wrong...)
}

func (g figure) mark() string {
	switch {
	case !g.ok:
		return "WRONG"
	case g.want == none:
		return ""
	}
	return "ok"
}

// passed counts the steps that were done.
func passed(rec change.Record) int {
	done := map[int]bool{}
	for _, r := range rec.Runs {
		if r.Direction == change.Do && r.Outcome == change.Passed {
			done[r.Step] = true
		}
	}
	return len(done)
}

// between is the median time from a step's result to the next one's intent: what
// the orchestration adds to the steps' own work.
func between(runs []change.Run) time.Duration {
	var gaps []time.Duration
	for i := 1; i < len(runs); i++ {
		gaps = append(gaps, runs[i].IntentAt.Sub(runs[i-1].ResultAt))
	}
	if len(gaps) == 0 {
		return 0
	}
	slices.Sort(gaps)
	return gaps[len(gaps)/2]
}

func millis(d time.Duration) string {
	if d >= 10*time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}

func lines(text string) iter.Seq[string] {
	return strings.SplitSeq(strings.TrimRight(text, "\n"), "\n")
}
