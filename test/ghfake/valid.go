package ghfake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// checking is how it is done: who may do what is not the description's business.
var checking = func() *openapi3filter.Options {
	o := &openapi3filter.Options{
		AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true, MultiError: true,
		SkipSettingDefaults: true,
	}
	o.WithCustomSchemaErrorFunc(where)
	return o
}()

// where says of a value that does not fit what it is and why, without the schema.
func where(err *openapi3.SchemaError) string {
	value := fmt.Sprint(err.Value)
	return fmt.Sprintf("/%s is %.80s: %s", strings.Join(err.JSONPointer(), "/"), value, err.Reason)
}

// fits holds a rendered value against a schema.
func fits(ref *openapi3.SchemaRef, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return ref.Value.VisitJSON(decoded(text), openapi3.MultiErrors(), openapi3.VisitAsResponse(), openapi3.SetSchemaErrorMessageCustomizer(where))
}

func decoded(text []byte) any {
	var v any
	_ = json.Unmarshal(text, &v) // it was just written
	return v
}

// rawJSON is a JSON text as a value.
func rawJSON(text []byte) any {
	if len(text) == 0 {
		return nil
	}
	return decoded(text)
}

// input prepares the check of a request.
func (c *call) input() *openapi3filter.RequestValidationInput {
	params := map[string]string{}
	for _, name := range c.route.names() {
		params[name] = c.http.PathValue(name)
	}
	doc, _ := description() // the server would not have started without
	req := c.http.Clone(c.http.Context())
	req.Body = io.NopCloser(bytes.NewReader(c.raw))
	return &openapi3filter.RequestValidationInput{
		Request: req, PathParams: params, Options: checking,
		Route: &routers.Route{Spec: doc, Path: c.route.path, Method: c.route.method, PathItem: c.route.item, Operation: c.route.operation},
	}
}

// checkRequest says what of a request does not fit the description, empty for nothing.
func (c *call) checkRequest() string {
	var wrong []string
	for _, name := range slices.Sorted(maps.Keys(c.http.URL.Query())) {
		switch {
		case !c.route.queries[name]:
			wrong = append(wrong, "there is no query parameter "+name)
		case slices.Contains(unserved[c.route.path], name):
			wrong = append(wrong, "the fake does nothing with the query parameter "+name)
		}
	}
	if err := openapi3filter.ValidateRequest(c.http.Context(), c.input()); err != nil {
		wrong = append(wrong, brief(err))
	}
	return strings.Join(wrong, "; ")
}

// checkAnswer holds an answer against the description. Refusals may be any that
// GitHub has everywhere.
func (c *call) checkAnswer(status int, header http.Header, body []byte) {
	if status >= 300 && c.route.operation.Responses.Status(status) == nil {
		if anywhere[status] {
			return
		}
	}
	in := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: c.input(), Status: status, Header: header, Options: checking,
	}
	if err := openapi3filter.ValidateResponse(c.http.Context(), in.SetBodyBytes(body)); err != nil {
		c.s.violate("answer %d to %s %s: %s", status, c.route.method, c.route.path, brief(err))
	}
}

// anywhere are the refusals that GitHub gives to any request.
var anywhere = map[int]bool{
	301: true, 304: true, 307: true, 401: true, 403: true, 404: true, 409: true, 422: true, 429: true, 500: true, 502: true, 503: true,
}

// brief cuts a validator's message short.
func brief(err error) string { return fmt.Sprintf("%.1000s", err.Error()) }
