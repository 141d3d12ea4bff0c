package pullrequest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/proposal"
)

// follow does what comments ask for, each once: those whose IDs are handled are passed
// over, and whatever is done carries the comment's ID as its nonce, so that doing it
// again after a worker died is nothing.
func (l *lookAt) follow(ctx context.Context, c *content) error {
	all, err := l.Forge.Comments(ctx, l.repo, l.key.Number)
	if err != nil {
		return err
	}
	for _, comment := range all {
		if l.state.Handled[comment.ID] || comment.Mine {
			continue
		}
		cmd, is, err := proposal.ParseCommand(comment.Body)
		if !is && err == nil {
			continue
		}
		if err := l.followOne(ctx, c, comment, cmd, err); err != nil {
			return err
		}
	}
	return nil
}

// followOne follows or refuses one command, answers, and puts a reaction to the comment.
func (l *lookAt) followOne(ctx context.Context, c *content, comment proposal.Comment, cmd proposal.Command, wrong error) error {
	if err := proposal.Eligible(comment, l.Clock()); err != nil {
		l.state.Handled[comment.ID] = true // edited, old, or an App's: passed over in silence
		return nil
	}
	text, err := "", wrong
	if err == nil {
		text, err = l.do(ctx, c, comment, cmd)
	}
	a := proposal.Answer{Who: comment.User.Login, Command: "/change " + string(cmd.Verb), OK: err == nil, Text: text}
	if err != nil {
		var e *change.Error
		if !errors.As(err, &e) || e.Kind == change.KindUnavailable {
			return err // asked again at the next look
		}
		a.Text = e.Error()
	}
	if cmd.Verb == "" {
		a.Command = "/change"
	}
	l.state.answer(a)
	l.state.Handled[comment.ID] = true
	l.noteCommand(comment, a)
	if err := l.react(ctx, comment, a.OK); err != nil {
		return err
	}
	return l.keepBetween(ctx) // whatever becomes of the rest of this look, it is followed
}

func (l *lookAt) noteCommand(comment proposal.Comment, a proposal.Answer) {
	who := change.Ref("system:changectl")
	if p, err := l.person(comment.User.Login); err == nil {
		who = p.Ref
	}
	kind := "command.followed"
	if !a.OK {
		kind = "command.refused"
	}
	l.note(kind, who, fmt.Sprintf("comment %d of @%s, %s, on", comment.ID, comment.User.Login, a.Command), a.Text, nil)
}

// react acknowledges. A comment that is gone needs none.
func (l *lookAt) react(ctx context.Context, comment proposal.Comment, ok bool) error {
	with := "+1"
	if !ok {
		with = "confused"
	}
	if err := l.Forge.React(ctx, l.repo, comment.ID, with); err != nil && !notYet(err) {
		return err
	}
	return nil
}

// do does what a command asks for, as the person whose account it is.
func (l *lookAt) do(ctx context.Context, c *content, comment proposal.Comment, cmd proposal.Command) (string, error) {
	if cmd.Verb == proposal.VerbHelp {
		return proposal.HelpText(), nil
	}
	who, err := l.person(comment.User.Login)
	if err != nil {
		return "", change.Denied("@%s is nobody whom the catalog knows; commands are for its people", comment.User.Login)
	}
	switch cmd.Verb {
	case proposal.VerbPlan:
		return "planned anew; see " + proposal.PlanName, nil
	case proposal.VerbStatus:
		return "what stands above is as of now", nil
	case proposal.VerbSubmit:
		return l.submitEarly(ctx, c, who)
	case proposal.VerbApprove, proposal.VerbReject:
		return l.speak(ctx, c, comment, cmd, who)
	case proposal.VerbAbort:
		return l.abort(ctx, comment, cmd, who)
	case proposal.VerbHelp:
	}
	return "", change.Invalid("%q is no command", cmd.Verb)
}

// speak takes an approval or rejection by command. What it is worth is counted with the
// reviews; here only what can never count is refused.
func (l *lookAt) speak(ctx context.Context, c *content, comment proposal.Comment, cmd proposal.Command, who change.Person) (string, error) {
	if l.pull.Merged {
		return l.speakMerged(ctx, comment, cmd, who)
	}
	if !l.pull.Open || c == nil {
		return "", change.Conflict("%s is closed; there is nothing to approve or reject", l.name())
	}
	reject := cmd.Verb == proposal.VerbReject
	switch {
	case !reject && !strings.EqualFold(cmd.SHA, l.pull.Head.SHA):
		return "", change.Denied("%s is not the newest commit of the pull request, which is %s; look at that and approve it", cmd.SHA, l.pull.Head.SHA)
	case !reject && l.uncountable(c) != "":
		return "", change.Conflict("there is nothing to approve yet: %s", l.uncountable(c))
	}
	l.state.Says = append(l.state.Says, said{
		Say: proposal.Say{
			Comment: comment.ID, User: comment.User, Reject: reject, SHA: strings.ToLower(cmd.SHA), Reason: cmd.Reason, At: comment.CreatedAt, URL: comment.URL,
		},
		Digest: c.digest,
	})
	if reject {
		return "the rejection is taken; it stands until the same person approves", nil
	}
	return "the approval is taken; the table says what it counts for", nil
}

// submitEarly enters the changes before the merge, so that their systems are reserved.
// Nothing of them runs before the merge, and a push revises them.
func (l *lookAt) submitEarly(ctx context.Context, c *content, who change.Person) (string, error) {
	author, withheld := l.author()
	switch {
	case !l.pull.Open || c == nil:
		return "", change.Conflict("%s is not open; a merge submits by itself", l.name())
	case withheld != "":
		return "", change.Denied("%s", withheld)
	case who.Ref != author.Ref && !l.Catalog().IsMember(who.Ref, c.grounds.base.Layout.Owners):
		return "", change.Denied("%s neither wrote the pull request nor is of %s; they submit it", who.Ref, c.grounds.base.Layout.Owners)
	case len(c.checked.Requests) == 0:
		return "", change.Invalid("the pull request holds no change request")
	case c.digest == "":
		return "", change.Conflict("it cannot be submitted yet: %s", l.uncountable(c))
	}
	var ids []string
	for _, r := range c.checked.Requests {
		id, err := l.enter(ctx, c, r, author, "")
		if err != nil {
			return "", err
		}
		ids = append(ids, string(id))
	}
	return strings.Join(ids, ", ") + ": the systems are reserved; nothing starts before the merge", nil
}

// abort withdraws the changes of the pull request that have not started, and has those
// that run backed out.
func (l *lookAt) abort(ctx context.Context, comment proposal.Comment, cmd proposal.Command, who change.Person) (string, error) {
	var did []string
	for _, p := range l.pins {
		rec, err := l.Ledger.Change(ctx, p.Change)
		if err != nil {
			return "", err
		}
		if rec.Status.Final() {
			continue
		}
		verb := change.Cancel
		if rec.Started() {
			verb = change.BackOut
		}
		_, err = l.Desk.Decide(ctx, who, p.Change, httpapi.DecideRequest{
			Verb: verb, Reason: cmd.Reason, Nonce: fmt.Sprintf("github-comment-%d-%d-%s", l.repo.ID, comment.ID, p.Change),
		})
		if err != nil {
			return "", err
		}
		did = append(did, fmt.Sprintf("%s: %s is decided", p.Change, verb))
	}
	if len(did) == 0 {
		return "", change.Conflict("no change of %s waits or runs; there is nothing to abort", l.name())
	}
	return strings.Join(did, "; "), nil
}
