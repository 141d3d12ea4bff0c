package races_test

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/ledger"
	"github.com/changectl/changectl/internal/ledger/pgtest"
)

// field is a ledger with the processes that race on it.
type field struct {
	t       *testing.T
	address string
	racers  []*process
	retries []int64
}

// process is this program, started again.
type process struct {
	in  *json.Encoder
	out *json.Decoder
}

// both runs a test on an empty ledger of each database, at the same time.
func both(t *testing.T, f func(*testing.T, *field)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		f(t, newField(t, "sqlite:"+filepath.Join(t.TempDir(), "ledger.db")))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		f(t, newField(t, pgtest.DSN(t)))
	})
}

// newField makes the tables and starts the processes. They end with the test.
func newField(t *testing.T, address string) *field {
	t.Helper()
	key, err := audit.GenerateKey("races")
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(t.Context(), address, ledger.Options{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	f := &field{t: t, address: address, retries: make([]int64, processes)}
	for range processes {
		f.racers = append(f.racers, spawn(t, address, key))
	}
	return f
}

func spawn(t *testing.T, address string, key audit.Key) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self)
	c.Env = append(os.Environ(), racerVariable+"="+address, keyVariable+"="+key.Secret())
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close() // it ends when it has nothing more to read
		_, _ = io.Copy(io.Discard, out)
		if err := c.Wait(); err != nil {
			t.Errorf("a racing process: %v", err)
		}
	})
	return &process{in: json.NewEncoder(in), out: json.NewDecoder(out)}
}

// race lets the processes run the attempts at the same moment, dealt out in turn, and
// returns what became of each.
func (f *field) race(attempts []attempt) []outcome {
	f.t.Helper()
	dealt := make([][]attempt, len(f.racers))
	for i, a := range attempts {
		dealt[i%len(dealt)] = append(dealt[i%len(dealt)], a)
	}
	for i, r := range f.racers {
		if err := r.in.Encode(dealt[i]); err != nil {
			f.t.Fatalf("tell process %d of the round: %v", i, err)
		}
	}
	outcomes := make([]outcome, len(attempts))
	for i, r := range f.racers {
		var a answer
		if err := r.out.Decode(&a); err != nil {
			f.t.Fatalf("hear from process %d: %v", i, err)
		}
		f.retries[i] = a.Retries
		for n, o := range a.Outcomes {
			outcomes[n*len(f.racers)+i] = o
			if o.Error != "" {
				f.t.Errorf("%s: %s", dealt[i][n].Title, o.Error)
			}
		}
	}
	return outcomes
}

// winners returns the places of the attempts that won.
func winners(outcomes []outcome) (won []int) {
	for i, o := range outcomes {
		if o.Won {
			won = append(won, i)
		}
	}
	return won
}
