package model_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	// gateShut is the gate's refusal, which a scene without broken claims never comes to.
	gateShut = "t = 0"
	// noEnd is the end of a process that has none: who may always act again.
	noEnd = "-end-"
)

func TestTheRulesHoldInEveryOrderOfEvents(t *testing.T) {
	tests := []struct {
		name      string
		search    search
		states    int // at least; fewer would mean that the model stands still early
		unreached []string
	}{
		{"crossed pairs of systems, and a worker that dies anywhere", search{defines: "PAIR DEATHS=1"}, 7_000, []string{gateShut}},
		{
			"an overrun into the next window, failures, and a claim broken by two persons",
			search{defines: "NEXT LAST=4 DEATHS=1 FAIL BREAK"},
			40_000,
			[]string{noEnd},
		},
		{
			"the same with effects of workers that were taken for dead",
			search{defines: "NEXT LAST=4 DEATHS=1 FAIL BREAK LATE"},
			60_000,
			[]string{noEnd, noEnd},
		},
		{
			"an effect lands only under its claim while nobody breaks it and dead workers are dead",
			search{defines: "NEXT LAST=4 DEATHS=1 FAIL STRICT"},
			5_000,
			[]string{gateShut},
		},
		{"an emergency between two others", search{defines: "EMERGENCY DEATHS=1 STRICT"}, 80_000, []string{gateShut}},
		{
			"an emergency, with everything that can go wrong",
			search{defines: "EMERGENCY DEATHS=1 FAIL BREAK LATE"},
			600_000,
			[]string{noEnd, "fence[1] = tokens", noEnd}, // the claim that is broken is on one system
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := tt.search.run(t)
			t.Log(got)
			if got.errors != 0 {
				t.Fatalf("spin found %s after these events:\n%s", got.wrong, got.tail())
			}
			if got.states < tt.states {
				t.Errorf("only %d states were searched, want at least %d", got.states, tt.states)
			}
			if diff := cmp.Diff(tt.unreached, got.unreached); diff != "" {
				t.Errorf("unreached statements of the model (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhoWaitsGoesOnWhenTheWayIsFree(t *testing.T) {
	tests := []struct {
		name   string
		search search
		states int
	}{
		{"after what it waits for has ended or was broken", search{"NEXT DEATHS=1 FAIL BREAK", "the_waiting_start"}, 30_000},
		{"after an overrun, however late", search{"NEXT DEATHS=1 FAIL", "overruns_end"}, 5_000},
		{"after the emergency that pushed it aside", search{"EMERGENCY LAST=2 DEATHS=1", "the_pushed_come_back"}, 40_000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := tt.search.run(t)
			t.Log(got)
			if got.errors != 0 {
				t.Fatalf("spin found %s after these events:\n%s", got.wrong, got.tail())
			}
			if got.states < tt.states {
				t.Errorf("only %d states were searched, want at least %d", got.states, tt.states)
			}
		})
	}
}

// The last two are no mistakes: they show that the allowance that the model makes for
// effects under way is needed, and so what a ledger cannot promise.
func TestEveryMistakeIsFound(t *testing.T) {
	const (
		together = "assert(APART(0, 1, A)"
		part     = "assert(WHOLE("
		unheld   = "assert((HOLDS(c, ON(c, step)) == CLAIMED"
	)
	tests := []struct {
		mistake string
		search  search
		wrong   string // how the line begins that is violated
	}{
		{"the lock is dropped: check, then insert", search{defines: "PAIR FAULT_LOCK_DROPPED"}, together},
		{"a lock for each system, in the order of the plan", search{defines: "PAIR FAULT_LOCKS_CROSSED"}, "invalid end state"},
		{"half of a reservation outlives its worker", search{defines: "PAIR DEATHS=1 FAULT_HALF_WRITTEN"}, part},
		{"a claim expires with its window", search{defines: "NEXT FAULT_CLAIM_EXPIRES"}, unheld},
		{"a change starts over the claim of another", search{defines: "NEXT FAULT_STARTS_OVER_CLAIMS"}, together},
		{"the fence is not raised when a claim is broken", search{defines: "NEXT BREAK FAULT_FENCE_NOT_RAISED"}, "assert(broken[c] != t || !FENCES(c, t))"},
		{"one person breaks a claim with two signatures", search{defines: "NEXT BREAK FAULT_ONE_PERSON"}, "assert(given[0] == tokenOf[0]"},
		{"the gate asks nothing", search{defines: "NEXT BREAK FAULT_GATE_OPEN"}, ":: GATE(c, t) -> assert(broken[c] != t)"},
		{"an emergency pushes claims aside", search{defines: "EMERGENCY FAULT_CLAIMS_PUSHED_ASIDE"}, unheld},
		{"a waiting change asks once", search{"NEXT FAULT_ASKS_ONCE", "overruns_end"}, "acceptance cycle"},
		{"a waiting change does not hear of a broken claim", search{"NEXT FAIL BREAK FAULT_ASKS_ONCE", "the_waiting_start"}, "acceptance cycle"},
		{"nobody looks after those pushed aside", search{"EMERGENCY LAST=2 FAULT_PUSHED_FORGOTTEN", "the_pushed_come_back"}, "acceptance cycle"},
		{"an effect under way lands after its claim was broken", search{defines: "NEXT BREAK STRICT"}, unheld},
		{"an effect of a worker taken for dead lands late", search{defines: "NEXT LATE DEATHS=1 STRICT"}, unheld},
	}
	for _, tt := range tests {
		t.Run(tt.mistake, func(t *testing.T) {
			t.Parallel()
			got := tt.search.run(t)
			t.Log(got)
			if got.errors == 0 {
				t.Fatalf("spin searched %d states and found nothing", got.states)
			}
			if !strings.HasPrefix(got.wrong, tt.wrong) {
				t.Errorf("spin found %q, want %q", got.wrong, tt.wrong)
			}
		})
	}
}
