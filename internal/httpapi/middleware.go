package httpapi

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/sirupsen/logrus"

	"github.com/changectl/changectl/internal/change"
)

// requestInfo is what is known of a request while it runs; it travels in the
// context and is filled in on the way.
type requestInfo struct {
	id     string
	person change.Person
	err    error // what the log shall tell and the answer does not
}

type infoKey struct{}

func infoOf(ctx context.Context) *requestInfo {
	if info, ok := ctx.Value(infoKey{}).(*requestInfo); ok {
		return info
	}
	return &requestInfo{}
}

type middleware struct {
	o        ServerOptions
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
}

func newMiddleware(o ServerOptions) *middleware {
	m := &middleware{
		o: o,
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "changectl_http_requests_total", Help: "Requests answered, by route and status code.",
		}, []string{"route", "code"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "changectl_http_request_duration_seconds", Help: "Time to answer a request, by route.",
			Buckets: []float64{.002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 60},
		}, []string{"route"}),
	}
	o.Registry.MustRegister(m.requests, m.duration)
	return m
}

// wrap puts around the routes, from the outside in: request ID, log and
// metrics, recovery, body limit, authentication.
func (m *middleware) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := m.o.Clock()
		info := &requestInfo{id: requestID(r)}
		w.Header().Set("X-Request-Id", info.id)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		r = r.WithContext(context.WithValue(r.Context(), infoKey{}, info))
		seen := &recorder{ResponseWriter: w}
		r.Body = http.MaxBytesReader(seen, r.Body, m.room(w, r))
		m.guarded(seen, r, next)
		m.done(r, seen, info, m.o.Clock().Sub(began))
	})
}

// calendarsPath is where calendars are imported.
const calendarsPath = "/v1/calendars/"

// room is how much a request may bring, in bytes. An import may bring more than
// others, and is given the time to be answered.
func (m *middleware) room(w http.ResponseWriter, r *http.Request) int64 {
	if r.Method == http.MethodPost && r.URL.Path == webhookPath {
		return m.o.WebhookRoom + 1 // so that too much is told from just enough
	}
	if r.Method != http.MethodPost || !strings.HasPrefix(r.URL.Path, calendarsPath) {
		return MaxBody
	}
	// Where it cannot be set, that of the server holds.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(2 * importTime))
	return MaxCalendar
}

// guarded answers a panic with 500 and a refused token with 401.
func (m *middleware) guarded(w *recorder, r *http.Request, next http.Handler) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if v == http.ErrAbortHandler { //nolint:errorlint // a sentinel that net/http compares so too
			panic(v)
		}
		p := problemOf(r.Context(), fmt.Errorf("panic: %v\n%s", v, debug.Stack()), nil)
		if w.code == 0 {
			writeProblem(w, p)
		}
	}()
	if strings.HasPrefix(r.URL.Path, "/v1/") {
		if p := m.authenticate(r); p != nil {
			w.Header().Set("WWW-Authenticate", `Bearer realm="changectl"`)
			writeProblem(w, p)
			return
		}
	}
	next.ServeHTTP(w, r)
}

const tokenHint = "send the header Authorization: Bearer TOKEN; changectl takes the token from CHANGECTL_TOKEN, from --token-file or from a profile"

func (m *middleware) authenticate(r *http.Request) *Problem {
	info := infoOf(r.Context())
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "bearer") || token == "" {
		p := newProblem(http.StatusUnauthorized, change.KindDenied, "the request carries no token")
		p.Hint, p.RequestID = tokenHint, info.id
		return p
	}
	person, err := m.o.Authenticate(token)
	if err == nil {
		info.person = person
		return nil
	}
	p := problemOf(r.Context(), err, nil)
	if p.Kind == change.KindDenied || p.Kind == change.KindNotFound || p.Kind == change.KindInvalid {
		p.Status, p.Kind, p.Title = http.StatusUnauthorized, change.KindDenied, http.StatusText(http.StatusUnauthorized)
		if p.Hint == "" {
			p.Hint = "ask the installation's operator for a token"
		}
	}
	return p
}

func (m *middleware) done(r *http.Request, w *recorder, info *requestInfo, took time.Duration) {
	route := r.Pattern
	if route == "" || route == "/" {
		route = "other"
	}
	code := w.status()
	m.requests.WithLabelValues(route, strconv.Itoa(code)).Inc()
	m.duration.WithLabelValues(route).Observe(took.Seconds())
	if m.o.Log == nil {
		return
	}
	log := m.o.Log.WithFields(logrus.Fields{
		"request": info.id, "method": r.Method, "path": r.URL.Path, "route": route,
		"status": code, "bytes": w.bytes, "took": took.Round(time.Microsecond).String(),
	})
	if info.person.Ref != "" {
		log = log.WithField("person", info.person.Ref)
	}
	switch {
	case code >= http.StatusInternalServerError:
		log.WithError(info.err).Error("request failed")
	case route == "GET /healthz" || route == "GET /readyz" || route == "GET /metrics":
		log.Debug("request answered")
	default:
		log.Info("request answered")
	}
}

// requestID takes over a caller's ID when it is harmless, and makes one otherwise.
func requestID(r *http.Request) string {
	id := r.Header.Get("X-Request-Id")
	harmless := id != "" && len(id) <= 64 && strings.Trim(id,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == ""
	if harmless {
		return id
	}
	return rand.Text()[:16]
}

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	code  int
	bytes int64
}

// WriteHeader remembers the status.
func (w *recorder) WriteHeader(code int) {
	if w.code == 0 {
		w.code = code
	}
	w.ResponseWriter.WriteHeader(code)
}

// Write counts the bytes.
func (w *recorder) Write(b []byte) (int, error) {
	if w.code == 0 {
		w.code = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *recorder) status() int {
	if w.code == 0 {
		return http.StatusOK
	}
	return w.code
}

func writeProblem(w http.ResponseWriter, p *Problem) {
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(p.Status)
	b, err := json.Marshal(p)
	if err != nil {
		_, _ = io.WriteString(w, `{"kind":"failed","detail":"the problem could not be encoded"}`)
		return
	}
	_, _ = w.Write(append(b, '\n'))
}
