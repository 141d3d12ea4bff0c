package proposal

import (
	"strings"
	"time"
)

// Repository is a repository as the forge knows it. The ID stays when it is renamed.
type Repository struct {
	ID            int64  `json:"id"`
	Owner         string `json:"owner"`
	Name          string `json:"name"`
	DefaultBranch string `json:"defaultBranch"`
	Private       bool   `json:"private,omitempty"`
	URL           string `json:"url,omitempty"` // for people
	// Installation is the number of the App's installation that may reach it.
	Installation int64 `json:"installation,omitempty"`
}

// FullName returns owner/name.
func (r Repository) FullName() string { return r.Owner + "/" + r.Name }

// User is an account of the forge; the zero User is one that is gone, or that no
// account belongs to.
type User struct {
	ID    int64  `json:"id,omitempty"`
	Login string `json:"login,omitempty"`
	Type  string `json:"type,omitempty"` // User, Bot, Organization, Mannequin
}

// Human reports whether the account is that of a person who still has it.
func (u User) Human() bool {
	return u.ID > 0 && u.Type == "User" && u.Login != "" && !strings.EqualFold(u.Login, "ghost")
}

// Branch is one end of a pull request.
type Branch struct {
	Ref string `json:"ref"` // without refs/heads/
	SHA string `json:"sha"`
	// RepositoryID is 0 where the repository is gone.
	RepositoryID int64 `json:"repositoryId,omitempty"`
}

// Pull is a pull request.
type Pull struct {
	Repository Repository `json:"repository"`
	Number     int        `json:"number"`
	Title      string     `json:"title"`
	URL        string     `json:"url"`
	Open       bool       `json:"open"`
	Draft      bool       `json:"draft,omitempty"`
	Merged     bool       `json:"merged,omitempty"`
	// MergeCommit is the commit on the base branch, set where Merged.
	MergeCommit string    `json:"mergeCommit,omitempty"`
	MergedBy    User      `json:"mergedBy,omitzero"`
	Author      User      `json:"author"`
	Head        Branch    `json:"head"`
	Base        Branch    `json:"base"`
	UpdatedAt   time.Time `json:"updatedAt"`
}

// Fork reports whether the head is not in the repository itself.
func (p Pull) Fork() bool { return p.Head.RepositoryID != p.Repository.ID }

// Commit is a commit with the accounts that its addresses belong to.
type Commit struct {
	SHA       string `json:"sha"`
	Tree      string `json:"tree,omitempty"`
	Author    User   `json:"author,omitzero"`
	Committer User   `json:"committer,omitzero"`
	// Parents are the commits before it, the one on its branch first.
	Parents []string `json:"parents,omitempty"`
}

// Comparison is how a head stands to a base.
type Comparison struct {
	// Status is identical, ahead, behind or diverged: how head stands to base.
	Status    string   `json:"status"`
	MergeBase string   `json:"mergeBase"`
	Commits   []Commit `json:"commits"`
	// Total is how many commits there are; Commits may hold fewer.
	Total int `json:"total"`
}

// Entry is a file of a tree.
type Entry struct {
	Path string `json:"path"`
	Mode string `json:"mode"` // as git writes it: 100644, 100755, 120000 (link), 160000 (submodule)
	Blob string `json:"blob"` // object ID
	Size int64  `json:"size,omitempty"`
}

// Review is one review of a pull request.
type Review struct {
	ID    int64  `json:"id"`
	User  User   `json:"user"`
	State string `json:"state"` // APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED, PENDING: upper case
	// Commit is the commit that was looked at.
	Commit      string    `json:"commit"`
	SubmittedAt time.Time `json:"submittedAt"`
	URL         string    `json:"url,omitempty"`
}

// Comment is a comment on a pull request.
type Comment struct {
	ID   int64  `json:"id"`
	User User   `json:"user"`
	App  string `json:"app,omitempty"` // slug of the App through which it was made
	Body string `json:"body"`
	// Mine marks a comment made by this App itself.
	Mine      bool      `json:"mine,omitempty"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
	URL       string    `json:"url,omitempty"`
}

// Edited reports whether the comment is not what was first written.
func (c Comment) Edited() bool { return !c.UpdatedAt.Equal(c.CreatedAt) }

// The conclusions of checks that are given. Neutral and skipped are never: they would
// let a merge through.
const (
	Success        = "success"
	Failure        = "failure"
	ActionRequired = "action_required"
)

// Check is a check run on a commit.
type Check struct {
	ID   int64  `json:"id,omitempty"`
	Name string `json:"name"`
	Head string `json:"head"`
	// Conclusion is Success, Failure or ActionRequired; empty is still in progress.
	Conclusion  string       `json:"conclusion,omitempty"`
	Title       string       `json:"title"`
	Summary     string       `json:"summary"` // Markdown
	Text        string       `json:"text,omitempty"`
	Annotations []Annotation `json:"annotations,omitempty"`
	DetailsURL  string       `json:"detailsUrl,omitempty"`
	ExternalID  string       `json:"externalId,omitempty"`
}

// Annotation is a remark at a place in a file.
type Annotation struct {
	Path    string `json:"path"`
	Line    int    `json:"line"`             // from 1
	Column  int    `json:"column,omitempty"` // from 1, 0 for the whole line
	Level   string `json:"level"`            // failure, warning or notice
	Title   string `json:"title,omitempty"`
	Message string `json:"message"`
}

// Deployment tells the forge where a change stands.
type Deployment struct {
	ID          int64  `json:"id,omitempty"`
	Ref         string `json:"ref"` // the commit
	Task        string `json:"task"`
	Environment string `json:"environment"`
	Description string `json:"description"`
	Production  bool   `json:"production"`
	Payload     string `json:"payload,omitempty"` // JSON; names the change
}

// DeploymentStatus is one status of a deployment.
type DeploymentStatus struct {
	State       string `json:"state"` // queued, pending, in_progress, success, failure, error, inactive
	Description string `json:"description"`
	LogURL      string `json:"logUrl,omitempty"`
}

// Delivery is a delivery of a webhook as the forge lists it.
type Delivery struct {
	ID         int64     `json:"id"`
	GUID       string    `json:"guid"`
	At         time.Time `json:"at"`
	Redelivery bool      `json:"redelivery"`
	Status     int       `json:"status"` // HTTP status that it was answered with, 0 for none
	Event      string    `json:"event"`
}
