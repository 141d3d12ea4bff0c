package deliveries_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// truth is what GitHub has of a pull request, and nothing else.
type truth struct {
	number       int
	open, merged bool
	base, head   string
	mergeCommit  string
	author       string
	hands        []string // whoever wrote one of its commits, or pushed the head
	reviews      []opinion
	files        map[string]string // that it alters, as they are at the head
	approvedThen bool              // before it was merged, this judge's word
}

type opinion struct {
	by, state, commit string
	at                time.Time
}

// seen is what the product made of it.
type seen struct {
	checks   map[string]string // conclusion of the newest run by name, on the head
	comments int               // of ours
	says     string            // the last of them
	changes  []entered
}

type entered struct{ path, commit, status string }

var boxInFile = regexp.MustCompile(`resource:box-(\d+)`)

// wants is the conclusion that the approval check of an open pull request must have. The
// rules are these, and they are not taken from the product:
// what touches none of our files needs nobody; what is broken is approved by nobody;
// whoever owns the box and asked for changes last stops it; one owner who approved
// exactly the head last, and had no hand in it, is enough.
func (t truth) wants() string {
	if len(t.files) == 0 {
		return "success"
	}
	last := map[string]opinion{}
	for _, o := range t.reviews {
		if had, ok := last[o.by]; o.state != says && (!ok || !o.at.Before(had.at)) {
			last[o.by] = o
		}
	}
	good := false
	for _, text := range t.files {
		if strings.Contains(text, "no-such-runbook") {
			return "action_required"
		}
		box, err := strconv.Atoi(boxInFile.FindStringSubmatch(text)[1])
		if err != nil {
			return "not known: " + err.Error()
		}
		for who, o := range last {
			group, _, _ := strings.Cut(who, "-")
			switch {
			case group != ownersOf(box):
			case o.state == rejects:
				return "failure"
			case o.state == approves && o.commit == t.head && who != t.author && !slices.Contains(t.hands, who):
				good = true
			}
		}
	}
	if good {
		return "success"
	}
	return "action_required"
}

// findings are where the product is wrong.
func findings(t truth, s seen) (wrong []string) {
	add := func(format string, args ...any) {
		wrong = append(wrong, fmt.Sprintf("#%d: ", t.number)+fmt.Sprintf(format, args...))
	}
	if s.comments > 1 {
		add("there are %d comments of ours", s.comments)
	}
	name := "changectl/approval: " + t.base
	if want := t.wants(); t.open && s.checks[name] != want {
		add("%q is %q on %s, must be %q", name, s.checks[name], t.head, want)
	}
	if t.open && len(t.files) > 0 && s.comments != 1 {
		add("it has no comment")
	}
	wantChanges := 0
	if t.merged && t.base == onMain && !strings.Contains(strings.Join(texts(t.files), ""), "no-such-runbook") {
		wantChanges = len(t.files)
	}
	if len(s.changes) != wantChanges {
		add("%d changes came of it, must be %d", len(s.changes), wantChanges)
	}
	if len(s.changes) > 0 && strings.Contains(s.says, "is not submitted") {
		add("its comment says that a change is not submitted, which is")
	}
	for _, c := range s.changes {
		want := "awaiting-approval"
		if t.approvedThen {
			want = "scheduled"
		}
		if t.files[c.path] == "" || c.commit != t.mergeCommit || c.status != want {
			add("the change of %s at %s is %s; must be of %s and %s", c.path, c.commit, c.status, t.mergeCommit, want)
		}
	}
	return wrong
}

func texts(files map[string]string) (list []string) {
	for _, f := range files {
		list = append(list, f)
	}
	return list
}
