package ghfake

import (
	"net/http"
	"slices"
	"strings"
)

func (s *Server) getApp(*call) (any, error) { return s.appJSON(), nil }

func (s *Server) listInstallations(*call) (any, error) {
	return plain(s.installations, (*Installation).json), nil
}

func (s *Server) getInstallation(c *call) (any, error) {
	if i := s.installationByID(c.number("installation_id")); i != nil {
		return i.json(), nil
	}
	return nil, notFound
}

func (s *Server) repoInstallation(c *call) (any, error) {
	if i := s.installationOf(c.repo); i != nil {
		return i.json(), nil
	}
	return nil, notFound
}

func (s *Server) listRepos(c *call) (any, error) {
	if c.token.installation == nil {
		return nil, refuse(http.StatusForbidden, "You must authenticate with an installation access token in order to list repositories for an installation.")
	}
	repos := slices.DeleteFunc(slices.Clone(c.token.repos), func(r *Repo) bool { return r.gone })
	return wrapped{"repositories", plain(repos, (*Repo).json), object{"repository_selection": "selected"}}, nil
}

func (s *Server) listDeliveries(c *call) (any, error) {
	newest := slices.Clone(s.hook.done)
	slices.Reverse(newest)
	newest = slices.DeleteFunc(newest, func(d *delivery) bool {
		good := d.status >= 200 && d.status < 400
		return (c.query("status") == "success" && !good) || (c.query("status") == "failure" && good)
	})
	return c.cursor(plain(newest, (*delivery).json), func(i int) int64 { return newest[i].id }, "cursor")
}

func (s *Server) getDelivery(c *call) (any, error) {
	if d := s.hook.find(c.number("delivery_id")); d != nil {
		return d.json(), nil
	}
	return nil, notFound
}

func (s *Server) redeliver(c *call) (any, error) {
	d := s.hook.find(c.number("delivery_id"))
	if d == nil {
		return nil, notFound
	}
	s.hook.redeliver(d)
	return object{}, nil
}

func (s *Server) whoami(c *call) (any, error) {
	if c.token.user == nil {
		return nil, refuse(http.StatusForbidden, "Resource not accessible by integration")
	}
	return s.userJSON(c.token.user), nil
}

func (s *Server) userByID(c *call) (any, error) {
	for _, u := range s.users {
		if !u.gone && u.ID == c.number("account_id") {
			return s.userJSON(u), nil
		}
	}
	return nil, notFound
}

func (s *Server) getUser(c *call) (any, error) {
	if u := s.userNamed(c.http.PathValue("username")); u != nil {
		return s.userJSON(u), nil
	}
	return nil, notFound
}

func (s *Server) getPermission(c *call) (any, error) {
	u := s.userNamed(c.http.PathValue("username"))
	if u == nil {
		return nil, notFound
	}
	role := c.repo.collaborators[u]
	if role == "" {
		role = "read"
		if c.repo.Private {
			role = "none"
		}
	}
	// The permission knows fewer words than the role.
	permission := strings.NewReplacer("maintain", "write", "triage", "read").Replace(role)
	return object{"permission": permission, "role_name": role, "user": with(s.userJSON(u).(object), object{"role_name": role})}, nil
}
