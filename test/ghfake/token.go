package ghfake

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v4"
)

// token is what a request is made with: the App's own signed token, one of an
// installation, or one of a person.
type token struct {
	app          bool
	installation *Installation
	user         *User
	repos        []*Repo // of an installation's
	permissions  map[string]string
	expires      time.Time
}

// PersonalToken makes a token with which somebody acts as himself.
func (s *Server) PersonalToken(u *User) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := secret("ghp_")
	s.tokens[text] = &token{user: u}
	return text
}

// owner names who the hourly limit is of.
func (t *token) owner() string {
	switch {
	case t.installation != nil:
		return fmt.Sprintf("installation ID %d", t.installation.ID)
	case t.user != nil:
		return fmt.Sprintf("user ID %d", t.user.ID)
	}
	return "the App"
}

// account is who acts.
func (c *call) account() *User {
	if c.token.user != nil {
		return c.token.user
	}
	return c.s.app.Bot
}

// authenticate finds out who asks.
func (s *Server) authenticate(r *http.Request) (*token, error) {
	kind, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if text == "" || !slices.Contains([]string{"bearer", "token"}, strings.ToLower(kind)) {
		return nil, refuse(http.StatusUnauthorized, "Requires authentication")
	}
	if strings.Count(text, ".") == 2 {
		return s.appToken(text)
	}
	t := s.tokens[text]
	if t == nil || (!t.expires.IsZero() && !s.now().Before(t.expires)) {
		return nil, refuse(http.StatusUnauthorized, "Bad credentials")
	}
	if t.installation != nil && !t.installation.suspended.IsZero() {
		return nil, refuse(http.StatusForbidden, "This installation has been suspended")
	}
	return t, nil
}

// appToken checks a token that the App signed itself: by RS256, for ten minutes at
// most, by the server's clock.
func (s *Server) appToken(text string) (*token, error) {
	claims := jwt.RegisteredClaims{}
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithoutClaimsValidation())
	_, err := parser.ParseWithClaims(text, &claims, func(*jwt.Token) (any, error) { return &s.app.key.PublicKey, nil })
	now := s.now()
	switch {
	case err != nil:
		return nil, refuse(http.StatusUnauthorized, "A JSON web token could not be decoded")
	case claims.Issuer != strconv.FormatInt(s.app.ID, 10) && claims.Issuer != s.appJSON()["client_id"]:
		return nil, refuse(http.StatusUnauthorized, "'Issuer' claim ('iss') must be an Integer or the client ID of the App")
	case claims.ExpiresAt == nil || !now.Before(claims.ExpiresAt.Time):
		return nil, refuse(http.StatusUnauthorized, "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires")
	case claims.ExpiresAt.Sub(now) > 10*time.Minute:
		return nil, refuse(http.StatusUnauthorized, "'Expiration time' claim ('exp') is too far in the future")
	case claims.IssuedAt != nil && claims.IssuedAt.After(now.Add(time.Minute)):
		return nil, refuse(http.StatusUnauthorized, "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued")
	}
	return &token{app: true}, nil
}

// tokenRequest is what a token of an installation is asked to be limited to.
type tokenRequest struct {
	Repositories []string          `json:"repositories"`
	IDs          []int64           `json:"repository_ids"`
	Permissions  map[string]string `json:"permissions"`
}

// issue makes a token of an installation, for an hour.
func (s *Server) issue(c *call) (any, error) {
	i := s.installationByID(c.number("installation_id"))
	if i == nil {
		return nil, notFound
	}
	if !i.suspended.IsZero() {
		return nil, refuse(http.StatusForbidden, "This installation has been suspended")
	}
	var ask tokenRequest
	if err := c.decode(&ask); err != nil {
		return nil, err
	}
	t := &token{installation: i, repos: i.repos, permissions: maps.Clone(i.permissions), expires: s.now().Add(time.Hour)}
	if err := t.narrow(ask); err != nil {
		return nil, err
	}
	text := secret("ghs_")
	s.tokens[text] = t
	out := object{"token": text, "expires_at": stamp(t.expires), "permissions": anyMap(t.permissions), "repository_selection": "selected"}
	if len(ask.Repositories)+len(ask.IDs) > 0 {
		all, _ := plain(t.repos, (*Repo).json).slice(0, len(t.repos))
		out["repositories"] = all
	}
	return out, nil
}

func (t *token) narrow(ask tokenRequest) error {
	var repos []*Repo
	for _, r := range t.repos {
		if slices.Contains(ask.IDs, r.ID) || slices.Contains(ask.Repositories, r.Name) {
			repos = append(repos, r)
		}
	}
	if n := len(ask.Repositories) + len(ask.IDs); n > 0 {
		if len(repos) != n {
			return refuse(http.StatusUnprocessableEntity, "There is at least one repository that does not exist or is not accessible to the parent installation.")
		}
		t.repos = repos
	}
	if ask.Permissions == nil {
		return nil
	}
	for name, level := range ask.Permissions {
		if rank[t.permissions[name]] < rank[level] {
			return refuse(http.StatusUnprocessableEntity, "The permissions requested are not granted to this installation.")
		}
	}
	t.permissions = maps.Clone(ask.Permissions)
	t.permissions["metadata"] = "read"
	return nil
}

func anyMap(m map[string]string) object {
	out := object{}
	for k, v := range m {
		out[k] = v
	}
	return out
}
