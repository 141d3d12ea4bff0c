package ghfake

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// The check of answers would be worth nothing if it took any.
func TestAWrongAnswerIsNoted(t *testing.T) {
	for name, broken := range map[string]object{
		"value must be an integer":                    {"id": "seven"},
		`string doesn't match the format "date-time"`: {"created_at": "yesterday"},
		`/visibility is 7: value must be a string`:    {"visibility": 7},
		`property "avatar_url" is missing`:            {"owner": unfilled{}},
	} {
		t.Run(name, func(t *testing.T) {
			s := Start(t, Options{})
			Must(s.CreateRepo("acme", "infra", RepoOptions{}))
			doc, err := description()
			if err != nil {
				t.Fatal(err)
			}
			rt := route{method: http.MethodGet, path: repos, needs: "metadata:read", status: http.StatusOK}
			rt.handle = func(_ *Server, c *call) (any, error) { return with(c.repo.json(), broken), nil }
			if err := rt.describe(doc); err != nil {
				t.Fatal(err)
			}
			req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/repos/acme/infra", nil)
			req.Header.Set("Authorization", "Bearer "+s.PersonalToken(s.User("acme")))
			req.SetPathValue("owner", "acme")
			req.SetPathValue("repo", "infra")
			s.serve(&rt, httptest.NewRecorder(), req)
			if found := s.Forgive(); len(found) != 1 || !strings.Contains(found[0], name) {
				t.Errorf("violations: %q", found)
			}
		})
	}
}

// unfilled is an object that fill leaves alone.
type unfilled struct{}
