package github_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/github"
	"github.com/changectl/changectl/internal/proposal"
)

func hour(remaining string, reset time.Time) http.Header {
	return http.Header{"X-Ratelimit-Remaining": {remaining}, "X-Ratelimit-Reset": {strconv.FormatInt(reset.Unix(), 10)}}
}

func with(h http.Header, name, value string) http.Header {
	h = h.Clone()
	h.Set(name, value)
	return h
}

func TestLimitsSayHowLongToWait(t *testing.T) {
	const plain = `{"message":"Resource not accessible by integration"}`
	for name, tc := range map[string]struct {
		status int
		header http.Header
		body   string
		want   time.Duration // -1 is no limit
	}{
		"primary with 403":          {403, hour("0", start.Add(7*time.Minute)), `{"message":"API rate limit exceeded"}`, 7 * time.Minute},
		"primary with 429":          {429, hour("0", start.Add(7*time.Minute)), `{}`, 7 * time.Minute},
		"primary that reset before": {403, hour("0", start.Add(-time.Hour)), `{}`, time.Minute},
		"primary without a reset":   {403, http.Header{"X-Ratelimit-Remaining": {"0"}}, `{}`, time.Minute},
		"primary of a wrong clock":  {403, hour("0", start.Add(1000*time.Hour)), `{}`, 2 * time.Hour},
		"secondary in seconds":      {403, http.Header{"Retry-After": {"30"}}, plain, 30 * time.Second},
		"secondary as a date":       {429, http.Header{"Retry-After": {start.Add(90 * time.Second).Format(http.TimeFormat)}}, `{}`, 90 * time.Second},
		"both":                      {403, with(hour("0", start.Add(7*time.Minute)), "Retry-After", "30"), `{}`, 7 * time.Minute},
		"both, the other way":       {403, with(hour("0", start.Add(7*time.Minute)), "Retry-After", "600"), `{}`, 10 * time.Minute},
		"secondary in words":        {403, hour("4000", start.Add(7*time.Minute)), `{"message":"You have exceeded a secondary rate limit"}`, time.Minute},
		"abuse in words":            {403, nil, `{"message":"You have triggered an abuse detection mechanism"}`, time.Minute},
		"secondary by its page":     {403, nil, `{"message":"x","documentation_url":"https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"}`, time.Minute},
		"429 without a word":        {429, nil, ``, time.Minute},
		"a refusal":                 {403, hour("4000", start.Add(7*time.Minute)), plain, -1},
		"a refusal that is no JSON": {403, nil, `<html>`, -1},
		"the last request":          {404, hour("0", start.Add(7*time.Minute)), `{}`, -1},
	} {
		w := newWorld(t)
		w.refuse("GET /repos/acme/changes/pulls/7", tc.status, tc.header, tc.body)
		_, err := w.client(t).Pull(t.Context(), repo, 7)
		if err == nil {
			t.Fatalf("%s: no error", name)
		}
		wait, ok := github.RetryAfter(err, start)
		if ok != (tc.want >= 0) || ok && wait != tc.want {
			t.Errorf("%s: wait %v (%t), want %v: %v", name, wait, ok, tc.want, err)
		}
		if ok && change.KindOf(err) != change.KindUnavailable {
			t.Errorf("%s: %v is of kind %q", name, err, change.KindOf(err))
		}
	}
}

func TestNothingIsSentUntilALimitIsOver(t *testing.T) {
	w := newWorld(t)
	limited := true
	w.HandleFunc("GET /repos/acme/changes/pulls/7", func(rw http.ResponseWriter, _ *http.Request) {
		if limited {
			rw.Header().Set("Retry-After", "30")
			rw.WriteHeader(http.StatusTooManyRequests)
			return
		}
		w.say(rw, pull(7, ""))
	})
	w.answer("POST /repos/acme/changes/issues/7/comments", `{"id":5}`)
	c, ctx := w.client(t), t.Context()
	if _, err := c.Pull(ctx, repo, 7); err == nil {
		t.Fatal("no error")
	}
	limited = false
	before := len(w.sent)
	w.pass(29 * time.Second)
	for name, err := range map[string]error{
		"the same":    second(c.Pull(ctx, repo, 7)),
		"another":     second(c.Reviews(ctx, repo, 7)),
		"a write":     second(c.PutComment(ctx, repo, 7, 0, "x")),
		"who reaches": second(c.Repository(ctx, 1)),
	} {
		if wait, ok := github.RetryAfter(err, w.clock()); !ok || wait != time.Second {
			t.Errorf("%s: wait %v (%t), want 1s: %v", name, wait, ok, err)
		}
	}
	if len(w.sent) != before {
		t.Errorf("sent %v", w.sent[before:])
	}
	w.pass(time.Second)
	if _, err := c.Pull(ctx, repo, 7); err != nil {
		t.Errorf("after the limit: %v", err)
	}
	counts := c.Counts()
	if counts.Limited != 1 || counts.Refused != 4 {
		t.Errorf("counted %+v, want 1 limited and 4 refused", counts)
	}
}

