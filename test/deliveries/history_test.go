package deliveries_test

import "math/rand/v2"

// act is something that somebody does.
type act struct {
	pull int
	what string
	by   string
	arg  string
}

// What is done. Of a push arg says whether it is broken, of a review its state, of a
// comment its text, of a change of the base the branch, of a merge the method.
const (
	opens       = "open"
	pushes      = "push"
	comments    = "comment"
	reviews     = "review"
	closes      = "close"
	reopens     = "reopen"
	retargets   = "retarget"
	merges      = "merge, if it may be"
	forces      = "merge past the rules"
	broken      = "broken"
	onRelease   = "release"
	onMain      = "main"
	approves    = "APPROVED"
	rejects     = "CHANGES_REQUESTED"
	says        = "COMMENTED"
	justTalk    = "Looks plausible to me."
	asksForHelp = "/change help"
)

// line is what the author of a history remembers of a pull request.
type line struct {
	box     int
	author  string
	aside   bool // it touches nothing that is governed
	open    bool
	release bool // its base is the other branch
	broken  bool
	spoke   map[string]bool // in this round
}

// author writes histories: the same from the same seed.
type author struct {
	dice  *rand.Rand
	lines []*line
	acts  []act
}

// history is what happens, in rounds.
func history(seed uint64, pulls int) [][]act {
	a := &author{dice: rand.New(rand.NewPCG(seed, 1))} //nolint:gosec // it shall be the same each time
	for i := range pulls {
		l := &line{box: i, author: person("makers", a.dice.IntN(makers)), aside: i%4 == 3}
		if a.maybe(20) {
			l.author = person(ownersOf(i), a.dice.IntN(members))
		}
		a.lines = append(a.lines, l)
	}
	var rounds [][]act
	for _, round := range []func(*line){a.begin, a.review, a.answer, a.end} {
		a.acts = nil
		for _, i := range a.dice.Perm(pulls) {
			a.lines[i].spoke = map[string]bool{}
			round(a.lines[i])
		}
		rounds = append(rounds, a.acts)
	}
	return rounds
}

func (a *author) maybe(percent int) bool { return a.dice.IntN(100) < percent }

func (a *author) do(l *line, what, by, arg string) {
	a.acts = append(a.acts, act{l.box, what, by, arg})
}

// begin opens it and lets its author find the way.
func (a *author) begin(l *line) {
	l.open, l.broken = true, a.maybe(15)
	a.do(l, opens, l.author, words(l.broken))
	if a.maybe(25) {
		a.do(l, retargets, l.author, onRelease)
		l.release = true
		if a.maybe(30) {
			a.do(l, retargets, l.author, onMain)
			l.release = false
		}
	}
	for range a.dice.IntN(3) {
		a.push(l)
	}
	a.talk(l)
	if a.maybe(20) {
		a.do(l, closes, l.author, "")
		l.open = false
		if a.maybe(60) {
			a.do(l, reopens, l.author, "")
			l.open = true
		}
	}
}

func (a *author) push(l *line) {
	by := l.author
	if a.maybe(30) {
		by = person("makers", a.dice.IntN(makers))
	} else if a.maybe(20) {
		by = person(ownersOf(l.box), a.dice.IntN(members))
	}
	l.broken = a.maybe(15)
	a.do(l, pushes, by, words(l.broken))
}

func words(isBroken bool) string {
	if isBroken {
		return broken
	}
	return ""
}

func (a *author) talk(l *line) {
	switch a.dice.IntN(4) {
	case 0:
		a.do(l, comments, person("keepers", a.dice.IntN(members)), justTalk)
	case 1:
		a.do(l, comments, l.author, asksForHelp)
	}
}

// review has people look at it; some push once more after that.
func (a *author) review(l *line) {
	if !l.open {
		return
	}
	owners := ownersOf(l.box)
	switch n := a.dice.IntN(100); {
	case n < 60:
		a.speak(l, owners, approves)
	case n < 75:
		a.speak(l, owners, rejects)
	case n < 85:
		a.speak(l, owners, says)
	}
	if a.maybe(25) {
		a.speak(l, "keepers", approves) // who are not asked
	}
	if a.maybe(20) {
		a.push(l)
	}
	a.talk(l)
}

func (a *author) speak(l *line, group, state string) {
	who := person(group, a.dice.IntN(members))
	if who == l.author || l.spoke[who] {
		return // nobody reviews their own, and nobody says two things in a second
	}
	l.spoke[who] = true
	a.do(l, reviews, who, state)
}

// answer has the author repair it, and people look again.
func (a *author) answer(l *line) {
	if !l.open {
		if a.maybe(30) {
			a.do(l, reopens, l.author, "")
			l.open = true
		}
		return
	}
	if l.broken {
		l.broken = false
		a.do(l, pushes, l.author, "")
	}
	for range 2 {
		if a.maybe(60) {
			a.speak(l, ownersOf(l.box), approves)
		}
	}
	if a.maybe(8) {
		a.do(l, closes, l.author, "")
		l.open = false
	}
}

var methods = []string{"merge", "squash", "rebase"}

// end merges what may be merged, and a little that may not.
func (a *author) end(l *line) {
	method := methods[a.dice.IntN(len(methods))]
	switch {
	case !l.open:
	case a.maybe(80):
		a.do(l, merges, l.author, method)
	case a.maybe(50):
		a.do(l, forces, person("keepers", 0), method)
	}
}
