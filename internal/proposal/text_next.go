package proposal

import (
	"strings"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/report"
)

// next says, as Markdown, what is to be done now and by whom.
func next(v View) string {
	if submitted := v.submitted(); len(submitted) > 0 {
		return nextOf(submitted)
	}
	switch v.phase() {
	case PhaseClosed:
		return "nothing. Reopened, it is planned again."
	case PhaseMerged:
		if len(v.Changes) == 0 {
			return "nothing."
		}
		return "nothing; it takes some seconds."
	case PhaseOpen:
	}
	return nextOpen(v)
}

// nextOpen is next before the merge.
func nextOpen(v View) string {
	blocked := v.blocked()
	conclusion, _ := planState(v)
	switch {
	case v.failures() > 0:
		return "the author corrects what is listed here and pushes."
	case len(blocked) > 0:
		return "the author chooses another window and pushes" + freeSlot(blocked) + ", or talks to whoever is in the way."
	case withheld(v) && v.Fork:
		return "somebody who may see plans looks at the files and brings these commits to a branch of this repository. " +
			"From a fork they are validated and no more."
	case withheld(v):
		return "see below why no plan is shown."
	case conclusion != Success:
		return "nothing; it is planned by itself."
	case len(v.Approval.Rejected) > 0:
		return "talk to " + listed(v.Approval.Rejected, fewNames, ", ", vote) + ". A later approval of the same person takes the rejection back."
	case v.approved():
		return merge(v)
	case v.Approval.Unknown != "":
		return "see below why nobody's approval counts."
	}
	return review(v)
}

func withheld(v View) bool {
	for _, c := range v.Changes {
		if c.Withheld != "" {
			return true
		}
	}
	return false
}

func freeSlot(list []change.Finding) string {
	if s := slots(list); len(s) == 1 {
		return " (" + s[0] + " is free)"
	}
	return ""
}

// merge says what merging does.
func merge(v View) string {
	switch {
	case len(v.Changes) == 0:
		return "merge it. Nothing runs by that."
	case len(v.Approval.Signatures) > 0:
		return "merge it, then sign: " + signCommands(v) + ". Nothing runs before that."
	}
	return "merge it. What is shown here is then submitted, and starts by itself when its window opens, not a second before."
}

// review says who must look and how they approve.
func review(v View) string {
	var who []string
	for _, m := range v.Approval.Needs {
		if !m.met() {
			who = append(who, anyOfText(m.Need, codeRef))
		}
	}
	if len(who) == 0 {
		return "nothing; the approvals are being counted."
	}
	return "members of " + listed(who, fewNames, " and of ", func(s string) string { return s }) +
		" read the files and the plan, and approve commit " + code(shortened(v.Head)) + " in a review, or comment `/change reject REASON`. " +
		"Another push voids what was approved. Nothing runs before the merge."
}

// nextOf says for each submitted change what is to be done.
func nextOf(list []ChangeView) string {
	if len(list) == 1 {
		return nextOne(list[0])
	}
	return listed(list, shortRows, "", func(c ChangeView) string {
		return "\n- " + prose(string(c.ID), titleLength) + ": " + nextOne(c)
	})
}

func nextOne(c ChangeView) string {
	switch c.Status {
	case change.Submitted:
		return "nothing; it is checked within seconds."
	case change.AwaitingApproval:
		return "whoever must sign looks at the plan and signs: " + command("approve", c) + "."
	case change.Scheduled:
		return "nothing. It starts by itself when its window opens" + opens(c) + ", not a second before. To stop it: " + command("cancel", c) + "."
	case change.Waiting:
		return "whoever is in the way ends their work; it then starts by itself" + closes(c) + ". Who that is: " + command("explain", c) + "."
	case change.Running:
		return "nothing. To turn back: " + commandWith("decide", c, "back-out") + "."
	case change.Held:
		return decide(c)
	case change.BackingOut:
		return "nothing. Where a way back fails, it is held for a person."
	case change.Failed:
		return "people look at its systems, whose state is not known; they stay claimed, so that nothing else starts on them: " + command("show", c) + "."
	case change.ReviewDue:
		return "somebody other than who submitted it reviews it."
	case change.Refused, change.Expired:
		return "for another window, open a new pull request."
	case change.Rejected, change.Cancelled, change.Completed, change.BackedOut, change.Closed:
		return "nothing; its way has ended."
	}
	return "see the record."
}

func command(verb string, c ChangeView) string { return commandWith(verb, c, "") }

func commandWith(verb string, c ChangeView, rest string) string {
	return code(strings.TrimSpace("changectl " + verb + " " + string(c.ID) + " " + rest))
}

// decisionWords say what each decision in a hold does.
var decisionWords = map[change.Verb]string{
	change.RetryIt:    "tries the step again",
	change.Continue:   "goes on in spite of it; takes a reason and a signature",
	change.BackOut:    "undoes what was done, last first",
	change.SignOff:    "signs the step off",
	change.Cancel:     "ends it before it begins",
	change.BreakClaim: "takes its systems away from it; takes two persons",
}

// decide lists what a person can choose in a hold.
func decide(c ChangeView) string {
	s := "a person decides. " + command("explain", c) + " says what happened and who else is at work."
	if c.Hold == nil {
		return s
	}
	for _, v := range c.Hold.Choices {
		do := commandWith("decide", c, string(v))
		switch v {
		case change.Continue:
			do = commandWith("decide", c, "continue --reason TEXT")
		case change.Cancel:
			do = commandWith("cancel", c, "--reason TEXT")
		case change.Approve, change.Reject, change.RetryIt, change.BackOut, change.SignOff, change.BreakClaim:
		}
		s += "\n  - " + do
		if what := decisionWords[v]; what != "" {
			s += " " + what
		}
	}
	return s
}

func opens(c ChangeView) string {
	if c.Plan == nil {
		return ""
	}
	return ", " + report.Moment(c.Plan.Window.Start, c.Plan.Window.Zone)
}

func closes(c ChangeView) string {
	if c.Plan == nil {
		return ""
	}
	return ", or expires at " + report.Moment(c.Plan.Window.End, c.Plan.Window.Zone)
}
