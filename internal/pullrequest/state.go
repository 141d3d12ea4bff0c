package pullrequest

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/proposal"
)

// state is what is kept of a pull request between two looks. All that GitHub can be
// asked for again is not in it.
type state struct {
	// Shown is what the checks say was proposed, as of the last look.
	Shown shown `json:"shown"`
	// Left is what was shown last of heads that were pushed over, by head: reviews of them
	// count again when they are pushed back. Floor is when it was last forgotten.
	Left  map[string]shown `json:"left,omitempty"`
	Floor time.Time        `json:"floor,omitzero"`
	// Approved is set while the approval check says that nothing is missing.
	Approved *approved `json:"approved,omitempty"`
	// Void says what became of an approval that does not hold any more.
	Void string `json:"void,omitempty"`
	// Says are approvals and rejections by command.
	Says []said `json:"says,omitempty"`
	// Handled are the comments with a command that was followed or refused.
	Handled map[int64]bool    `json:"handled,omitempty"`
	Answers []proposal.Answer `json:"answers,omitempty"`
	// Posted is what was written, by name of the check and commit, and the comment's as "".
	Posted map[string]posted `json:"posted,omitempty"`
	// Writing marks that something may have been written of which the ID is not known.
	Writing bool `json:"writing,omitempty"`
	// Reports is what was told of each change.
	Reports map[change.ID]report `json:"reports,omitempty"`
	// Merge is what came of the merge.
	Merge *merge `json:"merge,omitempty"`
	// Checkpoint is that of the audit log when all was over.
	Checkpoint string `json:"checkpoint,omitempty"`
	// Tip is, for the repository, the commit of the default branch that was looked at last.
	Tip string `json:"tip,omitempty"`
}

// shown is what was proposed when the checks were written.
type shown struct {
	Head   string `json:"head,omitempty"`
	Base   string `json:"base,omitempty"` // branch
	Digest string `json:"digest,omitempty"`
	// Since is when this digest took the place of another one for the same head; zero
	// where it was the first.
	Since time.Time `json:"since,omitzero"`
}

// approved is what the owners approved.
type approved struct {
	shown
	// Grounds is the commit of the base by which it was judged.
	Grounds string   `json:"grounds"`
	Policy  string   `json:"policy"` // version
	Paths   []string `json:"paths"`  // of the content
}

// said is a command that approves or rejects, with what it was said of.
type said struct {
	proposal.Say
	Digest string `json:"digest"`
}

// posted is something that stands at GitHub.
type posted struct {
	ID  int64  `json:"id"`
	Sum string `json:"sum"` // digest of what was written
}

type report struct {
	Deployment int64 `json:"deployment"`
	Next       int64 `json:"next"` // number of the first entry that is not told
}

// merge is what came of a merge.
type merge struct {
	Commit   string      `json:"commit"`
	Approved bool        `json:"approved"`
	Why      string      `json:"why,omitempty"` // why not
	Changes  []change.ID `json:"changes,omitempty"`
	Problems []string    `json:"problems,omitempty"`
	Done     bool        `json:"done"`
}

// answers is how many answers to commands the comment shows.
const answers = 5

func readState(s change.PullState) (state, error) {
	st := state{}
	if len(s.State) > 0 {
		if err := json.Unmarshal(s.State, &st); err != nil {
			return st, fmt.Errorf("read what is kept of pull request %s: %w", s.PullKey, err)
		}
	}
	if st.Handled == nil {
		st.Handled = map[int64]bool{}
	}
	if st.Posted == nil {
		st.Posted = map[string]posted{}
	}
	if st.Reports == nil {
		st.Reports = map[change.ID]report{}
	}
	return st, nil
}

// show notes what is proposed now. A digest that takes the place of another one for
// the same head is one that the reviews before it were not about, wherever the branch was
// meanwhile.
func (s *state) show(head, base, digest string, now time.Time) {
	last, now := s.Shown, wholeSecond(now)
	was, known := last, last.Head == head
	if !known {
		s.leave(last, now)
		was, known = s.Left[head]
		delete(s.Left, head)
	}
	since := was.Since
	switch {
	case last.Base != "" && last.Base != base: // moved to another branch: everybody looks again
		since = now
	case !known: // reviews name their commit
		since = s.Floor
	case was.Digest != digest || was.Base != base:
		since = now
	}
	s.Shown = shown{Head: head, Base: base, Digest: digest, Since: since}
}

// remembered is how many heads that were left are remembered.
const remembered = 200

// leave remembers what was shown of a head. What must be forgotten, nobody's vote before
// it counts for.
func (s *state) leave(was shown, now time.Time) {
	if was.Head == "" {
		return
	}
	if s.Left == nil {
		s.Left = map[string]shown{}
	}
	if len(s.Left) >= remembered {
		clear(s.Left)
		s.Floor = now
	}
	s.Left[was.Head] = was
}

// wholeSecond is the first second that the forge tells of votes from a moment on: it
// tells no parts, and a vote within the same second may have been before.
func wholeSecond(t time.Time) time.Time {
	if s := t.Truncate(time.Second); !s.Equal(t) {
		return s.Add(time.Second)
	}
	return t
}

func (s *state) answer(a proposal.Answer) {
	s.Answers = append(s.Answers, a)
	if n := len(s.Answers); n > answers {
		s.Answers = s.Answers[n-answers:]
	}
}
