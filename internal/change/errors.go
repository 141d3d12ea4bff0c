package change

import (
	"errors"
	"fmt"
)

// Kind classifies an error for the three places that translate it: Temporal
// (non-retryable), HTTP (status) and the command line (exit code).
type Kind string

// The kinds of errors.
const (
	KindInvalid     Kind = "invalid"     // what was asked is malformed: correct it
	KindNotFound    Kind = "not-found"   // it does not exist
	KindConflict    Kind = "conflict"    // somebody or something else is in the way
	KindDenied      Kind = "denied"      // this person, key or moment is not allowed
	KindAwaiting    Kind = "awaiting"    // approvals are missing
	KindUnavailable Kind = "unavailable" // a part of the installation does not answer; try again
	KindFailed      Kind = "failed"      // it was tried and failed
)

// Error is an error with a kind, for a person.
type Error struct {
	Kind    Kind   `json:"kind"`
	Message string `json:"message"`
	// Field is the path of the offending value in what was sent, such as
	// spec.window.end, or empty.
	Field string `json:"field,omitempty"`
	// Hint says what to do next, or is empty.
	Hint string `json:"hint,omitempty"`
	err  error
}

// Error returns the message, with field and hint where there are any.
func (e *Error) Error() string {
	s := e.Message
	if e.Field != "" {
		s = e.Field + ": " + s
	}
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.err }

// At returns a copy of e that names the field.
func (e *Error) At(field string) *Error { c := *e; c.Field = field; return &c }

// WithHint returns a copy of e that says what to do next.
func (e *Error) WithHint(format string, args ...any) *Error {
	c := *e
	c.Hint = fmt.Sprintf(format, args...)
	return &c
}

func newError(kind Kind, format string, args []any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Kind: kind, Message: err.Error(), err: errors.Unwrap(err)}
}

// Invalid says that what was asked is malformed.
func Invalid(format string, args ...any) *Error { return newError(KindInvalid, format, args) }

// NotFound says that something named does not exist.
func NotFound(format string, args ...any) *Error { return newError(KindNotFound, format, args) }

// Conflict says that somebody or something else is in the way.
func Conflict(format string, args ...any) *Error { return newError(KindConflict, format, args) }

// Denied says that this person, key or moment is not allowed.
func Denied(format string, args ...any) *Error { return newError(KindDenied, format, args) }

// Awaiting says that approvals are missing.
func Awaiting(format string, args ...any) *Error { return newError(KindAwaiting, format, args) }

// Unavailable says that a part of the installation does not answer.
func Unavailable(format string, args ...any) *Error { return newError(KindUnavailable, format, args) }

// FailedTo says that something was tried and did not succeed.
func FailedTo(format string, args ...any) *Error { return newError(KindFailed, format, args) }

// KindOf returns the kind of the first Error in err's tree, or "" for none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}
