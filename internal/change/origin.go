package change

import (
	"fmt"
	"slices"
	"time"
)

// Origin says which pull request, or which push, a plan comes from. It is part of
// the plan and of its digest.
type Origin struct {
	// RepositoryID stays when the repository is renamed; Repository is its owner/name then.
	RepositoryID int64  `json:"repositoryId"`
	Repository   string `json:"repository"`
	// Number is that of the pull request; 0 is a push without one.
	Number int    `json:"number,omitempty"`
	Base   string `json:"base"` // branch
	// Head is the commit that was reviewed.
	Head string `json:"head,omitempty"`
	// Commit is the commit on the base branch to which the plan is pinned. As long as
	// it is empty the pull request is not merged, and nothing of it may run.
	Commit string `json:"commit,omitempty"`
	Path   string `json:"path"` // of the change request
	// Content is the digest of what was looked at: paths, modes and blobs.
	Content string `json:"content"`
	// Authors are the persons who wrote it. None of them approves it.
	Authors []Ref `json:"authors,omitempty"`
}

// Name returns owner/name#number, or owner/name@branch for a push.
func (o Origin) Name() string {
	if o.Number == 0 {
		return o.Repository + "@" + o.Base
	}
	return fmt.Sprintf("%s#%d", o.Repository, o.Number)
}

// Unmerged reports whether the plan is of a pull request that is not merged.
func (p Plan) Unmerged() bool { return p.Origin != nil && p.Origin.Commit == "" }

// Wrote reports whether a person wrote the pull request that the plan comes from.
func (p Plan) Wrote(who Ref) bool { return p.Origin != nil && slices.Contains(p.Origin.Authors, who) }

// Evidence is what an approval rests on that was given at GitHub and not signed by
// its person: the installation attests it instead.
type Evidence struct {
	Kind         string    `json:"kind"` // review or comment
	ID           int64     `json:"id"`   // of the review or comment
	RepositoryID int64     `json:"repositoryId"`
	Number       int       `json:"number"`
	Base         string    `json:"base"`
	Head         string    `json:"head"`
	Content      string    `json:"content"` // digest of what was approved
	Policy       string    `json:"policy"`  // digest of layout, policy, owners and catalog by which it counts
	UserID       int64     `json:"userId"`
	Login        string    `json:"login"`
	At           time.Time `json:"at"`
}

// Attested is what the installation signs for an approval with evidence.
type Attested struct {
	Statement Statement `json:"statement"`
	Evidence  Evidence  `json:"evidence"`
	Person    Ref       `json:"person"`
}

// Source says where the approval was given: signed, or at GitHub.
func (a Approval) Source() string {
	if a.Evidence == nil {
		return "signature"
	}
	return fmt.Sprintf("GitHub %s %d of @%s", a.Evidence.Kind, a.Evidence.ID, a.Evidence.Login)
}
