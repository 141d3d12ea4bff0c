package lab

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"
)

// Probe is what the writer sees at this moment.
type Probe struct {
	// OK is true while it writes and was acknowledged within the last second.
	OK           bool `json:"ok"`
	Acknowledged int  `json:"acknowledged"`
	Failed       int  `json:"failed"`
	Ambiguous    int  `json:"ambiguous"`
	// LastAckMillis is the age of the last acknowledgement.
	LastAckMillis int64 `json:"lastAckMillis"`
	// StallMillis is how long the oldest transaction that is due waits now.
	StallMillis int64 `json:"stallMillis"`
	// LongestStallMillis is the longest stall so far.
	LongestStallMillis int64 `json:"longestStallMillis"`
}

// Probe looks at the count while the writer goes on.
func (w *Writer) Probe() Probe {
	now := w.options.Now()
	t := &w.tally
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ended.IsZero() {
		now = t.ended
	}
	age := now.Sub(t.lastAck)
	stall := t.stalled(now)
	return Probe{
		OK:           t.ended.IsZero() && age < time.Second && len(t.rows[Acknowledged]) > 0,
		Acknowledged: len(t.rows[Acknowledged]), Failed: len(t.rows[Failed]), Ambiguous: len(t.rows[Ambiguous]),
		LastAckMillis: age.Milliseconds(), StallMillis: stall.Milliseconds(),
		LongestStallMillis: max(t.longest, stall).Milliseconds(),
	}
}

// Handler answers GET /probe with a [Probe], 200 while it is OK and 503 while it is
// not; POST /token by writing a token through the pooler; and GET /token/{token} by
// reading it back, 404 when it is not there.
func (w *Writer) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /probe", func(rw http.ResponseWriter, _ *http.Request) {
		p, status := w.Probe(), http.StatusOK
		if !p.OK {
			status = http.StatusServiceUnavailable
		}
		reply(rw, status, p)
	})
	mux.HandleFunc("POST /token", func(rw http.ResponseWriter, r *http.Request) {
		token, err := WriteToken(r.Context(), w.options.DSN)
		if err != nil {
			reply(rw, http.StatusServiceUnavailable, map[string]string{"error": err.Error()})
			return
		}
		reply(rw, http.StatusCreated, map[string]string{"token": token})
	})
	mux.HandleFunc("GET /token/{token}", func(rw http.ResponseWriter, r *http.Request) {
		err := ReadToken(r.Context(), w.options.DSN, r.PathValue("token"))
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			reply(rw, http.StatusNotFound, map[string]string{"error": err.Error()})
		case err != nil:
			reply(rw, http.StatusServiceUnavailable, map[string]string{"error": err.Error()})
		default:
			reply(rw, http.StatusOK, map[string]string{"token": r.PathValue("token")})
		}
	})
	return mux
}

func reply(rw http.ResponseWriter, status int, body any) {
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(status)
	_ = json.NewEncoder(rw).Encode(body)
}

// Serve answers Handler's requests on a free port of 127.0.0.1 until the
// returned function is called, and returns the base address.
func (w *Writer) Serve(ctx context.Context) (url string, stop func() error, err error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", loopback+":0")
	if err != nil {
		return "", nil, fmt.Errorf("listen for the probe: %w", err)
	}
	s := &http.Server{Handler: w.Handler(), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = s.Serve(l) }()
	return "http://" + l.Addr().String(), s.Close, nil
}

// WriteToken writes a fresh token to the database that dsn leads to, in the
// simple protocol, and returns it.
func WriteToken(ctx context.Context, dsn string) (string, error) {
	conn, err := connectApplication(ctx, dsn)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(ctx) }()
	token := rand.Text()
	if _, err := conn.Exec(ctx, "INSERT INTO tokens (token) VALUES ($1)", token); err != nil {
		return "", fmt.Errorf("write a token: %w", err)
	}
	return token, nil
}

// ReadToken looks a token up; its error wraps pgx.ErrNoRows when it is not there.
func ReadToken(ctx context.Context, dsn, token string) error {
	conn, err := connectApplication(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	var found string
	if err := conn.QueryRow(ctx, "SELECT token FROM tokens WHERE token = $1", token).Scan(&found); err != nil {
		return fmt.Errorf("read token %s: %w", token, err)
	}
	return nil
}
