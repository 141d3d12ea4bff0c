package ghfake

import (
	"net/http"
	"net/url"
	"strings"
)

// multi are parameters whose value may have slashes in it, at the end of a path.
var multi = map[string]bool{"branch": true, "path": true, "basehead": true, "ref": true, "tree_sha": true}

// match finds the route of a request, and gives the request the parameters of its
// path. Where several fit, the one with the most fixed parts is meant.
func match(all []route, r *http.Request) *route {
	parts := strings.Split(r.URL.EscapedPath(), "/")
	var best *route
	var values map[string]string
	most := 0
	for i := range all {
		if all[i].method != r.Method {
			continue
		}
		found := all[i].values(parts)
		if fixed := strings.Count(all[i].path, "/") - len(found); found != nil && (best == nil || fixed > most) {
			best, values, most = &all[i], found, fixed
		}
	}
	for name, value := range values {
		r.SetPathValue(name, value)
	}
	return best
}

// values are the parameters of a path, nil where it is not the route's.
func (r *route) values(parts []string) map[string]string {
	wanted := strings.Split(r.path, "/")
	last := strings.Trim(wanted[len(wanted)-1], "{}")
	if n := len(wanted); multi[last] && len(parts) > n {
		parts = append(parts[:n-1:n-1], strings.Join(parts[n-1:], "/"))
	}
	if len(parts) != len(wanted) {
		return nil
	}
	out := map[string]string{}
	for i, part := range parts {
		value, err := url.PathUnescape(part)
		switch name, isParameter := strings.CutPrefix(wanted[i], "{"); {
		case err != nil, !isParameter && value != wanted[i], isParameter && value == "":
			return nil
		case isParameter:
			out[strings.TrimSuffix(name, "}")] = value
		}
	}
	return out
}
