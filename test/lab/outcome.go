package lab

import (
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Outcome is what a client knows about a transaction that it sent.
type Outcome string

// The three outcomes. Acknowledged: COMMIT was answered, the row must be there
// for ever. Failed: COMMIT was never sent, or the server said that it rolled back;
// the row must not be there. Ambiguous: COMMIT was sent and its answer never came
// or says nothing about it; either is right.
const (
	Acknowledged Outcome = "acknowledged"
	Failed       Outcome = "failed"
	Ambiguous    Outcome = "ambiguous"
)

// judge tells the outcome from the error and from whether COMMIT had been sent.
func judge(commitSent bool, err error) Outcome {
	switch {
	case err == nil:
		return Acknowledged
	case !commitSent || rolledBack(err):
		return Failed
	}
	return Ambiguous
}

// rolledBack is true for the answers to COMMIT by which the server itself says
// that nothing was kept: ROLLBACK, an integrity violation (class 23), or a
// serialisation failure (class 40, but not 40003, completion unknown). A server or
// pooler that goes away (classes 08 and 57) may have committed before it said so.
func rolledBack(err error) bool {
	if errors.Is(err, pgx.ErrTxCommitRollback) || pgconn.SafeToRetry(err) {
		return true
	}
	var answer *pgconn.PgError
	if !errors.As(err, &answer) || len(answer.Code) != 5 || answer.Code == "40003" {
		return false
	}
	class := answer.Code[:2]
	return class == "23" || class == "40"
}
