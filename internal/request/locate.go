package request

import (
	"errors"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
)

// Locate takes an answer of the service back to where the person wrote what it is
// about: a change.Error with a Field becomes a Problem at that place of the
// document, or at the nearest one above it, and with a nil document it names the
// flag instead of the field. The kind of the error stays what it was. Errors that
// name no field come back as they are.
func Locate(doc *document.Document, err error) error { return locate(doc, err, flagOf) }

func locate(doc *document.Document, err error, flag func(string) string) error {
	if err == nil {
		return nil
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, e := range many.Unwrap() {
			all = append(all, locate(doc, e, flag))
		}
		return errors.Join(all...)
	}
	var e *change.Error
	if !errors.As(err, &e) || e.Field == "" {
		return err
	}
	if doc == nil {
		return e.At(flag(e.Field))
	}
	text := e.Message
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return &located{problem: doc.Field(e.Field, "%s", text), cause: e}
}

// located is a problem with the error that it came from, so that both its place
// and its kind can be asked for.
type located struct {
	problem *document.Problem
	cause   *change.Error
}

// Error returns the problem with its place.
func (l *located) Error() string { return l.problem.Error() }

// Unwrap returns the problem and the error that it came from.
func (l *located) Unwrap() []error { return []error{l.problem, l.cause} }
