package ghfake

import (
	"fmt"
	"strings"
	"time"
)

// Review is a review of a pull request.
type Review struct {
	ID     int64
	User   *User
	State  string // APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED or PENDING
	Body   string
	Commit string
	At     time.Time
}

// The states of a review.
const (
	Approved         = "APPROVED"
	ChangesRequested = "CHANGES_REQUESTED"
	Commented        = "COMMENTED"
	Dismissed        = "DISMISSED"
	Pending          = "PENDING"
)

// Review reviews a commit; empty means the head.
func (p *Pull) Review(by *User, state, commit string) Review {
	p.Repo.s.mu.Lock()
	defer p.Repo.s.mu.Unlock()
	return p.review(by, state, commit, "").now
}

func (p *Pull) review(by *User, state, commit, body string) *record[Review] {
	s := p.Repo.s
	if commit == "" {
		commit = p.record.now.HeadSHA
	}
	r := fresh(Review{s.nextID(), by, state, body, commit, s.now()}, s.lag(Reviews))
	p.reviews = append(p.reviews, r)
	if state != Pending {
		p.tellReview("submitted", r.now, by)
	}
	return r
}

// Dismiss takes a review back.
func (p *Pull) Dismiss(id int64, by *User) error {
	p.Repo.s.mu.Lock()
	defer p.Repo.s.mu.Unlock()
	for _, r := range p.reviews {
		if r.now.ID == id {
			p.dismiss(r, by)
			return nil
		}
	}
	return fmt.Errorf("dismiss the review %d: #%d has none such", id, p.Number)
}

func (p *Pull) dismiss(r *record[Review], by *User) {
	r.change(p.Repo.s.now(), p.Repo.s.lag(Reviews), func(v *Review) { v.State = Dismissed })
	p.tellReview("dismissed", r.now, by)
}

// dismissStale takes approvals away after a push, where the branch's rules say so.
func (p *Pull) dismissStale(by *User) {
	if !p.Repo.rules[p.record.now.BaseRef].DismissStale {
		return
	}
	for _, r := range p.reviews {
		if r.now.State == Approved {
			p.dismiss(r, by)
		}
	}
}

// tellReview sends the event. In events the state is in lower case.
func (p *Pull) tellReview(action string, r Review, by *User) {
	review := p.reviewJSON(r)
	review["state"] = strings.ToLower(r.State)
	p.Repo.s.emit(p.Repo, "pull_request_review", action, by, object{
		"review": review, "pull_request": p.json(p.record.now),
	})
}

func (p *Pull) reviewJSON(r Review) object {
	at := fmt.Sprintf("%s/pull/%d#pullrequestreview-%d", p.Repo.html(), p.Number, r.ID)
	pull := fmt.Sprintf("%s/pulls/%d", p.Repo.url(), p.Number)
	out := object{
		"id": r.ID, "node_id": fmt.Sprintf("PRR_%d", r.ID), "user": nil, "body": r.Body, "state": r.State, "commit_id": r.Commit,
		"html_url": at, "pull_request_url": pull, "author_association": "COLLABORATOR",
		"_links":       object{"html": link(at), "pull_request": link(pull)},
		"submitted_at": stamp(r.At),
	}
	if !r.User.gone {
		out["user"] = p.Repo.s.userJSON(r.User)
	}
	if r.State == Pending {
		delete(out, "submitted_at")
	}
	return out
}
