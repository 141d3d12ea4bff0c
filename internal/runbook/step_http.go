package runbook

import (
	"net/url"
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/change"
)

// HTTP sends one request.
type HTTP struct {
	Method  string            `yaml:"method" json:"method,omitempty"`
	URL     string            `yaml:"url,required" json:"url"`
	Headers map[string]string `yaml:"headers" json:"headers,omitempty"`
	Body    string            `yaml:"body" json:"body,omitempty"`
	// JSON is sent as the body, with its content type, in place of Body.
	JSON any `yaml:"json" json:"json,omitempty"`
	// Expect is CEL over status (int), body (text), json (the body where it is
	// JSON, else null) and headers (map of text, names in lower case).
	Expect string `yaml:"expect" json:"expect,omitempty"`
	// OutputLimit is how many bytes of the answer are read.
	OutputLimit int  `yaml:"output-limit" json:"output-limit,omitempty"`
	Follow      bool `yaml:"follow" json:"follow,omitempty"` // redirects
	// CAFile holds the certificates, in PEM, that the server's must come from.
	CAFile string `yaml:"ca-file" json:"ca-file,omitempty"`
}

var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

// Systems implements Kind.
func (h *HTTP) Systems() []change.Ref { return nil }

// Resumable implements Kind: a safe method (RFC 9110, 9.2.1) does no harm when it
// is sent again, another may.
func (h *HTTP) Resumable() bool { return slices.Contains([]string{"GET", "HEAD", "OPTIONS"}, h.Method) }

func (h *HTTP) expectation() string { return h.Expect }

func (h *HTTP) complete(fail func(string, string, ...any)) {
	if h.Method == "" {
		h.Method = "GET"
	}
	if isText(h.Method) {
		h.Method = strings.ToUpper(h.Method)
		if !slices.Contains(methods, h.Method) {
			fail("method", "%q is not a method; expected one of %s", h.Method, strings.Join(methods, ", "))
		}
	}
	checkURL(h.URL, "url", fail)
	if h.Body != "" && h.JSON != nil {
		fail("json", "is given together with body; expected one of them")
	}
	if h.Expect == "" {
		h.Expect = "status >= 200 && status < 300"
	}
	checkOutput(&h.OutputLimit, fail)
}

func checkURL(s, key string, fail func(string, string, ...any)) {
	if !isText(s) {
		return
	}
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		fail(key, "%q is not an address; expected http://HOST/PATH or https://HOST/PATH", s)
	}
}
