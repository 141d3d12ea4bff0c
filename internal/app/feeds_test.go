package app

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func feedsOf(t *testing.T, text string) ([]feed, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "calendars.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return readFeeds(file)
}

func TestFeedsAreReadWithTheirDefaults(t *testing.T) {
	list, err := feedsOf(t, "calendars:\n  - {name: a, url: 'https://carrier.example/a.ics'}\n  - {name: b, url: 'file:///srv/b.ics', every: 2h, on: [resource:lan-1]}\n")
	if err != nil || len(list) != 2 || list[0].Every.Std() != 15*time.Minute || list[1].Every.Std() != 2*time.Hour || list[1].On[0] != "resource:lan-1" {
		t.Errorf("%+v, %v", list, err)
	}
	if list, err := readFeeds(""); list != nil || err != nil {
		t.Errorf("without a file: %v, %v", list, err)
	}
}

func TestABrokenListOfFeedsIsNamedWithItsPlace(t *testing.T) {
	for text, want := range map[string]string{
		"calendars:\n  - {name: a, url: 'ftp://carrier.example/a.ics'}\n":                 "2:20: calendars[0].url: is \"ftp://carrier.example/a.ics\"",
		"calendars:\n  - {name: a, url: '/srv/a.ics'}\n":                                  "calendars[0].url",
		"calendars:\n  - {name: a, url: 'https://carrier.example/a.ics', every: 1s}\n":    "calendars[0].every: is 1s; a feed is read at most once in 1m",
		"calendars:\n  - {name: a}\n":                                                     "calendars[0].url: is missing",
		"calendars:\n  - {name: a, url: 'https://carrier.example/a.ics', contakt: noc}\n": "contakt: is not a key here",
		"calendars: {}\n": "calendars",
		"feeds: []\n":     "feeds: is not a key here",
	} {
		if _, err := feedsOf(t, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// The address of a feed is a secret with many providers, and what goes wrong is logged.
func TestWhatGoesWrongWithAFeedDoesNotTellItsAddress(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	refused := httptest.NewServer(nil)
	refused.Close()
	defer gone.Close()
	for _, server := range []*httptest.Server{gone, refused} {
		_, err := fetch(t.Context(), server.URL+"/private-token/notices.ics?key=secret")
		if err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "private-token") {
			t.Errorf("it says %v", err)
		}
	}
}
