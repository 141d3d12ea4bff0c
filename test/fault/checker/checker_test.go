package checker

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
)

var noon = time.Date(2027, 3, 6, 12, 0, 0, 0, time.UTC)

// story is made-up evidence about one change, in the order in which it happened:
// every event is a second later than the one before.
type story struct {
	t        *testing.T
	now      time.Time
	rec      change.Record
	evidence Evidence
	tree     audit.Tree
	key      audit.Key
}

// newStory has a change of three steps: raise is idempotent, shift can be asked
// whether it is done, strike is neither.
func newStory(t *testing.T) *story {
	t.Helper()
	key, err := audit.GenerateKey("trial")
	if err != nil {
		t.Fatal(err)
	}
	step := func(name string, idempotent bool, doneWhen *change.Action) change.Step {
		a := change.Action{Uses: "command", Idempotent: idempotent, DoneWhen: doneWhen}
		undo := a
		return change.Step{Name: name, Action: a, Undo: &undo}
	}
	return &story{t: t, now: noon, key: key, rec: change.Record{
		ID: "CHG-1", Status: change.Completed,
		Plan: change.Plan{
			Window: change.Window{Start: noon, End: noon.Add(time.Hour)},
			Steps:  []change.Step{step("raise", true, nil), step("shift", false, &change.Action{Uses: "command"}), step("strike", false, nil)},
		},
	}}
}

// tell adds events. Each is a word and what it is about: "intent do 0/1/1" (step,
// run, attempt), "passed do 0/1/1", "begin do raise", "beside do raise" (a begin
// that is not alone), "end do raise", "retry raise", "continue raise".
func (s *story) tell(events ...string) *story {
	s.t.Helper()
	for _, e := range events {
		s.now = s.now.Add(time.Second)
		w := strings.Fields(e)
		switch w[0] {
		case "intent":
			s.entry("step.intent", e, w[1], w[2], "")
		case "passed", "unknown":
			s.entry("step.result", e, w[1], w[2], change.Outcome(w[0]))
		case "retry", "continue":
			s.append(audit.Entry{Kind: "decision." + w[0], What: "decides: " + e})
		case "beside":
			s.line(Begin, w[1], w[2], false)
		default:
			s.line(Event(w[0]), w[1], w[2], true)
		}
	}
	return s
}

func (s *story) line(e Event, direction, step string, alone bool) {
	s.evidence.Journal = append(s.evidence.Journal, Line{
		At: s.now, Event: e, Change: s.rec.ID, Step: step, Direction: change.Direction(direction), Alone: alone,
	})
}

func (s *story) entry(kind, what, direction, run string, o change.Outcome) {
	s.t.Helper()
	e := stepEntry{Direction: change.Direction(direction), Outcome: o}
	if _, err := fmt.Sscanf(run, "%d/%d/%d", &e.Step, &e.Run, &e.Attempt); err != nil {
		s.t.Fatal(err)
	}
	data, err := json.Marshal(e)
	if err != nil {
		s.t.Fatal(err)
	}
	s.append(audit.Entry{Kind: kind, What: what, Data: data})
}

func (s *story) append(e audit.Entry) {
	s.t.Helper()
	e.At, e.Change, e.Who = s.now, s.rec.ID, "system:changectl"
	leaf, err := audit.Leaf(e)
	if err != nil {
		s.t.Fatal(err)
	}
	s.evidence.Log = append(s.evidence.Log, audit.Record{Number: int64(len(s.evidence.Log)), Leaf: leaf, Entry: e})
	s.tree, _ = s.tree.Append(leaf)
}

// check asks the checker and returns the rules that were broken.
func (s *story) check() []string {
	s.t.Helper()
	note, err := audit.Checkpoint{Instance: "trial", Size: s.tree.Size(), Root: s.tree.Root()}.Sign(s.key)
	if err != nil {
		s.t.Fatal(err)
	}
	e := s.evidence
	e.Checkpoint, e.Verifier, e.Changes = note, s.key.Verifier(), []change.Record{s.rec}
	broken := []string{}
	for _, f := range Check(e) {
		s.t.Log(f)
		if !slices.Contains(broken, f.Rule) {
			broken = append(broken, f.Rule)
		}
	}
	return broken
}

// did is a step that went as it should.
func did(direction, name string, step int) []string {
	run := fmt.Sprintf(" %s %d/1/1", direction, step)
	return []string{"intent" + run, "begin " + direction + " " + name, "end " + direction + " " + name, "passed" + run}
}

func all(parts ...[]string) []string { return slices.Concat(parts...) }

