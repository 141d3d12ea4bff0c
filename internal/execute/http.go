package execute

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"os"
	"strings"
	"sync/atomic"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/runbook"
)

// request sends one HTTP request and leaves status, json and body.
func request(ctx context.Context, t *task, with *runbook.HTTP) (seen, error) {
	client, done, err := t.client(with)
	if err != nil {
		return seen{}, err
	}
	defer done()
	var sent atomic.Bool
	trace := &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }}
	req, err := newRequest(httptrace.WithClientTrace(ctx, trace), with)
	if err != nil {
		return seen{}, err
	}
	resp, err := client.Do(req)
	if err != nil {
		err = change.FailedTo("%s: %w", with.Method, err)
		if sent.Load() && !with.Resumable() {
			return seen{}, &uncertain{err}
		}
		return seen{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	body := newBounded(with.OutputLimit)
	// Twice the limit at most is read: enough to know that something was cut.
	if _, err := io.Copy(body, io.LimitReader(resp.Body, 2*int64(with.OutputLimit))); err != nil {
		return seen{output: body.text(&t.mask)}, change.FailedTo("read the answer, status %d: %w", resp.StatusCode, err)
	}
	return t.answer(resp, body), nil
}

func (t *task) answer(resp *http.Response, body *bounded) seen {
	headers := map[string]string{}
	for k, v := range resp.Header {
		headers[strings.ToLower(k)] = strings.Join(v, ", ")
	}
	out := seen{
		output:  body.text(&t.mask),
		vars:    map[string]any{"status": resp.StatusCode, "body": body.raw(), "json": nil, "headers": headers},
		keep:    []string{"status", "json", "body"},
		message: "HTTP " + resp.Status,
	}
	if body.cut() == 0 {
		out.vars["json"] = parsed(body.raw())
	}
	return out
}

func newRequest(ctx context.Context, with *runbook.HTTP) (*http.Request, error) {
	body := []byte(with.Body)
	if with.JSON != nil {
		b, err := json.Marshal(with.JSON)
		if err != nil {
			return nil, fmt.Errorf("encode json: %w", err)
		}
		body = b
	}
	req, err := http.NewRequestWithContext(ctx, with.Method, with.URL, bytes.NewReader(body))
	if err != nil {
		return nil, change.Invalid("the request cannot be made: %w", err)
	}
	if len(body) == 0 {
		req.Body, req.GetBody = http.NoBody, nil
	}
	if with.JSON != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("User-Agent", "changectl")
	for k, v := range with.Headers {
		if strings.EqualFold(k, "Host") {
			req.Host = v
			continue
		}
		req.Header.Set(k, v)
	}
	return req, nil
}

// maxRedirects is how many redirects are followed where they are at all.
const maxRedirects = 10

// client returns the client for one request, and what to call after it.
func (t *task) client(with *runbook.HTTP) (*http.Client, func(), error) {
	client := http.Client{}
	if t.HTTP != nil {
		client = *t.HTTP
	}
	client.Timeout = 0 // the step's own timeout counts
	client.CheckRedirect = func(_ *http.Request, via []*http.Request) error {
		if !with.Follow {
			return http.ErrUseLastResponse
		}
		if len(via) >= maxRedirects {
			return errors.New("it redirects more than ten times")
		}
		return nil
	}
	if with.CAFile == "" {
		return &client, func() {}, nil
	}
	pem, err := os.ReadFile(with.CAFile)
	if err != nil {
		return nil, nil, change.FailedTo("read ca-file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, nil, change.FailedTo("ca-file %s holds no certificate in PEM", with.CAFile)
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	client.Transport = transport
	return &client, transport.CloseIdleConnections, nil
}
