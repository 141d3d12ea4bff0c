package github

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/bradleyfalzon/ghinstallation/v2"
	gh "github.com/google/go-github/v60/github"

	"github.com/changectl/changectl/internal/change"
)

// refusal is an answer of GitHub that is an error.
type refusal struct {
	status  int
	message string
	header  http.Header
	token   bool // it was the installation's token that was refused
}

// explain gives an error of a request its kind: NotFound, Denied, Invalid, Conflict, or
// Unavailable for limits, the network and GitHub's own failures. A context that
// ended stays what it is. Errors with a kind pass.
func explain(ctx context.Context, what string, err error) error {
	var kind *change.Error
	var limited *Limited
	var large *tooLarge
	switch {
	case err == nil:
		return nil
	case errors.As(err, &kind):
		return kind
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", what, ctx.Err())
	case errors.As(err, &limited):
		return change.Unavailable("%s: %w", what, limited)
	case errors.As(err, &large):
		return change.Invalid("%s: %w", what, large)
	}
	r, ok := refusalOf(err)
	if !ok {
		return change.Unavailable("%s: %w", what, err)
	}
	return r.kind(what)
}

// refusalOf finds the answer in an error of one of the libraries.
func refusalOf(err error) (refusal, bool) {
	var answer *gh.ErrorResponse
	if errors.As(err, &answer) {
		return refusal{status: answer.Response.StatusCode, message: messageOf(answer), header: answer.Response.Header}, true
	}
	var factor *gh.TwoFactorAuthError
	if errors.As(err, &factor) {
		return refusal{status: http.StatusUnauthorized, message: factor.Message}, true
	}
	var token *ghinstallation.HTTPError
	if errors.As(err, &token) && token.Response != nil {
		return refusal{
			status: token.Response.StatusCode, message: bodyMessage(token.Response), header: token.Response.Header, token: true,
		}, true
	}
	return refusal{}, false
}

// bodyMessage reads what the library leaves unread and open.
func bodyMessage(resp *http.Response) string {
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return ""
	}
	resp.Body = io.NopCloser(strings.NewReader(string(body)))
	var answer *gh.ErrorResponse
	if !errors.As(gh.CheckResponse(resp), &answer) {
		return ""
	}
	return messageOf(answer)
}

// messageOf returns what GitHub says, with what it says of single fields.
func messageOf(e *gh.ErrorResponse) string {
	said := []string{}
	if e.Message != "" {
		said = append(said, e.Message)
	}
	for _, one := range e.Errors {
		said = append(said, strings.TrimSpace(strings.Join([]string{one.Resource, one.Field, one.Code, one.Message}, " ")))
	}
	return cut(strings.Join(said, ": "), 500, "...")
}

// unauthorized reports whether a token was refused that had been given out.
func unauthorized(err error) bool {
	var answer *gh.ErrorResponse
	return errors.As(err, &answer) && answer.Response.StatusCode == http.StatusUnauthorized
}

func (r refusal) kind(what string) error {
	if r.token {
		return r.tokenKind(what)
	}
	say := func(kind func(string, ...any) *change.Error) *change.Error {
		return kind("%s: GitHub says %d %s", what, r.status, r.message)
	}
	switch {
	case r.rests():
		return say(change.Conflict).WithHint("let an owner unsuspend the installation of the GitHub App")
	case r.status == http.StatusUnauthorized:
		return say(change.Denied).WithHint("check the App's key or the token, and this machine's clock")
	case r.status == http.StatusForbidden, r.status == http.StatusUnavailableForLegalReasons:
		return say(change.Denied).WithHint("%s", r.permissions())
	case r.status == http.StatusNotFound, r.status == http.StatusGone, r.unknownCommit():
		return say(change.NotFound)
	case r.status == http.StatusConflict, r.status == http.StatusMethodNotAllowed:
		return say(change.Conflict)
	case r.status == http.StatusBadRequest, r.status == http.StatusUnprocessableEntity, r.status == http.StatusRequestEntityTooLarge:
		return say(change.Invalid)
	}
	return say(change.Unavailable)
}

// tokenKind explains why an installation gives no token.
func (r refusal) tokenKind(what string) error {
	deny := func(why, hint string) error {
		return change.Denied("%s: %s: GitHub says %d %s", what, why, r.status, r.message).WithHint("%s", hint)
	}
	switch {
	case r.rests():
		return change.Conflict("%s: the installation of the GitHub App is suspended", what).WithHint("let an owner unsuspend it")
	case r.status == http.StatusUnauthorized:
		return deny("the App is not recognised", "check its ID, its private key and this machine's clock")
	case r.status == http.StatusForbidden, r.status == http.StatusNotFound:
		return deny("the App is not installed there", serveIt)
	case r.status == http.StatusUnprocessableEntity:
		return deny("the installation does not reach that far", "let an owner accept the App's permissions (contents and pull requests to read; checks, issues and deployments to write) for this repository")
	}
	return change.Unavailable("%s: GitHub gives no token: %d %s", what, r.status, r.message)
}

func (r refusal) rests() bool {
	return r.status == http.StatusForbidden && strings.Contains(strings.ToLower(r.message), "suspended")
}

// unknownCommit reports the 422 that stands for a commit that does not exist.
func (r refusal) unknownCommit() bool {
	return r.status == http.StatusUnprocessableEntity && strings.HasPrefix(r.message, "No commit found")
}

// permissions says which would do.
func (r refusal) permissions() string {
	if needs := r.header.Get("X-Accepted-GitHub-Permissions"); needs != "" {
		return "the App or the token needs " + cut(needs, 200, "...")
	}
	return "check the permissions of the App or the token"
}
