package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// fetchTime is how long fetching a calendar may take.
const fetchTime = 2 * time.Minute

// FetchCalendar gets an iCalendar from http:// or https://, up to MaxCalendar and a byte
// more, so that too much is noticed. Its address is a secret with many providers: of it,
// only the host is told in errors, which are Invalid or Unavailable.
func FetchCalendar(ctx context.Context, client *http.Client, agent, address string) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, fetchTime, fmt.Errorf("it took longer than %s", fetchTime))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil || req.URL.Host == "" {
		return nil, change.Invalid("the address of the calendar cannot be read; write for example https://carrier.example/notices.ics")
	}
	req.Header.Set("Accept", "text/calendar")
	req.Header.Set("User-Agent", agent)
	resp, err := client.Do(req)
	if err != nil {
		return nil, unfetched(ctx, req, err)
	}
	defer resp.Body.Close() //nolint:errcheck // read as far as it is wanted
	if resp.StatusCode != http.StatusOK {
		return nil, change.Unavailable("%s answers %s for the calendar", req.URL.Host, resp.Status).
			WithHint("look at the address; nothing was imported")
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, MaxCalendar+1))
	if err != nil {
		return nil, unfetched(ctx, req, err)
	}
	return b, nil
}

func unfetched(ctx context.Context, req *http.Request, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return change.Unavailable("fetch the calendar from %s: %w", req.URL.Host, err).WithHint("nothing was imported; try again")
}
