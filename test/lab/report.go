package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// Report is the evidence: what the clients were told, held against what the
// surviving primary has.
type Report struct {
	// Acknowledged, Failed and Ambiguous count transactions by [Outcome].
	Acknowledged int `json:"acknowledged"`
	Failed       int `json:"failed"`
	Ambiguous    int `json:"ambiguous"`
	// AmbiguousKept is how many of the ambiguous ones are there.
	AmbiguousKept int `json:"ambiguousKept"`
	// Lost counts rows that were acknowledged and are not there.
	Lost int `json:"lost"`
	// LostRows names the first of them, as client/sequence.
	LostRows []string `json:"lostRows,omitempty"`
	// FailedKept counts rows that are there though the client was told they failed.
	// It must be zero; anything else is a fault of the writer or the pooler.
	FailedKept int `json:"failedKept"`
	// LongestStall is the longest time from when a transaction was due to when its outcome was known.
	LongestStall time.Duration `json:"-"`
	// LongestGap is the longest time without any acknowledgement.
	LongestGap time.Duration `json:"-"`
	// Duration is from the first transaction to Stop.
	Duration time.Duration `json:"-"`
	// PerSecond is the number of acknowledgements in each second.
	PerSecond []int `json:"perSecond"`
	// Errors counts what clients were told, by reason.
	Errors map[string]int `json:"errors,omitempty"`
}

// MarshalJSON writes the durations in milliseconds.
func (r Report) MarshalJSON() ([]byte, error) {
	type plain Report
	return json.Marshal(struct {
		plain
		StallMillis    int64 `json:"longestStallMillis"`
		GapMillis      int64 `json:"longestGapMillis"`
		DurationMillis int64 `json:"durationMillis"`
	}{plain(r), r.LongestStall.Milliseconds(), r.LongestGap.Milliseconds(), r.Duration.Milliseconds()})
}

// Verify looks every transaction of a stopped writer up on the surviving
// primary, which dsn leads to directly, and reports. It refuses a standby.
func (w *Writer) Verify(ctx context.Context, dsn string) (Report, error) {
	w.tally.mu.Lock()
	defer w.tally.mu.Unlock()
	if w.tally.ended.IsZero() {
		return Report{}, errors.New("verify the writer: it is still writing; stop it first")
	}
	kept, err := keptRows(ctx, dsn, w.run)
	if err != nil {
		return Report{}, err
	}
	return w.tally.compare(kept), nil
}

func keptRows(ctx context.Context, dsn, run string) (map[key]bool, error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return nil, fmt.Errorf("connect to the surviving primary: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	var standby bool
	if err := conn.QueryRow(ctx, "SELECT pg_is_in_recovery()").Scan(&standby); err != nil {
		return nil, fmt.Errorf("ask the server for its role: %w", err)
	}
	if standby {
		return nil, errors.New("verify the writer: the server is a standby; give the DSN of the primary")
	}
	rows, err := conn.Query(ctx, "SELECT client, seq FROM entries WHERE run = $1", run)
	if err != nil {
		return nil, fmt.Errorf("look the entries up: %w", err)
	}
	kept := map[key]bool{}
	var k key
	_, err = pgx.ForEachRow(rows, []any{&k.client, &k.seq}, func() error { kept[k] = true; return nil })
	if err != nil {
		return nil, fmt.Errorf("read the entries: %w", err)
	}
	return kept, nil
}

// compare is the rule: acknowledged rows must be there, failed ones must not.
func (t *tally) compare(kept map[key]bool) Report {
	r := Report{
		Acknowledged: len(t.rows[Acknowledged]), Failed: len(t.rows[Failed]), Ambiguous: len(t.rows[Ambiguous]),
		LongestStall: t.longest, LongestGap: t.gap, Duration: t.ended.Sub(t.started),
		PerSecond: slices.Clone(t.perSecond), Errors: t.errors,
	}
	for _, k := range t.rows[Acknowledged] {
		if kept[k] {
			continue
		}
		r.Lost++
		if len(r.LostRows) < 20 {
			r.LostRows = append(r.LostRows, fmt.Sprintf("%d/%d", k.client, k.seq))
		}
	}
	r.FailedKept = countKept(t.rows[Failed], kept)
	r.AmbiguousKept = countKept(t.rows[Ambiguous], kept)
	return r
}

func countKept(rows []key, kept map[key]bool) int {
	n := 0
	for _, k := range rows {
		if kept[k] {
			n++
		}
	}
	return n
}
