package ghfake

import (
	"crypto/rsa"
	"fmt"
	"maps"
	"slices"
	"time"
)

// App is the GitHub App that the product is.
type App struct {
	ID   int64
	Slug string
	Bot  *User // writes what the App writes

	key *rsa.PrivateKey
}

// Installation is the App in an account.
type Installation struct {
	ID      int64
	Account *User

	s           *Server
	repos       []*Repo
	permissions map[string]string
	suspended   time.Time
	by          *User
}

// DefaultPermissions are what an installation has when nothing is said.
func DefaultPermissions() map[string]string {
	return map[string]string{
		"metadata": "read", "contents": "write", "pull_requests": "write", "issues": "write", "checks": "write",
		"deployments": "write", "merge_queues": "read", "administration": "read", "members": "read", "statuses": "write",
	}
}

// found makes what is there from the beginning.
func (s *Server) found() {
	flow, queue := *webFlow, *queuer
	s.users = append(s.users, &flow, &queue)
	bot := s.addUser(User{Login: s.options.Slug + "[bot]", Type: "Bot", Email: s.options.Slug + "[bot]@users.noreply.github.com"})
	s.app = &App{ID: s.options.AppID, Slug: s.options.Slug, Bot: bot, key: s.options.Key}
}

// App returns the App.
func (s *Server) App() *App { return s.app }

// Install installs the App into repositories of an account. DefaultPermissions when
// permissions is nil.
func (s *Server) Install(account *User, permissions map[string]string, repos ...*Repo) *Installation {
	s.mu.Lock()
	defer s.mu.Unlock()
	if permissions == nil {
		permissions = DefaultPermissions()
	}
	i := &Installation{ID: s.nextID(), Account: account, s: s, repos: repos, permissions: maps.Clone(permissions)}
	s.installations = append(s.installations, i)
	s.emitTo(i, "installation", "created", account, object{"repositories": shortRepos(repos), "requester": nil})
	return i
}

// Add gives the installation more repositories.
func (i *Installation) Add(by *User, repos ...*Repo) {
	i.s.mu.Lock()
	defer i.s.mu.Unlock()
	i.repos = append(i.repos, repos...)
	i.tellRepos("added", by, repos, nil)
}

// Remove takes repositories away from the installation.
func (i *Installation) Remove(by *User, repos ...*Repo) {
	i.s.mu.Lock()
	defer i.s.mu.Unlock()
	i.repos = slices.DeleteFunc(i.repos, func(r *Repo) bool { return slices.Contains(repos, r) })
	i.tellRepos("removed", by, nil, repos)
}

func (i *Installation) tellRepos(action string, by *User, added, removed []*Repo) {
	i.s.emitTo(i, "installation_repositories", action, by, object{
		"repositories_added": shortRepos(added), "repositories_removed": shortRepos(removed),
		"repository_selection": "selected", "requester": nil,
	})
}

// SuspendInstallation suspends it: its tokens are refused and no events are sent but
// this one.
func (s *Server) SuspendInstallation(i *Installation, by *User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i.suspended, i.by = s.now(), by
	s.emitTo(i, "installation", "suspend", by, object{})
}

// UnsuspendInstallation lets it work again.
func (s *Server) UnsuspendInstallation(i *Installation, by *User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i.suspended, i.by = time.Time{}, nil
	s.emitTo(i, "installation", "unsuspend", by, object{})
}

// Uninstall removes the App from the account.
func (s *Server) Uninstall(i *Installation, by *User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.installations = slices.DeleteFunc(s.installations, func(o *Installation) bool { return o == i })
	for text, t := range s.tokens {
		if t.installation == i {
			delete(s.tokens, text)
		}
	}
	s.emitTo(i, "installation", "deleted", by, object{"repositories": shortRepos(i.repos)})
}

func (s *Server) installationOf(r *Repo) *Installation {
	for _, i := range s.installations {
		if slices.Contains(i.repos, r) {
			return i
		}
	}
	return nil
}

func (s *Server) installationByID(id int64) *Installation {
	for _, i := range s.installations {
		if i.ID == id {
			return i
		}
	}
	return nil
}

func shortRepos(repos []*Repo) []any {
	out := []any{}
	for _, r := range repos {
		out = append(out, object{
			"id": r.ID, "node_id": fmt.Sprintf("R_%d", r.ID), "name": r.Name, "full_name": r.FullName(), "private": r.Private,
		})
	}
	return out
}