// The last request of the hour is answered; the one after it is not sent.
func TestTheHourThatIsSpentIsKnownBeforeTheNextRequest(t *testing.T) {
	w := newWorld(t)
	w.refuse("GET /repos/acme/changes/pulls/7", http.StatusOK, hour("0", start.Add(10*time.Minute)), pull(7, ""))
	c := w.client(t)
	if _, err := c.Pull(t.Context(), repo, 7); err != nil {
		t.Fatal(err)
	}
	_, err := c.Pull(t.Context(), repo, 7)
	if wait, ok := github.RetryAfter(err, start); !ok || wait != 10*time.Minute {
		t.Errorf("wait %v (%t), want 10m: %v", wait, ok, err)
	}
	w.pass(10 * time.Minute)
	if _, err := c.Pull(t.Context(), repo, 7); err != nil {
		t.Errorf("after the hour: %v", err)
	}
	if got := len(w.requests()); got != 2 {
		t.Errorf("sent %d requests, want 2", got)
	}
}

// GitHub asks to wait longer each time that a secondary limit comes again.
func TestSecondaryLimitsWithoutATimeWaitLongerEachTime(t *testing.T) {
	w := newWorld(t)
	w.refuse("GET /repos/acme/changes/pulls/7", http.StatusForbidden, nil, `{"message":"secondary rate limit"}`)
	w.answer("GET /repos/acme/changes/pulls/8", pull(8, ""))
	c := w.client(t)
	limit := func() time.Duration {
		_, err := c.Pull(t.Context(), repo, 7)
		wait, _ := github.RetryAfter(err, w.clock())
		w.pass(wait)
		return wait
	}
	for i, want := range []time.Duration{1, 2, 4, 8, 16, 16} {
		if got := limit(); got != want*time.Minute {
			t.Errorf("time %d: wait %v, want %v", i+1, got, want*time.Minute)
		}
	}
	if _, err := c.Pull(t.Context(), repo, 8); err != nil {
		t.Fatal(err)
	}
	if got := limit(); got != time.Minute {
		t.Errorf("after an answer: wait %v, want 1m", got)
	}
}

func TestALimitIsOfOneInstallation(t *testing.T) {
	w := newWorld(t)
	w.installations = `[{"id":10,"account":{"login":"acme"}},{"id":20,"account":{"login":"beta"}}]`
	w.reach[20] = `{"id":2,"name":"changes","full_name":"beta/changes","owner":{"login":"beta"}}`
	w.refuse("GET /repos/acme/changes/pulls/7", http.StatusTooManyRequests, nil, "")
	w.answer("GET /repos/beta/changes/pulls/7/reviews", `[]`)
	c := w.client(t)
	if _, err := c.Pull(t.Context(), repo, 7); err == nil {
		t.Fatal("no error")
	}
	if _, err := c.Reviews(t.Context(), proposal.Repository{ID: 2, Owner: "beta", Name: "changes"}, 7); err != nil {
		t.Errorf("the other installation: %v", err)
	}
}

func TestRetryAfterIsOfLimitsOnly(t *testing.T) {
	limit := change.Unavailable("read x: %w", &github.Limited{Until: start, Why: "primary"})
	for name, tc := range map[string]struct {
		err  error
		now  time.Time
		want time.Duration
		ok   bool
	}{
		"none":      {nil, start, 0, false},
		"another":   {change.Unavailable("the line is cut"), start, 0, false},
		"ended":     {context.Canceled, start, 0, false},
		"a limit":   {limit, start.Add(-time.Minute), time.Minute, true},
		"wrapped":   {fmt.Errorf("sync: %w", errors.Join(errors.New("x"), limit)), start.Add(-time.Minute), time.Minute, true},
		"it is by":  {limit, start.Add(time.Hour), 0, true},
		"right now": {limit, start, 0, true},
	} {
		if got, ok := github.RetryAfter(tc.err, tc.now); got != tc.want || ok != tc.ok {
			t.Errorf("%s: %v, %t; want %v, %t", name, got, ok, tc.want, tc.ok)
		}
	}
}

func TestWritesStayWithinTheirBudget(t *testing.T) {
	w := newWorld(t)
	w.answer("POST /repos/acme/changes/issues/7/comments", `{"id":5}`)
	w.answer("GET /repos/acme/changes/pulls/7", pull(7, ""))
	c := w.client(t, func(o *github.Options) { o.WritesPerMinute, o.WritesPerHour = 2, 3 })
	write := func() time.Duration {
		_, err := c.PutComment(t.Context(), repo, 7, 0, "x")
		wait, ok := github.RetryAfter(err, w.clock())
		if (err != nil) != ok {
			t.Errorf("write: %v", err)
		}
		return wait
	}
	for i, step := range []struct{ pass, want time.Duration }{
		{0, 0},
		{20 * time.Second, 0},
		{10 * time.Second, 30 * time.Second}, // two are of this minute
		{30 * time.Second, 0},
		{0, 59 * time.Minute}, // three are of this hour
		{59*time.Minute - time.Second, time.Second},
		{time.Second, 0},
		{0, 20 * time.Second},
	} {
		w.pass(step.pass)
		if got := write(); got != step.want {
			t.Errorf("step %d: wait %v, want %v", i, got, step.want)
		}
	}
	if _, err := c.Pull(t.Context(), repo, 7); err != nil {
		t.Errorf("a read while writes are spent: %v", err)
	}
	if got := c.Counts(); got.Writes != 4 || int(got.Writes) != len(w.all("POST /repos/acme/changes/issues/7/comments")) {
		t.Errorf("counted %+v, want 4 writes that arrived", got)
	}
}

func second[T any](_ T, err error) error { return err }
