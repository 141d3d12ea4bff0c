// Package pullrequest is the desk at GitHub: it reads what a pull request proposes,
// has it planned, counts the owners' reviews, answers with checks and one comment,
// and after the merge brings the change to the ledger, pinned to what was merged.
//
// It is only ever told that something may be new, never what: each time it reads
// GitHub's own state again and brings its answers up to date. The rules are those of
// package proposal; what authorises work is judged by the desk, the ledger and the gate.
package pullrequest
