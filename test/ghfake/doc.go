// Package ghfake is a small GitHub that keeps state: its REST API and its webhooks over
// real bare git repositories, for tests and benchmarks.
//
// Its methods are the acts of people (open, review, comment, push, merge); what the
// product does goes over HTTP. Every request and every answer is held against
// GitHub's own description of the API, and what does not fit is a violation that fails
// the test. What GitHub is known to do to its clients can be ordered: states that show
// late, limits, lost and doubled deliveries.
//
// It must not be kinder than GitHub: times have no fractions of a second, an open pull
// request has the commit of a test merge, addresses decide whose commit it is.
package ghfake
