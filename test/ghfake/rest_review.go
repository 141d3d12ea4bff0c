package ghfake

import (
	"net/http"
)

func (s *Server) listReviews(c *call) (any, error) {
	p, _, err := c.pull()
	if err != nil {
		return nil, err
	}
	return plain(visible(s.now(), p.reviews), p.reviewJSON), nil
}

var reviewEvents = map[string]string{
	"APPROVE": Approved, "REQUEST_CHANGES": ChangesRequested, "COMMENT": Commented, "": Pending,
}

func (s *Server) postReview(c *call) (any, error) {
	p, _, err := c.pull()
	if err != nil {
		return nil, err
	}
	var ask struct {
		Commit string `json:"commit_id"`
		Body   string
		Event  string
	}
	if err := c.decode(&ask); err != nil {
		return nil, err
	}
	by := c.account()
	if by == p.record.now.Author && (ask.Event == "APPROVE" || ask.Event == "REQUEST_CHANGES") {
		return nil, refuse(http.StatusUnprocessableEntity, "Can not approve your own pull request")
	}
	if ask.Body == "" && (ask.Event == "COMMENT" || ask.Event == "REQUEST_CHANGES") {
		return nil, refuse(http.StatusUnprocessableEntity, "Body can't be blank")
	}
	return p.reviewJSON(p.review(by, reviewEvents[ask.Event], ask.Commit, ask.Body).now), nil
}

func (s *Server) putDismissal(c *call) (any, error) {
	p, _, err := c.pull()
	if err != nil {
		return nil, err
	}
	for _, r := range p.reviews {
		if r.now.ID != c.number("review_id") {
			continue
		}
		if r.now.State != Approved && r.now.State != ChangesRequested {
			return nil, refuse(http.StatusUnprocessableEntity, "Can not dismiss a commented pull request review")
		}
		p.dismiss(r, c.account())
		return p.reviewJSON(r.now), nil
	}
	return nil, notFound
}
