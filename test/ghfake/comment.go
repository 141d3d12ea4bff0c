package ghfake

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Comment is a comment on a pull request's conversation.
type Comment struct {
	ID   int64
	Pull *Pull

	record    *record[commentState]
	reactions []reaction
	deleted   bool
}

type commentState struct {
	user             *User
	viaApp           bool
	body             string
	created, updated time.Time
}

type reaction struct {
	id      int64
	user    *User
	content string
	at      time.Time
}

// Comment writes a comment; viaApp marks it as made by the person through the App.
func (p *Pull) Comment(by *User, body string, viaApp bool) *Comment {
	p.Repo.s.mu.Lock()
	defer p.Repo.s.mu.Unlock()
	return p.comment(by, body, viaApp)
}

func (p *Pull) comment(by *User, body string, viaApp bool) *Comment {
	s := p.Repo.s
	at := s.now()
	c := &Comment{ID: s.nextID(), Pull: p, record: fresh(commentState{by, viaApp, body, at, at}, s.lag(Comments))}
	p.Repo.comments = append(p.Repo.comments, c)
	c.tell("created", by, nil)
	return c
}

// EditComment replaces the body. It shows as edited when a second has passed.
func (s *Server) EditComment(c *Comment, body string, by *User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.edit(body, by)
}

func (c *Comment) edit(body string, by *User) {
	s := c.Pull.Repo.s
	old := c.record.now.body
	c.record.change(s.now(), s.lag(Comments), func(v *commentState) { v.body, v.updated = body, s.now() })
	c.tell("edited", by, object{"changes": object{"body": object{"from": old}}})
}

// DeleteComment removes it.
func (s *Server) DeleteComment(c *Comment, by *User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.remove(by)
}

func (c *Comment) remove(by *User) {
	c.deleted = true
	r := c.Pull.Repo
	r.comments = slices.DeleteFunc(r.comments, func(o *Comment) bool { return o == c })
	c.tell("deleted", by, nil)
}

// Body returns what it says now.
func (c *Comment) Body() string {
	c.Pull.Repo.s.mu.Lock()
	defer c.Pull.Repo.s.mu.Unlock()
	return c.record.now.body
}

// Reactions returns what was reacted with, in order.
func (c *Comment) Reactions() []string {
	c.Pull.Repo.s.mu.Lock()
	defer c.Pull.Repo.s.mu.Unlock()
	var out []string
	for _, r := range c.reactions {
		out = append(out, r.content)
	}
	return out
}

// Comments returns the conversation as it is now, oldest first.
func (p *Pull) Comments() []*Comment {
	p.Repo.s.mu.Lock()
	defer p.Repo.s.mu.Unlock()
	return p.Repo.conversation(p.Number)
}

// conversation is every comment on a pull request.
func (r *Repo) conversation(number int) []*Comment {
	var out []*Comment
	for _, c := range r.comments {
		if c.Pull.Number == number {
			out = append(out, c)
		}
	}
	return out
}

func (r *Repo) commentByID(id int64) (*Comment, error) {
	for _, c := range r.comments {
		if c.ID == id {
			return c, nil
		}
	}
	return nil, errors.New("there is no such comment")
}

// tell sends the event, in which a pull request is an issue.
func (c *Comment) tell(action string, by *User, more object) {
	p := c.Pull
	c.Pull.Repo.s.emit(p.Repo, "issue_comment", action, by, with(object{
		"issue": p.issueJSON(), "comment": c.json(c.record.now),
	}, more))
}

func (c *Comment) json(v commentState) object {
	r := c.Pull.Repo
	at := fmt.Sprintf("%s/issues/comments/%d", r.url(), c.ID)
	out := object{
		"id": c.ID, "node_id": fmt.Sprintf("IC_%d", c.ID), "url": at, "issue_url": fmt.Sprintf("%s/issues/%d", r.url(), c.Pull.Number),
		"html_url": fmt.Sprintf("%s/pull/%d#issuecomment-%d", r.html(), c.Pull.Number, c.ID),
		"body":     v.body, "user": r.s.userJSON(v.user), "created_at": stamp(v.created), "updated_at": stamp(v.updated),
		"author_association": "COLLABORATOR", "performed_via_github_app": nil,
	}
	if v.viaApp {
		out["performed_via_github_app"] = r.s.appJSON()
	}
	return out
}

// issueJSON renders the pull request as the issue that it also is.
func (p *Pull) issueJSON() object {
	v := p.json(p.record.now)
	at := v["issue_url"].(string)
	return with(v, object{
		"url": at, "html_url": v["html_url"], "comments": len(p.Repo.conversation(p.Number)), "repository_url": p.Repo.url(),
		"labels_url": at + "/labels{/name}", "events_url": at + "/events",
		"pull_request": object{"url": v["url"], "html_url": v["html_url"], "diff_url": v["diff_url"], "patch_url": v["patch_url"]},
	})
}
