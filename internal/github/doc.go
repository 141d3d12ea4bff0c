// Package github reaches GitHub as a GitHub App, or as a person with a token: it
// reads pull requests, commits, trees and files, writes checks, comments and
// deployments, and takes webhooks in.
//
// It has effects and no rules. What it reads is GitHub's state at the moment, told
// in the nouns of package proposal; what that means is decided elsewhere. A webhook
// only says whom to look at: nothing in it is ever taken for state.
//
// Four things hold for every request. It goes to the one host that was configured,
// wherever a redirect points. It carries a token for the one repository with no more
// permissions than are needed. It is bounded: the context ends it, an answer that is
// too large is refused. And it never waits: a limit of GitHub, or the budget of
// writes that keeps away from one, is an error that says until when; see RetryAfter.
package github