func TestTheCheckerFindsWhatMustNotHappen(t *testing.T) {
	raise, shift, strike := did("do", "raise", 0), did("do", "shift", 1), did("do", "strike", 2)
	unRaise, unShift, unStrike := did("undo", "raise", 0), did("undo", "shift", 1), did("undo", "strike", 2)
	tests := []struct {
		name   string
		events []string
		alter  func(*story)
		want   []string
	}{
		{name: "a change that went well", events: all(raise, shift, strike)},
		{
			name:   "an idempotent step that was lost and began again",
			events: all([]string{"intent do 0/1/1", "begin do raise", "intent do 0/1/2", "begin do raise", "end do raise", "passed do 0/1/2"}, shift, strike),
		},
		{
			name:   "a step lost in the middle that could be asked",
			events: all(raise, []string{"intent do 1/1/1", "begin do shift", "intent do 1/1/2", "begin do shift", "end do shift", "passed do 1/1/2"}, strike),
		},
		{
			name:   "a step that began again though it could be asked, and stood",
			events: all(raise, []string{"intent do 1/1/1", "begin do shift", "end do shift", "intent do 1/1/2", "begin do shift", "end do shift", "passed do 1/1/2"}, strike),
			want:   []string{"once"},
		},
		{
			name:   "a plain step that began twice",
			events: all(raise, shift, []string{"intent do 2/1/1", "begin do strike", "intent do 2/1/2", "begin do strike", "end do strike", "passed do 2/1/2"}),
			want:   []string{"once"},
		},
		{
			name: "a plain step that began twice because somebody said so",
			events: all(raise, shift, []string{
				"intent do 2/1/1", "begin do strike", "intent do 2/1/2", "unknown do 2/1/2", "retry strike",
				"intent do 2/2/1", "begin do strike", "end do strike", "passed do 2/2/1",
			}),
		},
		{
			name: "a decision about another step",
			events: all(raise, shift, []string{
				"intent do 2/1/1", "begin do strike", "retry raise", "intent do 2/2/1", "begin do strike", "end do strike", "passed do 2/2/1",
			}),
			want: []string{"once"},
		},
		{name: "an effect without an intent", events: all(raise, shift, []string{"begin do strike", "end do strike"}), want: []string{"intent"}},
		{
			name:   "an intent that comes after the effect",
			events: all(raise, shift, []string{"begin do strike", "intent do 2/1/1", "end do strike", "passed do 2/1/1"}),
			want:   []string{"intent"},
		},
		{
			name:   "two effects of one intent",
			events: all([]string{"intent do 0/1/1", "begin do raise", "begin do raise", "end do raise", "passed do 0/1/1"}, shift, strike),
			want:   []string{"intent"},
		},
		{
			name:   "an effect after the result of its run",
			events: all(raise, shift, []string{"intent do 2/1/1", "unknown do 2/1/1", "begin do strike", "end do strike"}),
			want:   []string{"intent"},
		},
		{
			name:   "an effect beside another",
			events: all([]string{"intent do 0/1/1", "begin do raise", "intent do 0/1/2", "beside do raise", "end do raise", "passed do 0/1/2"}, shift, strike),
			want:   []string{"alone"},
		},
		{name: "steps out of order", events: all(raise, strike, shift), want: []string{"order"}},
		{name: "a change that was backed out", events: all(raise, shift, unShift, unRaise), alter: backedOut},
		{name: "undone in the wrong order", events: all(raise, shift, unRaise, unShift), alter: backedOut, want: []string{"undo-order"}},
		{name: "something is left of what was backed out", events: all(raise, shift, strike, unStrike, unShift), alter: backedOut, want: []string{"end"}},
		{
			name: "an effect before the window", events: all(raise, shift, strike), want: []string{"window"},
			alter: func(s *story) { s.rec.Plan.Window.Start = noon.Add(5 * time.Second) },
		},
		{
			name: "an effect when the window is over", events: all(raise, shift, strike), want: []string{"window"},
			alter: func(s *story) { s.rec.Plan.Window.End = noon.Add(5 * time.Second) },
		},
		{
			name:   "a result that is not true",
			events: all(raise, shift, []string{"intent do 2/1/1", "begin do strike", "passed do 2/1/1"}),
			want:   []string{"result", "end"},
		},
		{name: "two results of one run", events: all(raise, shift, strike, []string{"passed do 2/1/1"}), want: []string{"result"}},
		{name: "a result without an intent", events: all(raise, shift, strike, []string{"unknown do 2/2/1"}), want: []string{"result"}},
		{name: "completed without its last step", events: all(raise, shift), want: []string{"end"}},
		{name: "still running", events: all(raise, shift, strike), alter: status(change.Running), want: []string{"end"}},
		{name: "held without a reason", events: all(raise), alter: status(change.Held), want: []string{"end"}},
		{name: "held", events: all(raise), alter: func(s *story) { s.rec.Status, s.rec.Hold = change.Held, &change.Hold{Number: 1} }},
		{name: "failed by itself", events: all(raise), alter: status(change.Failed), want: []string{"end"}},
		{name: "expired after an effect", events: all(raise), alter: status(change.Expired), want: []string{"end"}},
		{
			name: "an effect of an unknown change", events: all(raise, shift, strike), want: []string{"stranger"},
			alter: func(s *story) {
				s.evidence.Journal = append(s.evidence.Journal, Line{At: noon, Event: Begin, Change: "CHG-2", Alone: true})
			},
		},
		{
			name: "an entry that was taken out of the log", events: all(raise, shift, strike, []string{"continue strike"}), want: []string{"log"},
			alter: func(s *story) { s.evidence.Log = s.evidence.Log[:len(s.evidence.Log)-1] },
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStory(t).tell(tt.events...)
			if tt.alter != nil {
				tt.alter(s)
			}
			want := tt.want
			if want == nil {
				want = []string{}
			}
			if diff := cmp.Diff(want, s.check()); diff != "" {
				t.Errorf("broken rules (-want +got):\n%s", diff)
			}
		})
	}
}

func backedOut(s *story) { s.rec.Status = change.BackedOut }

func status(to change.Status) func(*story) { return func(s *story) { s.rec.Status = to } }

func TestAJournalIsReadLineByLine(t *testing.T) {
	lines, err := ReadJournal(strings.NewReader(`{"at":"2027-03-06T12:00:00Z","event":"begin","change":"CHG-1","step":"raise","direction":"do","pid":7,"alone":true}
{"at":"2027-03-06T12:00:01Z","event":"end","change":"CHG-1","step":"raise","direction":"do","pid":7,"alone":true}
`))
	if err != nil || len(lines) != 2 || lines[1].Event != End {
		t.Errorf("read %v, %v", lines, err)
	}
	if _, err := ReadJournal(strings.NewReader(`{"at":`)); err == nil {
		t.Error("half a line was read")
	}
}
