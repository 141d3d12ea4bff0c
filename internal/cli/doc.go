// Package cli is the command line: one file for each command, each made of
// options, a constructor and a run function.
//
// It is a client of the HTTP API and uses nothing else to reach an
// installation; what needs no server (validate, catalog check, schema) runs
// here alone. It holds no rules: whether something is allowed, conflicts or
// fits is the answer of the service or of the packages of rules. Data goes to
// standard output, everything else to standard error, and without a terminal
// nothing is ever asked.
package cli
