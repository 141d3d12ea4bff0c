package ledger

import (
	"fmt"
	"testing"

	"github.com/changectl/changectl/internal/change"
)

// pair runs two things at once and returns their errors.
func pair(t *testing.T, f, g func() error) (errF, errG error) {
	t.Helper()
	race(t, 2, func(i int) (bool, error) {
		if i == 0 {
			errF = f()
		} else {
			errG = g()
		}
		return true, nil
	})
	return errF, errG
}

// A maintenance that is declared while a change reserves is either seen by the change, or
// the change is asked to be judged again: never neither.
func TestADeclarationAndAReservationDoNotMissEachOther(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		a, b := open(t, dsn), open(t, dsn)
		for round := range rounds(a) / 4 {
			ref := change.Ref(fmt.Sprintf("resource:r-%d", round))
			r := submit(t, a, plan("Patch", window(1), ref))
			saw := false
			errA, errB := pair(t, func() error {
				_, err := a.Reserve(t.Context(), r.ID, 1, "k", change.Scheduled, func(f change.Facts) change.Verdict {
					saw = len(f.Holdings) > 0
					return change.Verdict{}
				})
				return err
			}, func() error {
				_, err := b.Declare(t.Context(), "user:ann", "", []change.Declaration{maintenance("x", window(1), ref)})
				return err
			})
			if errA != nil || errB != nil {
				t.Fatal(errA, errB)
			}
			if asked := len(queue(t, a)) == 1; asked == saw {
				t.Fatalf("round %d: seen %v, asked for %v", round, saw, asked)
			}
			recheck(t, a, r.ID, nothing)
		}
	})
}

// Of an emergency and a start on one system, the claim is never lost: either the emergency
// sees it and waits, or the start finds its change held.
func TestAnEmergencyAndAStartDoNotBothWin(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		a, b := open(t, dsn), open(t, dsn)
		for round := range rounds(a) / 4 {
			ref := change.Ref(fmt.Sprintf("resource:r-%d", round))
			r := scheduled(t, a, plan("Patch", window(1), ref))
			e := emergency(t, b, plan("Leak", window(1), ref))
			errA, errB := pair(t, func() error {
				_, err := a.Start(t.Context(), r.ID, 1, "s", run)
				return err
			}, func() error {
				_, err := b.Seize(t.Context(), e.ID, 1, "seize", sober)
				return err
			})
			if errB != nil || (errA != nil && change.KindOf(errA) != change.KindConflict) {
				t.Fatal(errA, errB)
			}
			r, e = status(t, a, r.ID), status(t, a, e.ID)
			ran := r.Status == change.Running && r.Token > 0 && e.Status == change.AwaitingApproval && len(holders(t, a, ref)) == 1
			pushed := r.Status == change.Held && r.Token == 0 && e.Status == change.Scheduled && len(holders(t, a, ref)) == 1
			if ran == pushed || ran != (errA == nil) {
				t.Fatalf("round %d: the change is %s with token %d, the emergency %s; %v hold it; %v",
					round, r.Status, r.Token, e.Status, holders(t, a, ref), errA)
			}
		}
		verified(t, a)
	})
}

// A step that begins while its claim is broken was let through before that, or not at all.
func TestAStepNeverPassesTheGateOfABrokenClaim(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		a, b := open(t, dsn), open(t, dsn)
		for round := range rounds(a) / 4 {
			ref := change.Ref(fmt.Sprintf("resource:r-%d", round))
			r := running(t, a, plan("Runs", window(1), ref))
			signs(t, a, r, "user:bob", string(r.ID)+"-1")
			errA, errB := pair(t, func() error {
				_, err := a.Begin(t.Context(), keyOf(r, 0), "w", r.Token, pass)
				return err
			}, func() error {
				_, _, _, err := b.Break(t.Context(), r.ID, breakOf(r, "user:eve", string(r.ID)+"-2"), allow)
				return err
			})
			if errB != nil {
				t.Fatal(errB)
			}
			order := kinds(t, a, EntryFilter{Change: r.ID})
			last := order[len(order)-1]
			if let := errA == nil; let == (last == "gate.refused") || (!let && change.KindOf(errA) != change.KindDenied) {
				t.Fatalf("round %d: %v, and the log says %v", round, errA, order)
			}
		}
	})
}

func TestTwoBreaksAtOnceBreakOnce(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		a, b := open(t, dsn), open(t, dsn)
		for round := range rounds(a) / 4 {
			r := running(t, a, plan("Runs", window(1), change.Ref(fmt.Sprintf("resource:r-%d", round))))
			won := race(t, 2, func(i int) (bool, error) {
				d := breakOf(r, []change.Ref{"user:bob", "user:eve"}[i], fmt.Sprint(r.ID, i))
				_, _, broken, err := []*Ledger{a, b}[i].Break(t.Context(), r.ID, d, allow)
				return broken, err
			})
			broken := 0
			for _, k := range kinds(t, a, EntryFilter{Change: r.ID}) {
				if k == "claim.broken" {
					broken++
				}
			}
			if won != 1 || broken != 1 {
				t.Fatalf("round %d: %d saw it break, it broke %d times", round, won, broken)
			}
		}
	})
}

func TestOneCalendarImportedTwiceAtOnceIsThereOnce(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		a, b := open(t, dsn), open(t, dsn)
		var feed []change.Declaration
		for i := range 10 {
			feed = append(feed, event(fmt.Sprintf("u%d", i), 1, maintenance("x", window(i), "resource:a")))
		}
		fresh := 0
		race(t, racers, func(i int) (bool, error) {
			is, err := []*Ledger{a, b}[i%2].Declare(t.Context(), "user:ann", "", feed)
			for _, one := range is {
				if one.Result == "new" {
					fresh++ // only the winner writes it
				}
			}
			return false, err
		})
		ds, err := a.Declarations(t.Context(), DeclarationFilter{All: true})
		if err != nil || len(ds) != len(feed) || fresh != len(feed) || len(holders(t, a, "resource:a")) != len(feed) {
			t.Errorf("%d declared, %d of them new, %d holdings, %v", len(ds), fresh, len(holders(t, a, "resource:a")), err)
		}
		if a.Retries()+b.Retries() != 0 {
			t.Errorf("%d transactions were run again", a.Retries()+b.Retries())
		}
		verified(t, a)
	})
}
