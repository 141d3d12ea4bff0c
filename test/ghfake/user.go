package ghfake

import (
	"fmt"
	"strings"
)

// User is an account.
type User struct {
	ID    int64
	Login string
	Type  string // User, Bot, Organization or Mannequin; User when empty
	Name  string
	// Email is what commits are known by; login@example.com when empty.
	Email string

	gone bool
}

// Accounts that GitHub itself has.
var (
	ghost   = &User{ID: 10137, Login: "ghost", Type: "User", Name: "Deleted user"}
	webFlow = &User{ID: 19864447, Login: "web-flow", Type: "User", Name: "GitHub", Email: "noreply@github.com"}
	queuer  = &User{ID: 118344674, Login: "github-merge-queue[bot]", Type: "Bot", Name: "github-merge-queue[bot]", Email: "118344674+github-merge-queue[bot]@users.noreply.github.com"}
)

// AddUser registers an account; what is empty is filled in.
func (s *Server) AddUser(u User) *User {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addUser(u)
}

func (s *Server) addUser(u User) *User {
	if u.ID == 0 {
		u.ID = s.nextID()
	}
	if u.Type == "" {
		u.Type = "User"
	}
	if u.Name == "" {
		u.Name = u.Login
	}
	if u.Email == "" {
		u.Email = u.Login + "@example.com"
	}
	s.users = append(s.users, &u)
	return &u
}

// User returns the account with a login, and registers it when there is none.
func (s *Server) User(login string) *User {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.userNamed(login); u != nil {
		return u
	}
	return s.addUser(User{Login: login})
}

func (s *Server) userNamed(login string) *User {
	for _, u := range s.users {
		if !u.gone && strings.EqualFold(u.Login, login) {
			return u
		}
	}
	return nil
}

// RenameUser gives an account another login; its ID stays.
func (s *Server) RenameUser(u *User, login string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u.Login = login
}

// DeleteUser removes an account. What it wrote stays: reviews have no user then, other
// things are those of the account ghost.
func (s *Server) DeleteUser(u *User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u.gone = true
	for secret, t := range s.tokens {
		if t.user == u {
			delete(s.tokens, secret)
		}
	}
}

// byEmail finds the account that a commit's address belongs to, nil for none.
func (s *Server) byEmail(email string) *User {
	for _, u := range s.users {
		noreply := fmt.Sprintf("%d+%s@users.noreply.github.com", u.ID, u.Login)
		if !u.gone && (strings.EqualFold(u.Email, email) || strings.EqualFold(noreply, email)) {
			return u
		}
	}
	return nil
}

// shown is how an account is shown where there must be one.
func (u *User) shown() *User {
	if u == nil || u.gone {
		return ghost
	}
	return u
}

func (s *Server) userJSON(u *User) any {
	if u == nil {
		return nil
	}
	u = u.shown()
	at := s.url + "/users/" + u.Login
	out := object{
		"login": u.Login, "id": u.ID, "node_id": fmt.Sprintf("U_%d", u.ID), "type": u.Type, "site_admin": false,
		"name": u.Name, "url": at, "html_url": s.url + "/" + u.Login, "gravatar_id": "", "user_view_type": "public",
		"avatar_url": at + "/avatar", "events_url": at + "/events{/privacy}",
		"created_at": stamp(birth), "updated_at": stamp(birth),
	}
	for _, of := range []string{"repos", "followers", "following", "gists", "organizations", "received_events", "starred", "subscriptions"} {
		out[of+"_url"] = at + "/" + of
	}
	return out
}

func (s *Server) organizationJSON(u *User) object {
	at := s.url + "/orgs/" + u.Login
	out := object{
		"login": u.Login, "id": u.ID, "node_id": fmt.Sprintf("O_%d", u.ID), "url": at, "avatar_url": at + "/avatar", "description": "",
	}
	for _, of := range []string{"repos", "events", "hooks", "issues", "members", "public_members"} {
		out[of+"_url"] = at + "/" + of
	}
	return out
}
