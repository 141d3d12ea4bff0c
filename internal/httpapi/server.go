package httpapi

import (
	"context"
	"net"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/sirupsen/logrus"

	"github.com/changectl/changectl/internal/change"
)

// MaxBody is the largest request body that is read, in bytes; that of an import is
// MaxCalendar.
const MaxBody = 1 << 20

// MaxCalendar is the largest iCalendar that can be imported, in bytes.
const MaxCalendar = 64 << 20

// MaxWait is the longest that a request for a change waits for news of it.
const MaxWait = 60 * time.Second

// ServerOptions is what a server needs beside the Service.
type ServerOptions struct {
	// Authenticate tells who holds a token; its errors are change.Errors.
	Authenticate func(token string) (change.Person, error)
	Log          *logrus.Entry
	// Registry takes the metrics of the API. Without one they are kept apart
	// and served, alone, at /metrics.
	Registry *prometheus.Registry
	// Metrics serves /metrics; without it the Registry is served.
	Metrics http.Handler
	// Version is shown in the OpenAPI document.
	Version string
	// Clock tells the time for durations in logs and metrics.
	Clock func() time.Time
	// Webhook takes what GitHub sends, at most WebhookRoom bytes a request; nil without a
	// GitHub App. It authenticates by itself.
	Webhook     http.Handler
	WebhookRoom int64
}

var setProblems = sync.OnceFunc(func() { huma.NewError = fromHuma })

// NewServer returns the handler of the whole API: /v1 behind bearer tokens,
// /healthz, /readyz, /metrics and /openapi.json and .yaml without.
func NewServer(s Service, o ServerOptions) http.Handler {
	o = o.withDefaults()
	mux := http.NewServeMux()
	api := newAPI(mux, o.Version)
	service := routes{service: s}
	service.all(api)
	probes(mux, s, o)
	if o.Webhook != nil {
		mux.Handle("POST "+webhookPath, o.Webhook)
	}
	mux.HandleFunc("/", notFound)
	return newMiddleware(o).wrap(mux)
}

// webhookPath is where GitHub sends what happens.
const webhookPath = "/github/webhook"

func (o ServerOptions) withDefaults() ServerOptions {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Version == "" {
		o.Version = "dev"
	}
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	if o.Metrics == nil {
		o.Metrics = promhttp.HandlerFor(o.Registry, promhttp.HandlerOpts{})
	}
	return o
}

// HTTPServer returns a server for h with the timeouts that fit this API. Its
// Shutdown answers those who wait for news at once instead of waiting for them.
func HTTPServer(h http.Handler) *http.Server {
	stopping, stop := context.WithCancel(context.Background())
	base := context.WithValue(context.Background(), stoppingKey{}, stopping)
	s := &http.Server{
		Handler:           h,
		BaseContext:       func(net.Listener) context.Context { return base },
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      MaxWait + 30*time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
	s.RegisterOnShutdown(stop)
	return s
}

type stoppingKey struct{}

// untilShutdown returns a context that also ends when the server shuts down.
func untilShutdown(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	if stopping, ok := ctx.Value(stoppingKey{}).(context.Context); ok {
		context.AfterFunc(stopping, cancel)
	}
	return ctx, cancel
}

// OpenAPI returns the API's OpenAPI 3.1 document as JSON.
func OpenAPI(version string) ([]byte, error) {
	api := newAPI(http.NewServeMux(), version)
	var service routes
	service.all(api)
	return api.OpenAPI().MarshalJSON()
}

func newAPI(mux *http.ServeMux, version string) huma.API {
	setProblems()
	config := huma.DefaultConfig("changectl", version)
	config.Info.Description = "Change control: plan, approve, run and record maintenance. " +
		"Errors are problem documents (RFC 9457) with a kind, the offending field and what to do next."
	config.DocsPath, config.SchemasPath, config.CreateHooks = "", "", nil
	config.RejectUnknownQueryParameters = true
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", Description: "A token of the installation's token file."},
	}
	config.Security = []map[string][]string{{"token": {}}}
	return humago.New(mux, config)
}

// schemaName keeps the log's records apart from those of changes.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if strings.HasSuffix(t.PkgPath(), "/audit") {
		return "Log" + name
	}
	return name
}

func probes(mux *http.ServeMux, s Service, o ServerOptions) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("ok\n"))
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
		defer cancel()
		if err := s.Ready(ctx); err != nil {
			p := problemOf(r.Context(), err, nil)
			p.Status = http.StatusServiceUnavailable
			p.Title = http.StatusText(p.Status)
			writeProblem(w, p)
			return
		}
		_, _ = w.Write([]byte("ready\n"))
	})
	mux.Handle("GET /metrics", o.Metrics)
}

func notFound(w http.ResponseWriter, r *http.Request) {
	p := newProblem(http.StatusNotFound, change.KindNotFound, "there is no "+r.Method+" "+r.URL.Path)
	p.Hint = "GET /openapi.yaml lists what there is"
	p.RequestID = infoOf(r.Context()).id
	writeProblem(w, p)
}
