package github

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Limited says that GitHub wants no request before a moment, or that there is no
// budget for a write before it. It comes inside a change.Unavailable.
type Limited struct {
	Until time.Time
	// Why is primary, secondary or writes.
	Why string
}

// The reasons of a Limited.
const (
	primary   = "primary"   // the requests of the hour are spent
	secondary = "secondary" // too much at once
	writes    = "writes"    // our own budget of content
)

// Error names the moment.
func (l *Limited) Error() string {
	return fmt.Sprintf("GitHub's %s limit is reached until %s", l.Why, l.Until.UTC().Format(time.RFC3339))
}

// RetryAfter returns how long to wait from now on before trying again what failed
// with err, and whether err is about a limit at all. It is never below 0.
func RetryAfter(err error, now time.Time) (time.Duration, bool) {
	var l *Limited
	if !errors.As(err, &l) {
		return 0, false
	}
	return max(l.Until.Sub(now), 0), true
}

// How long to wait where GitHub does not say it, and the longest that is believed.
const (
	pause    = time.Minute
	maxPause = 2 * time.Hour
)

// limitOf returns the limit that an answer speaks of, or nil. Strikes is how many
// secondary limits came before without an answer between them: GitHub asks to
// wait longer each time.
//
// https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
func limitOf(resp *http.Response, body []byte, now time.Time, strikes int) *Limited {
	if resp.StatusCode != http.StatusForbidden && resp.StatusCode != http.StatusTooManyRequests {
		return nil
	}
	again, said := retryAfter(resp.Header, now)
	if resp.Header.Get("X-RateLimit-Remaining") == "0" {
		return &Limited{Until: later(resetOf(resp.Header, now), again), Why: primary}
	}
	if !said && resp.StatusCode == http.StatusForbidden && !saysSecondary(body) {
		return nil
	}
	if !said {
		again = now.Add(pause << min(strikes, 4))
	}
	return &Limited{Until: again, Why: secondary}
}

// retryAfter reads seconds or a date (RFC 9110 10.2.3).
func retryAfter(h http.Header, now time.Time) (time.Time, bool) {
	v := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(v); err == nil && seconds >= 0 {
		return now.Add(min(time.Duration(min(seconds, 1<<20))*time.Second, maxPause)), true
	}
	if at, err := http.ParseTime(v); err == nil {
		return within(at, now), true
	}
	return time.Time{}, false
}

// resetOf returns when the requests of the hour are given anew.
func resetOf(h http.Header, now time.Time) time.Time {
	seconds, err := strconv.ParseInt(h.Get("X-RateLimit-Reset"), 10, 64)
	if at := time.Unix(seconds, 0); err == nil && at.After(now) {
		return within(at, now)
	}
	return now.Add(pause)
}

// within keeps a moment between now and the longest pause.
func within(at, now time.Time) time.Time {
	if at.Before(now) {
		return now
	}
	if end := now.Add(maxPause); at.After(end) {
		return end
	}
	return at
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// saysSecondary reports whether a refusal is a limit in words only: not every one
// has the documentation_url of limits.
func saysSecondary(body []byte) bool {
	var said struct {
		Message string `json:"message"`
		URL     string `json:"documentation_url"`
	}
	if json.Unmarshal(body, &said) != nil {
		return false
	}
	message := strings.ToLower(said.Message)
	return strings.Contains(message, "secondary rate limit") || strings.Contains(message, "abuse detection") ||
		strings.HasSuffix(said.URL, "secondary-rate-limits") || strings.HasSuffix(said.URL, "#abuse-rate-limits")
}
