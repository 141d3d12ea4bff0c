// Package execute runs single steps of an approved plan: the gate, the intent,
// the work of the step's kind, what it is expected to come to, and the result.
//
// The gate stands here and not with the caller, because whoever can reach the
// engine could call a step. Nothing has an effect before the ledger has recorded
// the intent, in the transaction in which the gate judged; and where an earlier
// attempt may have had an effect that nobody saw, the step is not simply run
// again.
//
// The package decides nothing about the change as a whole: which step comes next,
// what a failure leads to and when to back out are the workflow's. It knows no
// database of its own and no engine; both come in through small interfaces.
package execute
