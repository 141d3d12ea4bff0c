package execute

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/changectl/changectl/internal/change"
)

func TestAttemptsAtOneRunTakeTurns(t *testing.T) {
	var all turns
	key := change.RunKey{Change: "CHG-1", Revision: 1, Direction: change.Do, Run: 1}
	leave, err := all.take(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	over, cancel := context.WithCancelCause(t.Context())
	given := errors.New("given up")
	cancel(given)
	if _, err := all.take(over, key); !errors.Is(err, given) {
		t.Errorf("a second attempt got its turn, or another answer than its context's: %v", err)
	}
	other := key
	other.Step = 1
	if leave, err := all.take(t.Context(), other); err != nil {
		t.Errorf("another step had to wait: %v", err)
	} else {
		leave()
	}
	next := make(chan error, 1)
	go func() {
		leave, err := all.take(t.Context(), key)
		if err == nil {
			leave()
		}
		next <- err
	}()
	leave()
	if err := <-next; err != nil {
		t.Errorf("the second attempt did not get its turn: %v", err)
	}
}

// TestTheNextAttemptWaitsForTheProgramOfTheFirst: the program ignores the
// request to end, as one in the middle of something does.
func TestTheNextAttemptWaitsForTheProgramOfTheFirst(t *testing.T) {
	dir := t.TempDir()
	script := `trap '' TERM
		exec 9>` + dir + `/lock
		flock -n 9 || echo overlap >> ` + dir + `/journal
		echo begin >> ` + dir + `/journal
		while [ ! -e ` + dir + `/go ]; do sleep 0.01 9>&-; done`
	step := shell(script)
	step.Idempotent = true
	w := newWorld(t, step)
	first, giveUp := context.WithCancelCause(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := w.Run(first, w.input(0))
		ended <- err
	}()
	until(t, func() bool { return lines(t, dir+"/journal") == 1 })
	giveUp(errors.New("no heartbeat"))
	second := make(chan change.Result, 1)
	go func() {
		r, err := w.Run(t.Context(), w.input(0))
		if err != nil {
			t.Errorf("the second attempt: %v", err)
		}
		second <- r
	}()
	if err := <-ended; err == nil {
		t.Error("the attempt that was given up has a result")
	}
	until(t, func() bool { return lines(t, dir+"/journal") >= 2 })
	if err := os.WriteFile(dir+"/go", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := <-second; r.Outcome != change.Passed {
		t.Errorf("the second attempt came to %+v", r)
	}
	b, err := os.ReadFile(dir + "/journal")
	if err != nil {
		t.Fatal(err)
	}
	if want := "begin\nbegin\n"; string(b) != want {
		t.Errorf("the journal holds %q, want %q: two programs were at work at once", b, want)
	}
}
