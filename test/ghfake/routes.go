package ghfake

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// route is an operation of the API with who serves it.
type route struct {
	method, path string // as in GitHub's description
	needs        string // permission of the token: name:level, one of several by |; app for the App itself
	status       int    // of the answer when all is well
	write        bool   // makes content
	handle       handler

	item      *openapi3.PathItem
	operation *openapi3.Operation
	queries   map[string]bool
}

// Exceptions are the paths that are served although GitHub's description does not have
// them; the real GitHub has them all.
var Exceptions = []string{
	"/repositories/{id}",       // as /repos/{owner}/{repo}
	"/repositories/{id}/{...}", // as /repos/{owner}/{repo}/...
}

// names are the parameters of the path.
func (r *route) names() []string {
	var out []string
	for part := range strings.SplitSeq(r.path, "/") {
		if strings.HasPrefix(part, "{") {
			out = append(out, strings.Trim(part, "{}"))
		}
	}
	return out
}

// describe finds the route in GitHub's description.
func (r *route) describe(doc *openapi3.T) error {
	r.item = doc.Paths.Find(r.path)
	if r.item != nil {
		r.operation = r.item.GetOperation(r.method)
	}
	if r.operation == nil {
		return fmt.Errorf("GitHub's description has no %s %s", r.method, r.path)
	}
	r.queries = map[string]bool{}
	for _, list := range []openapi3.Parameters{r.item.Parameters, r.operation.Parameters} {
		for _, p := range list {
			if p.Value.In == "query" {
				r.queries[p.Value.Name] = true
			}
		}
	}
	return nil
}

// schema is what an answer has to look like, nil where nothing is said.
func (r *route) schema(status int) *openapi3.SchemaRef {
	response := r.operation.Responses.Status(status)
	if response == nil || response.Value == nil {
		return nil
	}
	if media := response.Value.Content.Get("application/json"); media != nil {
		return media.Schema
	}
	return nil
}

type prefixKey struct{}

func prefixOf(r *http.Request) string {
	prefix, _ := r.Context().Value(prefixKey{}).(string)
	return prefix
}

// handler serves the API at the top and under /api/v3.
func (s *Server) handler() (http.Handler, error) {
	doc, err := description()
	if err != nil {
		return nil, err
	}
	all := routes()
	for i := range all {
		if err := all[i].describe(doc); err != nil {
			return nil, err
		}
	}
	top := s.byID(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if rt := match(all, r); rt != nil {
			s.serve(rt, w, r)
			return
		}
		s.unknown(w, r)
	}))
	enterprise := http.StripPrefix("/api/v3", top)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/v3/") {
			enterprise.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), prefixKey{}, "/api/v3")))
			return
		}
		top.ServeHTTP(w, r)
	}), nil
}

// byID serves /repositories/{id} and all below as what /repos/{owner}/{repo} has.
func (s *Server) byID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rest, ok := strings.CutPrefix(r.URL.EscapedPath(), "/repositories/")
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		number, rest, _ := strings.Cut(rest, "/")
		id, _ := strconv.ParseInt(number, 10, 64)
		s.mu.Lock()
		full := "-/-" // nobody has it
		if repo := s.repoByID(id); repo != nil {
			full = repo.FullName()
		}
		s.mu.Unlock()
		to := r.Clone(r.Context())
		if u, err := to.URL.Parse(strings.TrimSuffix("/repos/"+full+"/"+rest, "/")); err == nil {
			u.RawQuery = r.URL.RawQuery
			to.URL = u
		}
		next.ServeHTTP(w, to)
	})
}

// unknown answers what nobody serves, loudly.
func (s *Server) unknown(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.violate("request %s %s: the fake does not serve this", r.Method, r.URL.Path)
	s.counts.Requests[Request{r.Method, r.URL.Path, http.StatusNotFound}]++
	s.mu.Unlock()
	c := &call{s: s, http: r, writer: w, header: http.Header{}}
	c.write(c.refused(notFound))
}
