// Package deliveries_test plays a history of pull requests against the built programs
// and looks at what became of each of them when the news of it arrive badly: in
// another order, ten times, not at all, late, with a GitHub that refuses, with an
// installation that is suspended for a while, and with a worker that is killed.
//
// The history is played in rounds. Within a round everything happens first, and then
// its deliveries are sent, so that what a run must come to does not hang on how quick
// anybody was. A judge that knows nothing of the product's rules says what each
// pull request must show. With CHANGECTL_FAULT=full the long campaign runs.
package deliveries_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// TestMain lets the campaigns run at the same time: most of theirs is waiting.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// seedVariable chooses a history again.
const seedVariable = "CHANGECTL_SEED"

// pulls is how many pull requests a campaign has. The product writes 70 times in a minute
// and 450 in an hour at most: the short form keeps within the one, the long one, which
// has more than 10,000 deliveries, within the other.
func pulls() int {
	if full() {
		return 45
	}
	return 7
}

func full() bool { return os.Getenv("CHANGECTL_FAULT") == "full" }

// seed is the same each time in the short form, another each time in the long one, and
// printed: the environment takes it to see the same again.
func seed(t *testing.T) uint64 {
	t.Helper()
	n := uint64(2)
	if full() {
		n = rand.Uint64N(1 << 32)
	}
	if given := os.Getenv(seedVariable); given != "" {
		var err error
		if n, err = strconv.ParseUint(given, 10, 64); err != nil {
			t.Fatalf("%s: %v", seedVariable, err)
		}
	}
	t.Logf("seed %d; the same again with %s=%d", n, seedVariable, n)
	return n
}

// programs returns the directory of the built programs.
func programs(t testing.TB) string {
	t.Helper()
	bin := os.Getenv("CHANGECTL_BIN")
	if bin == "" {
		bin = "../../bin"
	}
	dir, err := filepath.Abs(bin)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "changectl")); err != nil {
		t.Fatal(fmt.Errorf("%w: build the programs first with make build", err))
	}
	return dir
}
