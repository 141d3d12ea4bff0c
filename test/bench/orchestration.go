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

// orchestration returns, for each step of the changes, what was not the step's own
// work: the time from the result of the step before (or the start of the change) to
// the result of this one, as the ledger has them, less the time that the executor
// logged for the work of the kind.
func orchestration(d *product.Dev, records ...change.Record) ([]time.Duration, error) {
	took := map[string]time.Duration{}
	for line := range strings.Lines(d.Output()) {
		m := stepEnded.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
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
		took[m[1]+" "+m[2]] = t
	}
	var added []time.Duration
	for _, rec := range records {
		last := rec.StartedAt
		for _, r := range rec.Runs {
			own, known := took[string(rec.ID)+" "+rec.Plan.Steps[r.Step].Name]
			if !known {
				return nil, fmt.Errorf("the log of changectl dev does not say how long step %q of %s took", rec.Plan.Steps[r.Step].Name, rec.ID)
			}
			added = append(added, r.ResultAt.Sub(last)-own)
			last = r.ResultAt
		}
	}
	return added, nil
}
