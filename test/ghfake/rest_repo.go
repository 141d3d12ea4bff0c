package ghfake

import (
	"net/http"
	"slices"
	"strings"
)

func (s *Server) getRepo(c *call) (any, error) { return c.repo.json(), nil }

func (s *Server) listActivity(c *call) (any, error) {
	wanted := c.query("ref")
	if wanted != "" && !strings.HasPrefix(wanted, "refs/") {
		wanted = "refs/heads/" + wanted
	}
	all := slices.DeleteFunc(visible(s.now(), c.repo.activities), func(a activity) bool {
		return (wanted != "" && a.ref != wanted) || (c.query("activity_type") != "" && a.kind != c.query("activity_type")) ||
			(c.query("actor") != "" && (a.actor == nil || !strings.EqualFold(a.actor.Login, c.query("actor"))))
	})
	if c.query("direction") != "asc" {
		slices.Reverse(all)
	}
	return c.cursor(plain(all, s.activityJSON), func(i int) int64 { return all[i].id }, "after")
}

func (s *Server) getBranch(c *call) (any, error) {
	name := c.http.PathValue("branch")
	tip, ok := c.repo.tips[name]
	if !ok {
		return nil, refuse(http.StatusNotFound, "Branch not found")
	}
	sha, _ := tip.look(s.now())
	if sha == "" {
		return nil, refuse(http.StatusNotFound, "Branch not found")
	}
	commit, err := c.repo.commitJSON(sha)
	if err != nil {
		return nil, err
	}
	_, protected := c.repo.rules[name]
	at := c.repo.url() + "/branches/" + name
	return object{
		"name": name, "commit": commit, "protected": protected, "protection": object{"enabled": protected},
		"protection_url": at + "/protection", "_links": object{"self": at, "html": c.repo.html() + "/tree/" + name},
	}, nil
}
