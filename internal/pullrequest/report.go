package pullrequest

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/proposal"
	words "github.com/changectl/changectl/internal/report"
)

// report tells where the changes of the pull request stand: a status of a deployment
// for every time that one moved, and the table in the comment.
func (l *lookAt) report(ctx context.Context) error {
	planned := map[string]int{}
	for i, v := range l.view.Changes {
		planned[v.Path] = i
	}
	for i := range l.pins {
		p := &l.pins[i]
		rec, err := l.Ledger.Change(ctx, p.Change)
		if err != nil {
			return err
		}
		p.Status = rec.Status
		v := changeView(rec, l.Links)
		v.Path = p.Path
		if at, open := planned[p.Path]; open && l.pull.Open {
			v.Plan, v.Findings, v.Differences, v.Withheld = l.view.Changes[at].Plan, l.view.Changes[at].Findings, l.view.Changes[at].Differences, l.view.Changes[at].Withheld
			l.view.Changes[at] = v
		} else {
			l.view.Changes = append(l.view.Changes, v)
		}
		if err := l.deploy(ctx, *p, rec); err != nil {
			return err
		}
		if err := l.Ledger.Told(ctx, *p); err != nil {
			return err
		}
	}
	return l.conclude(ctx)
}

// conclude adds what was not submitted and why, whose signature is missing, and, once
// all is over, the checkpoint of the audit log.
func (l *lookAt) conclude(ctx context.Context) error {
	if m := l.state.Merge; m != nil {
		l.view.Notes = append(l.view.Notes, m.Problems...)
		if m.Why != "" && len(m.Changes) > 0 {
			l.view.Notes = append(l.view.Notes, "It was merged without being approved as it is: "+m.Why+". Approve the merge commit with /change approve "+m.Commit+", or with changectl approve")
		}
	}
	l.view.Answers = l.state.Answers
	if l.pull.Open || len(l.pins) == 0 || !l.ended() {
		return nil
	}
	note, _, err := l.Ledger.Checkpoint(ctx)
	if err != nil {
		return err
	}
	l.view.Checkpoint = l.checkpoint(note)
	return nil
}

// checkpoint is the one that was first shown: the log grows on, and the comment stays.
func (l *lookAt) checkpoint(now string) string {
	if l.state.Checkpoint == "" {
		l.state.Checkpoint = now
	}
	return l.state.Checkpoint
}

// deploy tells GitHub of every move of a change since the last time.
func (l *lookAt) deploy(ctx context.Context, p change.Pin, rec change.Record) error {
	if p.Commit == "" {
		return nil
	}
	r := l.state.Reports[p.Change]
	moves, err := l.Ledger.Moves(ctx, p.Change, r.Next)
	if err != nil || len(moves) == 0 {
		return err
	}
	if r.Deployment == 0 {
		if r.Deployment, err = l.deployment(ctx, p, rec); err != nil {
			return err
		}
		l.state.Reports[p.Change] = r
	}
	for _, m := range moves {
		s, tell := deploymentStatus(m.Entry)
		if tell {
			s.LogURL = l.temporal(p.Change)
			if err := l.Forge.SetDeploymentStatus(ctx, l.repo, r.Deployment, s); err != nil {
				return err
			}
		}
		r.Next = m.Number + 1
		l.state.Reports[p.Change] = r
		if err := l.keepBetween(ctx); err != nil {
			return err
		}
	}
	return nil
}

// deployment finds or makes the deployment of a change.
func (l *lookAt) deployment(ctx context.Context, p change.Pin, rec change.Record) (int64, error) {
	payload, err := json.Marshal(map[string]any{"change": p.Change, "path": p.Path})
	if err != nil {
		return 0, fmt.Errorf("encode payload of deployment: %w", err)
	}
	d := proposal.Deployment{
		Ref: p.Commit, Task: "changectl:" + string(p.Change), Environment: l.Instance, Production: true,
		Description: cut(string(p.Change)+": "+rec.Plan.Title, 140), Payload: string(payload),
	}
	there, err := l.Forge.Deployments(ctx, l.repo, p.Commit)
	if err != nil {
		return 0, err
	}
	for _, t := range there {
		if t.Task == d.Task && t.Environment == d.Environment {
			return t.ID, nil
		}
	}
	return l.Forge.CreateDeployment(ctx, l.repo, d)
}

// deploymentStatus is what GitHub is told of a move.
func deploymentStatus(e audit.Entry) (proposal.DeploymentStatus, bool) {
	status, ok := words.Moved(e)
	if !ok {
		return proposal.DeploymentStatus{}, false
	}
	s := proposal.DeploymentStatus{Description: cut(string(status), 140)}
	if e.Why != "" {
		s.Description = cut(string(status)+": "+e.Why, 140)
	}
	switch status {
	case change.Submitted, change.AwaitingApproval, change.Scheduled:
		s.State = "queued"
	case change.Waiting, change.Held:
		s.State = "pending"
	case change.Running, change.BackingOut:
		s.State = "in_progress"
	case change.Completed, change.ReviewDue, change.Closed:
		s.State = "success"
	case change.Refused, change.Rejected, change.BackedOut:
		s.State = "failure"
	case change.Failed:
		s.State = "error"
	case change.Expired, change.Cancelled:
		s.State = "inactive"
	}
	return s, true
}

func (l *lookAt) temporal(id change.ID) string {
	if l.Links.Temporal == nil {
		return ""
	}
	return l.Links.Temporal(id)
}

// changeView is where a change stands, for the comment.
func changeView(rec change.Record, links Links) proposal.ChangeView {
	v := proposal.ChangeView{
		Title: rec.Plan.Title, ID: rec.ID, Plan: &rec.Plan, Findings: rec.Findings, Status: rec.Status, Note: rec.Note, Hold: rec.Hold,
		Started: rec.StartedAt, Ended: rec.EndedAt,
	}
	if rec.Status.Active() && rec.Started() {
		v.Cutoff = words.Cutoff(rec)
	}
	for i, s := range rec.Plan.Steps {
		v.Steps = append(v.Steps, stepView(rec, i, s))
	}
	if links.Server != "" {
		v.Record = links.Server + "/v1/changes/" + string(rec.ID)
	}
	if links.Temporal != nil {
		v.Temporal = links.Temporal(rec.ID)
	}
	return v
}

func stepView(rec change.Record, i int, s change.Step) proposal.StepView {
	v := proposal.StepView{Name: s.Name, Title: s.Title, Phase: s.Phase, State: words.StepState(rec, i)}
	run, ran := words.Last(rec, i, change.Do)
	if undo, back := words.Last(rec, i, change.Undo); back {
		run = undo
	}
	if ran {
		v.Seen = run.Message
		if !run.ResultAt.IsZero() {
			v.Took = run.ResultAt.Sub(run.IntentAt).Round(time.Millisecond)
		}
	}
	return v
}

// cut shortens a text to so many characters.
func cut(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}
