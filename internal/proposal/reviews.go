package proposal

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// People is what is asked of the base's catalog about persons.
type People interface {
	// ByLogin returns the person with a login at the forge: NotFound for nobody's, Denied
	// for that of several.
	ByLogin(login string) (change.Person, error)
	IsMember(person, group change.Ref) bool
	// Members returns the persons in a group, sorted; for a user, that user.
	Members(group change.Ref) []change.Ref
}

// Say is a command by which somebody approved or rejected.
type Say struct {
	Comment int64     `json:"comment,omitempty"` // ID
	User    User      `json:"user"`
	Reject  bool      `json:"reject,omitempty"` // approves otherwise
	SHA     string    `json:"sha,omitempty"`    // that is approved
	Reason  string    `json:"reason,omitempty"`
	At      time.Time `json:"at"`
	URL     string    `json:"url,omitempty"`
}

// Ballot is all from which votes are counted.
type Ballot struct {
	Head   string // commit
	Author User   // of the pull request
	// Pusher is who pushed Head last; the zero User is that GitHub does not show it.
	Pusher  User
	Commits []Commit // of the pull request
	Total   int      // how many commits there are; Commits may hold fewer
	Reviews []Review // all, oldest first
	Says    []Say    // all, oldest first
	// Digest is that of the Content; without one there is nothing to approve.
	Digest string
	// Shown is since when exactly this digest has been shown for Head. Votes before it are
	// of something else. The zero time leaves this out.
	Shown time.Time
}

// Vote is what a person last said.
type Vote struct {
	Person  change.Ref   `json:"person"`
	Name    string       `json:"name"`
	Login   string       `json:"login"`
	User    int64        `json:"user,omitempty"` // ID of the account
	SHA     string       `json:"sha,omitempty"`
	At      time.Time    `json:"at"`
	URL     string       `json:"url,omitempty"`
	Reason  string       `json:"reason,omitempty"`
	Command bool         `json:"command,omitempty"` // by a command, not a review
	Review  int64        `json:"review,omitempty"`  // ID of the review
	Comment int64        `json:"comment,omitempty"` // ID of the command's comment
	Roles   []change.Ref `json:"roles,omitempty"`   // of the needs, that the person speaks for; set by Tally
}

// Ignored is something that was said and does not count, with the reason as a sentence
// without its full stop.
type Ignored struct {
	Login string `json:"login"`
	Text  string `json:"text"`
	URL   string `json:"url,omitempty"`
}

// Votes is what Count returns.
type Votes struct {
	Digest    string
	Approving []Vote
	Rejecting []Vote
	Ignored   []Ignored
	// Unknown says why nobody's approval counts, where somebody's would otherwise.
	Unknown string
}

// Count says what counts as the vote of a person, whatever it is needed for. A rejection
// stands until the same person approves; an approval is of exactly the head, and by
// nobody who had a hand in it.
func Count(b Ballot, people People) Votes {
	w := writers{people: people, own: map[change.Ref]string{}}
	w.all(b)
	v := Votes{Digest: b.Digest}
	said, ignored := standings(b, people)
	v.Ignored = ignored
	for _, s := range said {
		switch {
		case s.rejected != nil:
			v.Rejecting = append(v.Rejecting, s.rejected.vote)
		case s.approved != nil:
			v.approve(s.approved.vote, b.against(s.approved.vote, w), w.unknown)
		}
	}
	return v
}

// approve takes an approval that against says nothing against. What is unknown matters
// only to one that would count.
func (v *Votes) approve(vote Vote, against, unknown string) {
	switch {
	case against != "":
		v.Ignored = append(v.Ignored, Ignored{vote.Login, against, vote.URL})
	case unknown != "":
		v.Unknown = unknown
		v.Ignored = append(v.Ignored, Ignored{vote.Login, "@" + vote.Login + "'s approval does not count: " + unknown, vote.URL})
	default:
		v.Approving = append(v.Approving, vote)
	}
}

// against says why an approval does not count, or nothing.
func (b Ballot) against(v Vote, w writers) string {
	who := "@" + v.Login + "'s approval"
	switch {
	case v.SHA == "" || !strings.EqualFold(v.SHA, b.Head):
		return fmt.Sprintf("%s is of %s, not of the head", who, short(v.SHA))
	case v.At.IsZero() || v.At.Before(b.Shown.Truncate(time.Second)): // the forge tells no parts of seconds
		return who + " was given before what it would approve was shown"
	case w.own[v.Person] != "":
		return who + " does not count: " + w.own[v.Person]
	}
	return ""
}

// short is how commits are shown.
func short(sha string) string {
	if len(sha) > 7 {
		return sha[:7]
	}
	return cmp.Or(sha, "no commit")
}

// verdict is what a word amounts to, the weightiest last.
type verdict int

const (
	approves verdict = iota
	withdraws
	rejects
)

// word is something that was said.
type word struct {
	verdict verdict
	user    User
	vote    Vote
}

// spoken returns all that was said, oldest first; of what was said at one moment the
// weightiest is last.
func spoken(b Ballot) []word {
	states := map[string]verdict{"APPROVED": approves, "DISMISSED": withdraws, "CHANGES_REQUESTED": rejects}
	var all []word
	for _, r := range b.Reviews {
		if v, counts := states[r.State]; counts {
			all = append(all, word{v, r.User, Vote{Login: r.User.Login, User: r.User.ID, SHA: r.Commit, At: r.SubmittedAt, URL: r.URL, Review: r.ID}})
		}
	}
	for _, s := range b.Says {
		w := word{approves, s.User, Vote{Login: s.User.Login, User: s.User.ID, SHA: s.SHA, At: s.At, URL: s.URL, Reason: s.Reason, Command: true, Comment: s.Comment}}
		if s.Reject {
			w.verdict = rejects
		}
		all = append(all, w)
	}
	slices.SortStableFunc(all, func(a, b word) int {
		return cmp.Or(a.vote.At.Compare(b.vote.At), cmp.Compare(a.verdict, b.verdict))
	})
	return all
}

// stand is where a person stands after all words.
type stand struct{ approved, rejected *word }

func (s *stand) take(w word) {
	switch w.verdict {
	case approves:
		*s = stand{approved: &w}
	case withdraws:
		s.approved = nil
	case rejects:
		*s = stand{rejected: &w}
	}
}

// standings returns where each person stands, in the order in which they first spoke, and
// what was said by accounts that are no person's.
func standings(b Ballot, people People) ([]*stand, []Ignored) {
	stands, told := map[change.Ref]*stand{}, map[string]bool{}
	var all []*stand
	var ignored []Ignored
	for _, w := range spoken(b) {
		p, why := personOf(w.user, people)
		if why != "" {
			if login := strings.ToLower(w.user.Login); !told[login] && w.verdict != withdraws {
				told[login] = true
				ignored = append(ignored, Ignored{w.user.Login, why + "; what it says does not count", w.vote.URL})
			}
			continue
		}
		w.vote.Person, w.vote.Name = p.Ref, p.Name
		s := stands[p.Ref]
		if s == nil {
			s = &stand{}
			stands[p.Ref] = s
			all = append(all, s)
		}
		s.take(w)
	}
	return all, ignored
}
