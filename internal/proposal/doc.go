// Package proposal holds what a pull request proposes and the rules by which it
// becomes a change: the layout of a repository, what exactly is approved (a digest
// over paths, modes and blobs), whose review counts, which comments are commands,
// and the texts that reviewers read.
//
// It is pure: it is given what GitHub and git say and reaches for nothing itself.
// What it cannot be sure of, it takes for not approved.
package proposal
