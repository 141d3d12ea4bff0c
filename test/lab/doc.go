// Package lab builds a real PostgreSQL pair to do maintenance on: two nodes
// that stream, PgBouncer in front, and a writer that keeps count of every
// transaction it was told is safe.
//
// It exists for the tests, the demo and the benchmarks. It fetches two builds of
// PostgreSQL side by side, so that a patch is a real one: stop, point the
// node's link at the other build, start. Everything listens on 127.0.0.1 only,
// runs as a user that is not root, and is gone after [Lab.Stop].
//
// It must not know the product: no runbook, no change, no ledger. What it
// measures is what a client of the database saw, and it never makes a number
// up: where only one build can be had, it says so ([Builds.OneVersionOnly]).
package lab
