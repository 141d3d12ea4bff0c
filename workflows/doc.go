// Package workflows tells the story of a change as Temporal runs it: check,
// approve, wait, run, and the way back.
//
// The code here is deterministic and decides only what comes next. It never
// reaches for a database, a network or a clock of its own: that is what
// Activities does, and whoever implements it asks the ledger. Nothing that
// arrives here authorises work. An update carries the number of something that
// the ledger holds, and the executor checks all of it again before each step.
package workflows
