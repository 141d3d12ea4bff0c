package ghfake

import (
	"net/http"
	"slices"
	"strings"
)

// rank orders permissions of Apps and roles of people.
var rank = map[string]int{"": 0, "read": 1, "triage": 2, "write": 3, "maintain": 4, "admin": 5}

// allow says whether the token may do what a route is for; a repository that it cannot
// reach does not exist for it.
func (c *call) allow() error {
	switch {
	case c.route.needs == "app":
		if !c.token.app {
			return refuse(http.StatusUnauthorized, "A JSON web token could not be decoded")
		}
		return nil
	case c.token.app:
		return refuse(http.StatusUnauthorized, "Requires authentication with an installation's token")
	case c.repo == nil:
		return nil
	case c.token.installation != nil:
		return c.allowInstallation()
	}
	return c.allowUser()
}

func (c *call) allowInstallation() error {
	if !slices.Contains(c.token.repos, c.repo) || !slices.Contains(c.token.installation.repos, c.repo) {
		return notFound
	}
	for _, need := range strings.Split(c.route.needs, "|") {
		name, level, _ := strings.Cut(need, ":")
		if rank[c.token.permissions[name]] >= rank[level] {
			return nil
		}
	}
	return refuse(http.StatusForbidden, "Resource not accessible by integration")
}

func (c *call) allowUser() error {
	role := c.repo.collaborators[c.token.user]
	if role == "" && c.repo.Private {
		return notFound
	}
	name, level, _ := strings.Cut(c.route.needs, ":")
	if level != "write" || strings.Contains(c.route.needs, "pull_requests") {
		return nil // everybody who can read can take part in the conversation
	}
	if name == "checks" {
		return refuse(http.StatusForbidden, "You must authenticate via a GitHub App.")
	}
	if rank[role] < rank["write"] {
		return notFound
	}
	return nil
}

// findRepo finds the repository of the path. One that was renamed is said to have moved.
func (c *call) findRepo() error {
	owner, name := c.http.PathValue("owner"), c.http.PathValue("repo")
	if owner == "" {
		return nil
	}
	if c.repo = c.s.repoNamed(owner, name); c.repo != nil {
		return nil
	}
	if moved := c.s.moved[strings.ToLower(owner+"/"+name)]; moved != nil && !moved.gone {
		return c.movedTo(moved)
	}
	return notFound
}
