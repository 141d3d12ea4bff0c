package pullrequest

import (
	"testing"
	"time"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/proposal"
)

var noon = time.Date(2027, 3, 6, 12, 0, 0, 0, time.UTC)

func TestSinceWhenExactlyThisHasBeenShown(t *testing.T) {
	type look struct{ head, base, digest string }
	tests := map[string]struct {
		looks []look
		want  int // index of the look since which votes count; -1 for all
	}{
		"the first":                         {[]look{{"h1", "main", "d1"}}, -1},
		"the same again":                    {[]look{{"h1", "main", "d1"}, {"h1", "main", "d1"}}, -1},
		"pushed to":                         {[]look{{"h1", "main", "d1"}, {"h2", "main", "d2"}}, -1},
		"a runbook on the base is replaced": {[]look{{"h1", "main", "d1"}, {"h1", "main", "d2"}}, 1},
		"and looked at again":               {[]look{{"h1", "main", "d1"}, {"h1", "main", "d2"}, {"h1", "main", "d2"}}, 1},
		"and put back":                      {[]look{{"h1", "main", "d1"}, {"h1", "main", "d2"}, {"h1", "main", "d1"}}, 2},
		"moved to another branch":           {[]look{{"h1", "main", "d1"}, {"h1", "next", "d1"}}, 1},
		"broken and mended on the base":     {[]look{{"h1", "main", "d1"}, {"h1", "main", ""}, {"h1", "main", "d1"}}, 2},
		"problems first":                    {[]look{{"h1", "main", ""}, {"h1", "main", "d1"}}, 1},
		"pushed back":                       {[]look{{"h1", "main", "d1"}, {"h2", "main", "d2"}, {"h1", "main", "d1"}}, -1},
		"replaced, away and back":           {[]look{{"h1", "main", "d1"}, {"h1", "main", "d2"}, {"h2", "main", "d3"}, {"h1", "main", "d2"}}, 1},
		"replaced while away":               {[]look{{"h1", "main", "d1"}, {"h2", "main", "d3"}, {"h1", "main", "d2"}}, 2},
		"moved, away and back":              {[]look{{"h1", "main", "d1"}, {"h1", "next", "d1"}, {"h2", "next", "d2"}, {"h1", "next", "d1"}}, 1},
		"moved while away":                  {[]look{{"h1", "main", "d1"}, {"h2", "main", "d2"}, {"h2", "next", "d2"}, {"h1", "next", "d1"}}, 3},
		"replaced, then pushed to":          {[]look{{"h1", "main", "d1"}, {"h1", "main", "d2"}, {"h2", "main", "d3"}}, -1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var s state
			for i, l := range tt.looks {
				s.show(l.head, l.base, l.digest, noon.Add(time.Duration(i)*time.Minute))
			}
			want := time.Time{}
			if tt.want >= 0 {
				want = noon.Add(time.Duration(tt.want) * time.Minute)
			}
			if !s.Shown.Since.Equal(want) {
				t.Errorf("votes count since %s, want %s", s.Shown.Since, want)
			}
		})
	}
}

func TestTheCommentShowsTheLastAnswers(t *testing.T) {
	var s state
	for i := range 9 {
		s.answer(proposal.Answer{Who: string(rune('a' + i))})
	}
	if len(s.Answers) != answers || s.Answers[answers-1].Who != "i" {
		t.Errorf("got %v", s.Answers)
	}
}

func TestBranchesOfAMergeQueue(t *testing.T) {
	sha := "0123456789abcdef0123456789abcdef01234567"
	for branch, want := range map[string]int{
		"gh-readonly-queue/main/pr-12-" + sha:          12,
		"gh-readonly-queue/release/2027/pr-3-" + sha:   3,
		"gh-readonly-queue/main/pr-12":                 0,
		"gh-readonly-queue/main/pr-0-" + sha:           0,
		"gh-readonly-queue/main/pr-99999999999-" + sha: 0,
		"main":                                  0,
		"x/gh-readonly-queue/main/pr-12-" + sha: 0,
	} {
		if got := Queued(branch); got != want {
			t.Errorf("%s: got %d, want %d", branch, got, want)
		}
	}
}

func TestEveryStatusIsToldAsAStateThatGitHubHas(t *testing.T) {
	states := map[string]bool{"queued": true, "pending": true, "in_progress": true, "success": true, "failure": true, "error": true, "inactive": true}
	for _, s := range change.Statuses {
		got, tell := deploymentStatus(audit.Entry{Kind: "change." + string(s), Why: "because"})
		if !tell || !states[got.State] || got.Description != string(s)+": because" {
			t.Errorf("%s: %+v, told %v", s, got, tell)
		}
	}
	if _, tell := deploymentStatus(audit.Entry{Kind: "change.rechecked"}); tell {
		t.Error("a change that did not move is told")
	}
	long := audit.Entry{Kind: "change.held", Why: string(make([]rune, 500))}
	if got, _ := deploymentStatus(long); len([]rune(got.Description)) > 140 {
		t.Errorf("a description of %d characters; GitHub takes 140", len([]rune(got.Description)))
	}
}
