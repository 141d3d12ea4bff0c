package ghfake

import (
	"net/http"
	"slices"
	"time"
)

// shownComment is a comment with what REST shows of it.
type shownComment struct {
	*Comment
	commentState
}

func (s *Server) listComments(c *call) (any, error) {
	if n := c.number("issue_number"); n < 1 || int(n) > len(c.repo.pulls) {
		return nil, notFound
	}
	since, _ := time.Parse(time.RFC3339, c.query("since"))
	var found []shownComment
	for _, one := range c.repo.conversation(int(c.number("issue_number"))) {
		if v, ok := one.record.look(s.now()); ok && !v.updated.Before(since) {
			found = append(found, shownComment{one, v})
		}
	}
	return plain(found, func(v shownComment) object { return v.json(v.commentState) }), nil
}

func (c *call) comment() (*Comment, error) {
	one, err := c.repo.commentByID(c.number("comment_id"))
	if err != nil {
		return nil, notFound
	}
	return one, nil
}

// body reads the text of a comment, which may have 65536 characters.
func (c *call) body() (string, error) {
	var ask struct{ Body string }
	if err := c.decode(&ask); err != nil {
		return "", err
	}
	switch {
	case ask.Body == "":
		return "", invalid("body can't be blank")
	case len([]rune(ask.Body)) > 65536:
		return "", invalid("body is too long (maximum is 65536 characters)")
	}
	return ask.Body, nil
}

func (s *Server) getComment(c *call) (any, error) {
	one, err := c.comment()
	if err != nil {
		return nil, err
	}
	v, ok := one.record.look(s.now())
	if !ok {
		return nil, notFound
	}
	return one.json(v), nil
}

func (s *Server) postComment(c *call) (any, error) {
	n := c.number("issue_number")
	if n < 1 || int(n) > len(c.repo.pulls) {
		return nil, notFound
	}
	body, err := c.body()
	if err != nil {
		return nil, err
	}
	one := c.repo.pulls[n-1].comment(c.account(), body, c.token.installation != nil)
	return one.json(one.record.now), nil
}

func (s *Server) patchComment(c *call) (any, error) {
	one, err := c.comment()
	if err != nil {
		return nil, err
	}
	if one.record.now.user != c.account() && c.token.installation != nil {
		return nil, refuse(http.StatusForbidden, "Resource not accessible by integration")
	}
	body, err := c.body()
	if err != nil {
		return nil, err
	}
	one.edit(body, c.account())
	return one.json(one.record.now), nil
}

func (s *Server) deleteComment(c *call) (any, error) {
	one, err := c.comment()
	if err != nil {
		return nil, err
	}
	one.remove(c.account())
	return nil, nil // no content is the answer
}

func (s *Server) reactionJSON(r reaction) object {
	return object{"id": r.id, "node_id": "", "user": s.userJSON(r.user), "content": r.content, "created_at": stamp(r.at)}
}

func (s *Server) listReactions(c *call) (any, error) {
	one, err := c.comment()
	if err != nil {
		return nil, err
	}
	found := slices.DeleteFunc(slices.Clone(one.reactions), func(r reaction) bool {
		return c.query("content") != "" && r.content != c.query("content")
	})
	return plain(found, s.reactionJSON), nil
}

// postReaction answers 200 when the account has reacted so already.
func (s *Server) postReaction(c *call) (any, error) {
	one, err := c.comment()
	if err != nil {
		return nil, err
	}
	var ask struct{ Content string }
	if err := c.decode(&ask); err != nil {
		return nil, err
	}
	for _, r := range one.reactions {
		if r.user == c.account() && r.content == ask.Content {
			c.status = http.StatusOK
			return s.reactionJSON(r), nil
		}
	}
	r := reaction{s.nextID(), c.account(), ask.Content, s.now()}
	one.reactions = append(one.reactions, r)
	return s.reactionJSON(r), nil
}
