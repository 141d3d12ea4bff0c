// Package check judges: conflicts with what others hold, the risk of a plan, who
// must approve it, and whether it may start. It says when a plan could be carried
// out, and who else is playing. Every judgement is a pure function of facts, with
// reasons, so that the ledger can ask for it in the middle of a transaction and a
// person can read why.
//
// It does no I/O and reads no clock.
package check
