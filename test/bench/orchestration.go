package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/test/product"
)

var stepEnded = regexp.MustCompile(`msg="step ended".* change=(\S+) .*direction=do .*run=1 step=(\S+) took=(\S+)`)

// part is what one step of a change took.
type part struct {
	step  string
	own   time.Duration // the kind's work, as the executor logged it
	added time.Duration // everything else since the step before
}

// orchestration returns, for each step of a change, what was the step's own work and
// what was not: the time from the result of the step before (or the start of the
// change) to the result of this one, as the ledger has them, less the time that the
// executor logged for the work of the kind.
func orchestration(d *product.Dev, rec change.Record) ([]part, error) {
	took, err := logged(d, rec.ID)
	if err != nil {
		return nil, err
	}
	var parts []part
	last := rec.StartedAt
	for _, r := range rec.Runs {
		name := rec.Plan.Steps[r.Step].Name
		own, known := took[name]
		if !known {
			return nil, fmt.Errorf("the log of changectl dev does not say how long step %q of %s took", name, rec.ID)
		}
		parts = append(parts, part{name, own, r.ResultAt.Sub(last) - own})
		last = r.ResultAt
	}
	return parts, nil
}

// logged reads from the log how long the work of each step took.
func logged(d *product.Dev, id change.ID) (map[string]time.Duration, error) {
	took := map[string]time.Duration{}
	for line := range strings.Lines(d.Output()) {
		m := stepEnded.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil || m[1] != string(id) {
			continue
		}
		written := m[3]
		if bare, err := strconv.Unquote(written); err == nil {
			written = bare
		}
		t, err := time.ParseDuration(written)
		if err != nil {
			return nil, fmt.Errorf("read the log: %w", err)
		}
		took[m[2]] = t
	}
	return took, nil
}

// additions returns what was not the steps' own work.
func additions(parts []part) []time.Duration {
	var list []time.Duration
	for _, p := range parts {
		list = append(list, p.added)
	}
	return list
}
