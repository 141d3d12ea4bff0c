package deliveries_test

import (
	"testing"
	"time"
)

// TestTheJudgeFindsDoctoredStates shows it right states, of which it must say nothing, and
// the same with one thing altered.
func TestTheJudgeFindsDoctoredStates(t *testing.T) {
	file := map[string]string{"changes/box-1.yaml": "parameters: {box: resource:box-1}"}
	approved := opinion{"g1-0", approves, "head", time.Unix(10, 0)}
	open := truth{number: 7, open: true, base: "main", head: "head", author: "makers-0", hands: []string{"makers-0"}, files: file, reviews: []opinion{approved}}
	shown := seen{checks: map[string]string{"changectl/approval: main": "success"}, comments: 1}
	merged := truth{number: 8, merged: true, base: "main", head: "head", mergeCommit: "m", files: file, approvedThen: true}
	became := seen{comments: 1, changes: []entered{{"changes/box-1.yaml", "m", "scheduled"}}}
	for name, right := range map[string]struct {
		truth
		seen
	}{"open": {open, shown}, "merged": {merged, became}} {
		if wrong := findings(right.truth, right.seen); len(wrong) > 0 {
			t.Errorf("%s and right: %v", name, wrong)
		}
	}
	for name, doctor := range map[string]func(*truth, *seen){
		"another commit was approved":      func(w *truth, _ *seen) { w.head = "newer" },
		"the approver pushed":              func(w *truth, _ *seen) { w.hands = append(w.hands, "g1-0") },
		"the approver opened it":           func(w *truth, _ *seen) { w.author = "g1-0" },
		"the approver owns something else": func(w *truth, _ *seen) { w.reviews = []opinion{{"g2-0", approves, "head", time.Unix(10, 0)}} },
		"another owner rejects": func(w *truth, _ *seen) {
			w.reviews = append(w.reviews, opinion{"g1-1", rejects, "old", time.Unix(5, 0)})
		},
		"the approver rejected afterwards": func(w *truth, _ *seen) {
			w.reviews = append(w.reviews, opinion{"g1-0", rejects, "head", time.Unix(11, 0)})
		},
		"nobody reviewed":                    func(w *truth, _ *seen) { w.reviews = nil },
		"the file is broken":                 func(w *truth, _ *seen) { w.files = map[string]string{"x": "no-such-runbook resource:box-1"} },
		"approved, and the check waits":      func(_ *truth, s *seen) { s.checks = map[string]string{"changectl/approval: main": "action_required"} },
		"no check":                           func(_ *truth, s *seen) { s.checks = nil },
		"the check is for another branch":    func(w *truth, _ *seen) { w.base = "release" },
		"two comments":                       func(_ *truth, s *seen) { s.comments = 2 },
		"no comment":                         func(_ *truth, s *seen) { s.comments = 0 },
		"a change of what is not merged yet": func(_ *truth, s *seen) { s.changes = became.changes },
	} {
		w, s := open, shown
		doctor(&w, &s)
		if len(findings(w, s)) == 0 {
			t.Errorf("open, %s: nothing found", name)
		}
	}
	for name, doctor := range map[string]func(*truth, *seen){
		"no change":                       func(_ *truth, s *seen) { s.changes = nil },
		"two changes":                     func(_ *truth, s *seen) { s.changes = append(s.changes, s.changes[0]) },
		"told not to be submitted":        func(_ *truth, s *seen) { s.says = "changes/box-1.yaml is not submitted: why not" },
		"pinned to another commit":        func(w *truth, _ *seen) { w.mergeCommit = "n" },
		"approved, and it waits":          func(_ *truth, s *seen) { s.changes = []entered{{"changes/box-1.yaml", "m", "awaiting-approval"}} },
		"scheduled without an approval":   func(w *truth, _ *seen) { w.approvedThen = false },
		"merged to a branch of no moment": func(w *truth, _ *seen) { w.base = "release" },
	} {
		w, s := merged, became
		doctor(&w, &s)
		if len(findings(w, s)) == 0 {
			t.Errorf("merged, %s: nothing found", name)
		}
	}
}
