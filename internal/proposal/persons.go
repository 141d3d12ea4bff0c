package proposal

import (
	"fmt"
	"regexp"

	"github.com/changectl/changectl/internal/change"
)

// loginPattern is what logins of persons look like; those of companies hold _.
var loginPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$`)

// personOf returns the person whose account it is, or says why it is nobody's.
func personOf(u User, people People) (change.Person, string) {
	switch {
	case u.Login == "":
		return change.Person{}, "the account is gone"
	case !u.Human() || !loginPattern.MatchString(u.Login):
		return change.Person{}, fmt.Sprintf("@%s is not a person's account", u.Login)
	}
	p, err := people.ByLogin(u.Login)
	switch {
	case change.KindOf(err) == change.KindNotFound:
		return change.Person{}, fmt.Sprintf("@%s is nobody whom the catalog knows", u.Login)
	case change.KindOf(err) == change.KindDenied:
		return change.Person{}, fmt.Sprintf("@%s is the login of several persons of the catalog", u.Login)
	case err != nil || p.Ref == "":
		return change.Person{}, fmt.Sprintf("it cannot be told who @%s is", u.Login)
	}
	return p, ""
}

// writers are the persons who had a hand in a pull request, each with how. Where it is
// not certain who they are, unknown says so: then nobody can be told from them.
type writers struct {
	people  People
	own     map[change.Ref]string
	unknown string
}

func (w *writers) doubt(format string, args ...any) {
	if w.unknown == "" {
		w.unknown = fmt.Sprintf(format, args...)
	}
}

func (w *writers) all(b Ballot) {
	switch {
	case b.Head == "":
		w.doubt("the head is not known")
	case b.Digest == "":
		w.doubt("it is not worked out yet what would be approved")
	}
	w.pusher(b)
	w.author(b)
	w.commits(b)
}

// pusher must be a person: behind any other account may be whoever approves.
func (w *writers) pusher(b Ballot) {
	if b.Pusher == (User{}) {
		w.doubt("GitHub does not show who pushed %s", short(b.Head))
		return
	}
	p, why := personOf(b.Pusher, w.people)
	if why != "" {
		w.doubt("the head was pushed by somebody who cannot be told from others: %s", why)
		return
	}
	w.own[p.Ref] = fmt.Sprintf("@%s pushed the head, and whoever did does not approve it", b.Pusher.Login)
}

// author must be a person too, or an App: what it proposes, a person has pushed.
func (w *writers) author(b Ballot) {
	if b.Author.Type == "Bot" && b.Author.Login != "" {
		return
	}
	p, why := personOf(b.Author, w.people)
	if why != "" {
		w.doubt("the author cannot be told from others: %s", why)
		return
	}
	w.own[p.Ref] = fmt.Sprintf("@%s opened the pull request, and nobody approves their own", b.Author.Login)
}

// commits name whom git says; anybody can write any name there, so that they can only
// take persons away.
func (w *writers) commits(b Ballot) {
	head := false
	for _, c := range b.Commits {
		head = head || c.SHA == b.Head
		for _, u := range []User{c.Author, c.Committer} {
			if u.Login == "" {
				continue
			}
			p, err := w.people.ByLogin(u.Login)
			switch {
			case change.KindOf(err) == change.KindNotFound: // nobody who could approve
			case err != nil:
				w.doubt("it cannot be told which person wrote %s", short(c.SHA))
			case w.own[p.Ref] == "":
				w.own[p.Ref] = fmt.Sprintf("@%s wrote %s, and nobody approves their own", u.Login, short(c.SHA))
			}
		}
	}
	switch {
	case len(b.Commits) < b.Total:
		w.doubt("GitHub shows %d of %d commits; make it a smaller pull request", len(b.Commits), b.Total)
	case !head:
		w.doubt("GitHub does not show the commits up to the head")
	}
}
