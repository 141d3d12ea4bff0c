// Package ledger keeps what is true in SQL: catalog snapshots, changes with their
// revisions and plans, reservations and claims with fencing tokens, declared
// maintenances and freezes, approvals, decisions, runs of steps, and the audit log with
// its Merkle tree.
//
// Every method that writes is one transaction. Its first statement takes the one
// lock of the ledger, so that transactions stand in a row; then it reads the facts,
// asks a pure judge that the caller gives, and writes state, audit entry, tree
// hashes and signed checkpoint together or not at all. A judge may be asked more than
// once, because a transaction that the database gave up is tried again.
//
// What changes around a change puts it into a queue in that same transaction: a declared
// maintenance that comes or goes, a freeze, another catalog, systems that were given up.
// Whoever takes it from there (Rechecks) has it judged again (Recheck); none is forgotten
// when a program dies in between.
//
// SQLite (a file, one machine) and PostgreSQL (any number of workers) behave the
// same and pass the same tests. Nothing here decides what may be done; it enforces
// what must hold whoever decided: legal transitions, one claim for each system,
// fencing tokens, nonces used once, and a log that only grows.
//
// Operation on PostgreSQL without ownership of the log: create the role
// changectl_app, apply the migrations as another user, and let the service log in
// as a member of changectl_app with Options.NoMigrate.
package ledger
