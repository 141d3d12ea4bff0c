package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// verdict is what a race prints about its database, as an independent checker found it.
var verdict = regexp.MustCompile(`: (.*): (\d+) winners, .* (\d+) findings, (\d+) deadlocks, \[([0-9 ]+)\] retries`)

// races runs the races of test/races in their long form: eight clients in two processes
// at one ledger, and a checker that looks at the database alone.
func (b *bench) races(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "go", "test", "-count=1", "-json", "-timeout=30m", "-run", "TestOfRacing|TestRacing|TestCrossed", "./test/races")
	cmd.Env = append(os.Environ(), "CHANGECTL_FAULT=full")
	if b.short {
		cmd.Env = os.Environ()
	}
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		return fmt.Errorf("run the races: %w", err)
	}
	told := 0
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var event struct{ Test, Output string }
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			return fmt.Errorf("read what the races print: %w", err)
		}
		if m := verdict.FindStringSubmatch(event.Output); m != nil {
			b.raced(event.Test, m)
			told++
		}
	}
	if err != nil || told == 0 {
		return fmt.Errorf("the races ended with %w:\n%s", err, out)
	}
	return nil
}

// raced adds a line for one race on one database.
func (b *bench) raced(test string, m []string) {
	on := "PostgreSQL"
	if strings.HasSuffix(test, "/sqlite") {
		on = "SQLite"
	}
	bad := 0
	for _, text := range append(m[3:5], strings.Fields(m[5])...) {
		n, err := strconv.Atoi(text)
		if err != nil {
			n = 1
		}
		bad += n
	}
	b.table.add(none(fmt.Sprintf("races on %s: %s: %s winners; checker's findings, deadlocks and retries", on, m[1], m[2]), bad))
}
