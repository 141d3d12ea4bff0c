package ghfake

import (
	"errors"
	"fmt"
	"time"
)

// Pull is a pull request. Repo and Number never change; State tells the rest.
type Pull struct {
	Repo   *Repo
	Number int

	id      int64
	record  *record[PullState]
	reviews []*record[Review]
	trial   trial
}

// PullState is what a pull request is at a moment.
type PullState struct {
	Title, Body              string
	Author                   *User
	Open, Draft, Merged      bool
	MergedBy                 *User
	MergeCommit              string // on the base branch, once merged
	HeadRepo                 *Repo
	HeadRef, HeadSHA         string
	BaseRef, BaseSHA         string // BaseSHA is where the base was when the head last moved
	Created, Updated, Closed time.Time
}

// PullOptions say what is opened.
type PullOptions struct {
	Head  string // branch
	From  *Repo  // where the head is; the repository itself when nil
	Base  string // default branch when empty
	Title string
	Body  string
	Draft bool
}

// OpenPull opens a pull request.
func (r *Repo) OpenPull(by *User, o PullOptions) (*Pull, error) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	return r.openPull(by, o)
}

func (r *Repo) openPull(by *User, o PullOptions) (*Pull, error) {
	if o.From == nil {
		o.From = r
	}
	if o.Base == "" {
		o.Base = r.DefaultBranch
	}
	head, base := o.From.refs["refs/heads/"+o.Head], r.refs["refs/heads/"+o.Base]
	switch {
	case head == "":
		return nil, fmt.Errorf("open a pull request: there is no branch %s in %s", o.Head, o.From.FullName())
	case base == "":
		return nil, fmt.Errorf("open a pull request: there is no branch %s in %s", o.Base, r.FullName())
	case r.ancestor(head, base):
		return nil, fmt.Errorf("open a pull request: there are no commits between %s and %s", o.Base, o.Head)
	}
	if o.Title == "" {
		o.Title = "Change of " + o.Head
	}
	at := r.s.now()
	p := &Pull{Repo: r, id: r.s.nextID(), Number: len(r.pulls) + 1, record: fresh(PullState{
		Title: o.Title, Body: o.Body, Author: by, Open: true, Draft: o.Draft, HeadRepo: o.From, HeadRef: o.Head, HeadSHA: head,
		BaseRef: o.Base, BaseSHA: base, Created: at, Updated: at,
	}, r.s.lag(Pulls))}
	if err := p.takeHead(head); err != nil {
		return nil, err
	}
	r.pulls = append(r.pulls, p)
	p.emit("opened", by, nil)
	return p, nil
}

// State returns what the pull request is now, whatever REST shows.
func (p *Pull) State() PullState {
	p.Repo.s.mu.Lock()
	defer p.Repo.s.mu.Unlock()
	return p.record.now
}

// Close closes it without a merge.
func (p *Pull) Close(by *User) error { return p.turn(false, "closed", by) }

// Reopen opens it again, with the head that its branch has now.
func (p *Pull) Reopen(by *User) error { return p.turn(true, "reopened", by) }

func (p *Pull) turn(open bool, action string, by *User) error {
	p.Repo.s.mu.Lock()
	defer p.Repo.s.mu.Unlock()
	if p.record.now.Merged || p.record.now.Open == open {
		return fmt.Errorf("have #%d %s: it is not in a state for that", p.Number, action)
	}
	p.alter(func(v *PullState) {
		v.Open = open
		v.Closed = p.Repo.s.now()
		if open {
			v.Closed = time.Time{}
			v.HeadSHA = v.HeadRepo.refs["refs/heads/"+v.HeadRef]
		}
	})
	if open {
		if err := p.takeHead(p.record.now.HeadSHA); err != nil {
			return err
		}
	}
	p.emit(action, by, nil)
	return nil
}

// Retarget gives it another base branch.
func (p *Pull) Retarget(base string, by *User) error {
	p.Repo.s.mu.Lock()
	defer p.Repo.s.mu.Unlock()
	tip := p.Repo.refs["refs/heads/"+base]
	if tip == "" || !p.record.now.Open {
		return errors.New("change the base: there is no such branch, or the pull request is closed")
	}
	old := p.record.now
	p.alter(func(v *PullState) { v.BaseRef, v.BaseSHA = base, tip })
	p.emit("edited", by, object{"changes": object{"base": object{
		"ref": object{"from": old.BaseRef}, "sha": object{"from": old.BaseSHA},
	}}})
	return nil
}

// SetDraft makes it a draft or ready for review.
func (p *Pull) SetDraft(draft bool, by *User) {
	p.Repo.s.mu.Lock()
	defer p.Repo.s.mu.Unlock()
	p.alter(func(v *PullState) { v.Draft = draft })
	action := "ready_for_review"
	if draft {
		action = "converted_to_draft"
	}
	p.emit(action, by, nil)
}

// EditTitle gives it another title.
func (p *Pull) EditTitle(title string, by *User) {
	p.Repo.s.mu.Lock()
	defer p.Repo.s.mu.Unlock()
	old := p.record.now.Title
	p.alter(func(v *PullState) { v.Title = title })
	p.emit("edited", by, object{"changes": object{"title": object{"from": old}}})
}

// alter changes the state and when it was last changed.
func (p *Pull) alter(f func(*PullState)) {
	s := p.Repo.s
	p.record.change(s.now(), s.lag(Pulls), func(v *PullState) {
		f(v)
		v.Updated = s.now()
	})
}
