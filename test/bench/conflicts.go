package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/check"
)

// checks measures the conflict check, part by part, against the bare query and against
// looking through everything.
func (r *registry) checks(ctx context.Context, b *bench) (err error) {
	p, err := r.next()
	if err != nil {
		return err
	}
	systems := p.Footprint.Concerned()
	s, err := r.calendar.prepareBare(ctx, len(systems))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	var bare, part, whole []time.Duration
	found := 0
	for i := range b.checks {
		began := time.Now()
		if p, err = r.next(); err != nil { // with its footprint
			return err
		}
		facts, err := r.ledger.Review(ctx, p, "")
		if err != nil {
			return err
		}
		verdict := check.Review(facts, r.company)
		took := time.Since(began)
		began = time.Now()
		if _, err := r.ledger.Review(ctx, p, ""); err != nil {
			return err
		}
		asked := time.Since(began)
		alone, n, err := r.calendar.bare(ctx, s, p.Footprint.Concerned(), p.Window)
		if err != nil {
			return err
		}
		if n != len(facts.Holdings) {
			return fmt.Errorf("the bare query found %d holdings, the ledger %d", n, len(facts.Holdings))
		}
		if i >= b.checks/10 {
			whole, part, bare = append(whole, took), append(part, asked), append(bare, alone)
			found += len(verdict.Findings)
		}
	}
	return r.compare(ctx, b, found, whole, part, bare)
}

func (r *registry) compare(ctx context.Context, b *bench, found int, whole, part, bare []time.Duration) error {
	var everything []time.Duration
	for range 3 {
		p, err := r.next()
		if err != nil {
			return err
		}
		t, _, err := r.calendar.all(ctx, p)
		if err != nil {
			return err
		}
		everything = append(everything, t)
	}
	name := fmt.Sprintf("%s, %d reservations: ", r.on, b.most)
	b.table.add(
		ratio(name+"conflict check, database part; bare indexed query", median(part), median(bare), 1.5),
		absolute(name+"whole check of 20 systems: footprint, rules, explanation, median", median(whole), 5*time.Millisecond),
		absolute(name+"whole check, 99 of 100 are faster", quantile(whole, 0.99), 25*time.Millisecond),
		atLeast(name+"fetching all and comparing; conflict check, database part", median(everything), median(part), 500),
		ratio(name+"fetching all and comparing; whole check", median(everything), median(whole), 0),
	)
	b.table.note("%s: %d checks found %d conflicts and warnings", r.on, len(whole), found)
	return nil
}

// slots measures the next free slot over 90 days, among freezes and windows.
func (r *registry) slots(ctx context.Context, b *bench) error {
	for i := range 6 {
		start := r.first.AddDate(0, 0, 10+i*12)
		_, err := r.ledger.AddFreeze(ctx, change.Freeze{
			Title: fmt.Sprintf("quarter %d", i), Reason: "books are closed", Owner: "group:dba", By: "user:alice",
			Scope: change.Scope{Tiers: []int{1}}, Window: change.Window{Start: start, End: start.AddDate(0, 0, 3), Zone: "UTC"},
		}, fmt.Sprintf("freeze-%d", i))
		if err != nil {
			return err
		}
	}
	var took []time.Duration
	given := 0
	for i := range b.checks / 4 {
		p, err := r.next()
		if err != nil {
			return err
		}
		from, to := r.first, r.first.AddDate(0, 0, 90)
		began := time.Now()
		held, frozen, err := r.ledger.Around(ctx, "", p.Footprint.Concerned(), from, to)
		if err != nil {
			return err
		}
		list := check.Slots(check.SlotQuestion{
			Plan: p, Footprint: p.Footprint, Holdings: held, Freezes: frozen, From: from, To: to, Length: 4 * time.Hour, Count: 1, Now: from,
		}, r.company)
		if t := time.Since(began); i >= b.checks/40 {
			took = append(took, t)
		}
		given += len(list)
	}
	b.table.add(absolute(fmt.Sprintf("%s, %d reservations: next free slot in 90 days, 20 systems, windows and freezes, median", r.on, b.most), median(took), 50*time.Millisecond))
	b.table.note("%s: %d of %d questions for a slot had an answer", r.on, given, b.checks/4)
	return nil
}

// quantile returns the value below which a share of all lies.
func quantile(values []time.Duration, share float64) time.Duration {
	sorted := slices.Sorted(slices.Values(values))
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(share*float64(len(sorted))), len(sorted)-1)]
}
