// Package model_test has spin try every order of events in a small model of
// reservation, claim, fence and gate, and has it find each of a list of mistakes in
// the same model: a model in which nothing can be found proves nothing.
//
// The model is written by hand after the design and shares nothing with the
// product's code, so it speaks for the rules and not for the SQL; the races and the
// ledger's own tests speak for that.
package model_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const model = "reservation.pml"

// search is one run of spin: a scene with what is added to it, and the property of
// time to be shown, or else that nothing is asserted wrongly and nobody stands still.
type search struct {
	defines  string // with blanks between them
	property string
}

// found is what a search came to.
type found struct {
	states    int
	errors    int
	depth     int
	wrong     string   // the line of the model that was violated, or spin's words
	unreached []string // statements that no order of events comes to
	trail     string   // the events that led to the error
}

// run makes the verifier of a search with spin and the C compiler, and runs it.
func (s search) run(t *testing.T) found {
	t.Helper()
	dir := t.TempDir()
	source, err := os.ReadFile(model)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, model), source, 0o600); err != nil {
		t.Fatal(err)
	}
	spin := []string{"-a"}
	for d := range strings.FieldsSeq(s.defines) {
		spin = append(spin, "-D"+d)
	}
	compile := []string{"-O0", "-w", "-DMEMLIM=1024", "-o", "pan", "pan.c"}
	search := []string{"-m100000"}
	if s.property == "" {
		compile = append(compile, "-DSAFETY", "-DNOCLAIM")
	} else {
		spin = append(spin, "-DPROGRESS")
		compile = append(compile, "-DNFAIR=3")
		search = append(search, "-a", "-f", "-N", s.property)
	}
	command(t, dir, "spin", append(spin, model)...)
	command(t, dir, "gcc", compile...)
	out := read(t, command(t, dir, "./pan", search...))
	if out.errors > 0 {
		spin[0] = "-t"
		out.trail = command(t, dir, "spin", append(append([]string{"-p"}, spin...), model)...)
		out.explain(string(source))
	}
	return out
}

// command runs a program and returns what it printed.
func command(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), name, args...)
	c.Dir = dir
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v: install what the checks need with make packages\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

var (
	statesPattern    = regexp.MustCompile(`(?m)^\s+(\d+) states, stored`)
	errorsPattern    = regexp.MustCompile(`depth reached (\d+), errors: (\d+)`)
	firstPattern     = regexp.MustCompile(`(?m)^pan:1: (.*) \(at depth \d+\)$`)
	unreachedPattern = regexp.MustCompile(`(?m)^\t` + regexp.QuoteMeta(model) + `:\d+, state \d+, "(.*)"$`)
	wrongPattern     = regexp.MustCompile(regexp.QuoteMeta(model) + `:(\d+), Error: assertion violated`)
)

// read reads the report of a verifier.
func read(t *testing.T, report string) found {
	t.Helper()
	if strings.Contains(report, "max search depth too small") || strings.Contains(report, "Search not completed") && !strings.Contains(report, "pan:1:") {
		t.Fatalf("the search was not complete:\n%s", report)
	}
	states, sums := statesPattern.FindStringSubmatch(report), errorsPattern.FindStringSubmatch(report)
	if states == nil || sums == nil {
		t.Fatalf("the verifier reports neither states nor errors:\n%s", report)
	}
	f := found{states: count(t, states[1]), depth: count(t, sums[1]), errors: count(t, sums[2])}
	if m := firstPattern.FindStringSubmatch(report); m != nil {
		f.wrong = m[1]
	}
	for _, m := range unreachedPattern.FindAllStringSubmatch(report, -1) {
		f.unreached = append(f.unreached, m[1])
	}
	return f
}

// explain finds the line of the model that the trail violates first.
func (f *found) explain(source string) {
	m := wrongPattern.FindStringSubmatch(f.trail)
	if m == nil {
		return
	}
	n, err := strconv.Atoi(m[1])
	if lines := strings.Split(source, "\n"); err == nil && n <= len(lines) {
		f.wrong = strings.TrimSpace(lines[n-1])
	}
}

// tail returns the last lines of the trail.
func (f found) tail() string {
	lines := bytes.Split([]byte(f.trail), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-80):], []byte("\n")))
}

func count(t *testing.T, digits string) int {
	t.Helper()
	n, err := strconv.Atoi(digits)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// String returns the figures in one line.
func (f found) String() string {
	return fmt.Sprintf("%d states, %d deep, %d errors %s", f.states, f.depth, f.errors, f.wrong)
}
