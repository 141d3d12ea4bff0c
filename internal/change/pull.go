package change

import (
	"fmt"
	"time"
)

// PullKey names a pull request; Number 0 is the repository itself.
type PullKey struct {
	RepositoryID int64 `json:"repositoryId"`
	Number       int   `json:"number"`
}

// String returns repository ID and number, as in the ID of its workflow.
func (k PullKey) String() string { return fmt.Sprintf("%d/%d", k.RepositoryID, k.Number) }

// Delivery is a webhook's delivery as it was accepted: what may be new, and nothing
// that is relied on.
type Delivery struct {
	GUID         string    `json:"guid"`
	Event        string    `json:"event"`
	Action       string    `json:"action,omitempty"`
	RepositoryID int64     `json:"repositoryId"`   // 0: of all
	Name         string    `json:"name,omitempty"` // owner/name of the repository, for people
	Pulls        []int     `json:"pulls,omitempty"`
	Branch       string    `json:"branch,omitempty"`
	Commit       string    `json:"commit,omitempty"`
	ReceivedAt   time.Time `json:"receivedAt"`
}

// PullState is what is kept of a pull request between two looks at it.
type PullState struct {
	PullKey
	Open      bool
	Head      string
	Base      string    // branch and the commit that it pointed at: main@SHA
	UpdatedAt time.Time // by GitHub's clock, as of SeenAt
	SeenAt    time.Time
	// Version grows with every KeepPull; 0 is one that was never kept.
	Version int64
	State   []byte // JSON of whoever keeps it
}

// Revised returns the change that a pull request revises by a file, among those of its
// repository that have not started: the one that stands for the same file. One that
// another pull request has submitted before its merge is that one's alone.
func Revised(pins []Pin, path, base string, number int) (Pin, bool) {
	for _, p := range pins {
		if p.Path == path && p.Base == base && (p.Commit != "" || p.Number == number) {
			return p, true
		}
	}
	return Pin{}, false
}

// Pin is a change that has not ended, with the commit that it is pinned to.
type Pin struct {
	Change ID
	PullKey
	Base   string
	Path   string
	Commit string // empty before the merge
	Status Status
	// Detached is why it no longer stands, or empty.
	Detached string
	// Standing is another after each transition.
	Standing string
}
