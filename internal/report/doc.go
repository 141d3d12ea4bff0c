// Package report writes changes, plans, findings and calendars as text for
// people. What it is given is all it knows: it reads no clock, no database and
// no terminal, so that the same record always reads the same.
//
// It judges nothing. Where it says what a change waits for or until when, it
// repeats in words what the record holds.
package report
