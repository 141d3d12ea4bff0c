// Package fault_test kills the product with SIGKILL, at every boundary of the
// steps of a change and in the middle of each, and at random moments, and has an
// independent checker look at what became of the changes.
//
// The product is run as it is, from its built programs and without any hook: the
// moments are found from outside, by the effects' own bars, by standing in
// front of the ledger's database, and by stopping Temporal. With
// CHANGECTL_FAULT=full the long campaign runs too.
package fault_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// effectProgram has the effects of the steps.
var effectProgram string

func TestMain(m *testing.M) { os.Exit(runAll(m)) }

func runAll(m *testing.M) int {
	dir, err := os.MkdirTemp("", "changectl-fault-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "make a directory:", err)
		return 1
	}
	defer os.RemoveAll(dir) //nolint:errcheck // it is only a copy
	effectProgram = filepath.Join(dir, "effect")
	out, err := exec.Command("go", "build", "-o", effectProgram, "./effect").CombinedOutput()
	if err != nil {
		fmt.Fprintf(os.Stderr, "build the program that has the effects: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// program returns the path of one of the built programs.
func program(t testing.TB, name string) string {
	t.Helper()
	bin := os.Getenv("CHANGECTL_BIN")
	if bin == "" {
		bin = "../../bin"
	}
	path, err := filepath.Abs(filepath.Join(bin, name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: build the programs first with make build", err)
	}
	return path
}

// until waits for a condition; ctx bounds the wait.
func until(ctx context.Context, t testing.TB, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain: %s", what)
		case <-tick.C:
		}
	}
}
