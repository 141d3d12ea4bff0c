// Package races_test lets many clients in several processes reach for the same systems
// at the same moment, on both databases, and has a checker that shares nothing with
// the product look at what is in the database afterwards.
//
// The processes are this test's own program, started again; each opens the ledger as a
// worker does and judges with the product's rules and a catalog. They are kept in
// step: all attempts of a round begin when the last process has been told of them.
// With CHANGECTL_FAULT=full the long campaign runs.
package races_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/changectl/changectl/internal/ledger/pgtest"
)

// racerVariable marks a process that races; its value is the address of the ledger.
const racerVariable = "CHANGECTL_RACER"

func TestMain(m *testing.M) {
	if address := os.Getenv(racerVariable); address != "" {
		if err := raceIn(address); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(pgtest.Run(m))
}

// campaign is how much is raced for.
type campaign struct {
	slots      int // each wanted by all clients
	redundancy int // rounds on groups of three
	crossed    int // pairs of systems, named in both orders
	claims     int // systems of which one of many reservations can start
}

const (
	processes = 2
	clients   = 8 // in all processes together
)

func size() campaign {
	if os.Getenv("CHANGECTL_FAULT") == "full" {
		return campaign{slots: 2000, redundancy: 1000, crossed: 1000, claims: 100}
	}
	return campaign{slots: 100, redundancy: 50, crossed: 50, claims: 10}
}
