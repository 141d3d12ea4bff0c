// Package httpapi is the HTTP face of the product: a server that turns requests
// into calls of a Service, and the client that does the reverse. Its OpenAPI 3.1
// document is made from the Go types that both sides share.
//
// It decides nothing. Who may do what, what conflicts and what happens next is
// the Service's business; here live only routes, the shape of errors, and the
// habits of a careful server: limits, timeouts, request IDs, logs and metrics.
// Tokens never reach a log line, a metric or an error.
package httpapi
