// Package audit holds the audit log as a thing of thought: entries, the leaves
// they become, the Merkle tree over the leaves (RFC 6962 hashing, as in
// golang.org/x/mod/sumdb/tlog), signed checkpoints (signed notes), proofs, and
// the text in which people read entries.
//
// It recomputes and compares; it never stores, fetches or prints anything, and it
// knows no clock. Whoever holds a checkpoint and the leaves can verify the whole
// log with this package alone, without trusting the database or the server.
package audit
