package app

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
	"github.com/changectl/changectl/internal/httpapi"
)

// feed is an iCalendar that is read again and again.
type feed struct {
	Name string `yaml:"name,required"`
	// URL is https://, http:// or file://.
	URL     string             `yaml:"url,required"`
	Every   change.Duration    `yaml:"every"` // 15 minutes where it is not given, one at the least
	On      []change.Ref       `yaml:"on"`
	Impact  change.ImpactClass `yaml:"impact"`
	Owner   string             `yaml:"owner"`
	Contact string             `yaml:"contact"`
}

const (
	feedEvery = 15 * time.Minute
	feedLeast = time.Minute
)

// readFeeds reads the file that lists the feeds; its problems carry line and column.
func readFeeds(file string) ([]feed, error) {
	if file == "" {
		return nil, nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read calendars: %w", err)
	}
	doc, err := document.One(file, b)
	if err != nil {
		return nil, err
	}
	var list struct {
		Calendars []feed `yaml:"calendars,required"`
	}
	if err := doc.Decode(&list); err != nil {
		return nil, err
	}
	for i := range list.Calendars {
		f := &list.Calendars[i]
		at := fmt.Sprintf("calendars[%d]", i)
		if u, err := url.Parse(f.URL); err != nil || !strings.Contains("|https|http|file|", "|"+u.Scheme+"|") {
			return nil, doc.Field(at+".url", "is %q; expected an address that begins with https://, http:// or file://", f.URL)
		}
		if f.Every == 0 {
			f.Every = change.Duration(feedEvery)
		}
		if f.Every.Std() < feedLeast {
			return nil, doc.Field(at+".every", "is %s; a feed is read at most once in %s", f.Every.Std(), feedLeast)
		}
	}
	return list.Calendars, nil
}

// poll reads each feed in its time until ctx ends.
func (s *service) poll(ctx context.Context) {
	for _, f := range s.feeds {
		go s.follow(ctx, f)
	}
}

func (s *service) follow(ctx context.Context, f feed) {
	tick := time.NewTicker(f.Every.Std())
	defer tick.Stop()
	last := ""
	for {
		digest, err := s.take(ctx, f, last)
		if err != nil && ctx.Err() == nil {
			s.log.WithField("calendar", f.Name).WithError(err).Warn("calendar not read; what is known of it stays")
		}
		if err == nil {
			last = digest
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// take imports a feed if it is not what it was the last time.
func (s *service) take(ctx context.Context, f feed, last string) (digest string, err error) {
	text, err := fetch(ctx, f.URL)
	if err != nil {
		return "", err
	}
	digest = change.DigestOf(text)
	if digest == last {
		return digest, nil
	}
	answer, err := s.desk.Import(ctx, change.Person{Ref: "system:changectl"}, httpapi.ImportRequest{
		Calendar: f.Name, Text: string(text), Targets: f.On, Impact: f.Impact, Owner: f.Owner, Contact: f.Contact,
	})
	if err == nil {
		s.log.WithField("calendar", f.Name).WithField("events", len(answer.Events)).WithField("hits", len(answer.Hits)).Info("calendar read")
	}
	return digest, err
}

// fetch reads what an address holds.
func fetch(ctx context.Context, address string) ([]byte, error) {
	if u, err := url.Parse(address); err == nil && u.Scheme == "file" {
		return os.ReadFile(filepath.FromSlash(u.Path))
	}
	return httpapi.FetchCalendar(ctx, http.DefaultClient, "changectl/"+Version, address)
}
