package ghfake

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// refusal is an answer that is not what was asked for.
type refusal struct {
	status        int
	message       string
	documentation string
	location      string
}

func (r *refusal) Error() string { return fmt.Sprintf("%d %s", r.status, r.message) }

func refuse(status int, message string) error { return &refusal{status: status, message: message} }

const jsonType = "application/json; charset=utf-8"

var notFound = refuse(http.StatusNotFound, "Not Found")

func invalid(format string, args ...any) error {
	return refuse(http.StatusUnprocessableEntity, "Validation Failed: "+fmt.Sprintf(format, args...))
}

// movedTo sends the caller to the repository's address by ID, which stays.
func (c *call) movedTo(r *Repo) error {
	_, rest, _ := strings.Cut(strings.TrimPrefix(c.http.URL.EscapedPath(), "/repos/"), "/")
	_, rest, _ = strings.Cut(rest, "/")
	to := strings.TrimSuffix(fmt.Sprintf("%s/repositories/%d/%s", c.s.url, r.ID, rest), "/")
	if q := c.http.URL.RawQuery; q != "" {
		to += "?" + q
	}
	status := http.StatusMovedPermanently
	if c.http.Method != http.MethodGet {
		status = http.StatusTemporaryRedirect
	}
	return &refusal{status: status, message: "Moved Permanently", location: to}
}

// answer is what will be written.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// render turns what a handler returned into an answer.
func (c *call) render(v any, err error) answer {
	if err == nil {
		v, err = c.paged(v)
	}
	a := answer{status: c.route.status, header: c.header}
	if err != nil {
		return c.refused(err)
	}
	if c.status != 0 {
		a.status = c.status
	}
	if v == nil {
		return a
	}
	if schema := c.route.schema(a.status); schema != nil {
		v = fill(schema, v)
	}
	if a.body, err = json.Marshal(v); err != nil {
		return c.refused(err)
	}
	a.header.Set("Content-Type", jsonType)
	if a.status == http.StatusOK && c.http.Method == http.MethodGet {
		sum := sha256.Sum256(append(a.body, a.header.Get("Link")...))
		a.header.Set("ETag", `W/"`+hex.EncodeToString(sum[:])+`"`)
		if matches(c.http.Header.Get("If-None-Match"), a.header.Get("ETag")) {
			a.status, a.body = http.StatusNotModified, nil
		}
	}
	return a
}

// matches compares entity tags weakly (RFC 9110 13.1.2).
func matches(wanted, tag string) bool {
	for one := range strings.SplitSeq(wanted, ",") {
		if strings.TrimPrefix(strings.TrimSpace(one), "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}

// refused renders an error; one that is no refusal is a fault of the fake.
func (c *call) refused(err error) answer {
	var r *refusal
	if !errors.As(err, &r) {
		c.s.violate("%s %s: %v", c.http.Method, c.http.URL.Path, err)
		r = &refusal{status: http.StatusInternalServerError, message: err.Error()}
	}
	if r.location != "" {
		c.header.Set("Location", r.location)
	}
	c.header.Set("Content-Type", jsonType)
	body, _ := json.Marshal(r.json())
	return answer{r.status, c.header, body}
}

func (r *refusal) json() object {
	out := object{"message": r.message, "status": strconv.Itoa(r.status)}
	if r.documentation != "" || r.status != http.StatusForbidden {
		out["documentation_url"] = r.documentation
	}
	if r.documentation == "" && r.status != http.StatusForbidden {
		out["documentation_url"] = docs
	}
	return out
}

func (c *call) write(a answer) {
	h := c.writer.Header()
	for name, values := range a.header {
		h[name] = values
	}
	h.Set("X-GitHub-Media-Type", "github.v3; format=json")
	c.writer.WriteHeader(a.status)
	_, _ = c.writer.Write(a.body) // the caller may have gone
}
