package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/sirupsen/logrus"
)

// DefaultBaseURL is where github.com answers.
const DefaultBaseURL = "https://api.github.com/"

// The content that may be written, a little less than GitHub allows (80 a minute, 500
// an hour): others write with the same installation, such as another worker.
const (
	DefaultWritesPerMinute = 70
	DefaultWritesPerHour   = 450
)

// requestTimeout ends a request that nobody else ends.
const requestTimeout = 30 * time.Second

// How many bytes are kept: answers with their ETags, and trees and files.
const (
	keptAnswers = 32 << 20
	keptObjects = 64 << 20
)

// Options says who the App is and what it serves.
type Options struct {
	AppID int64
	Key   []byte // the App's private key: RSA, PEM
	// BaseURL is DefaultBaseURL where empty; https://HOST/api/v3/ for GitHub Enterprise.
	BaseURL string
	// Repositories are those served, as owner/name in any case; empty is every
	// repository of the installations.
	Repositories []string
	// Installations are those allowed; empty is every one.
	Installations []int64
	// HTTP gives transport and timeout; nil is http.DefaultTransport and 30 seconds.
	HTTP *http.Client
	// WritesPerMinute and WritesPerHour bound what is written in any such time by
	// one installation; 0 is the default, less than 0 is no bound.
	WritesPerMinute, WritesPerHour int
	Clock                          func() time.Time      // nil is time.Now
	Log                            *logrus.Entry         // nil is silence
	Metrics                        prometheus.Registerer // nil is none
}

// Client reaches GitHub. It is safe for concurrent use.
type Client struct {
	o       Options
	base    *url.URL
	served  map[string]bool // owner/name in lower case
	access  access
	answers *lru[answer]
	objects *lru[any]
	counts  *counters

	refreshing chan struct{} // held by who asks for the installations

	mu     sync.Mutex
	gates  map[int64]*gate       // by installation; 0 is the App or the person
	routes map[int64]route       // by repository
	conns  map[int64]*connection // by repository
	paused map[int64]string      // accounts of suspended installations
	slug   string                // the App's, known after the first refresh
	// begun counts how often the installations were asked for, settled is the last of
	// these rounds that came to its end.
	begun, settled int
}

// access is how requests are authenticated: by the App or by a person's token.
type access interface {
	// self connects as the App or the person.
	self(c *Client) *connection
	// installation connects as an installation, to read what it may reach.
	installation(c *Client, id int64) *connection
	// repository connects to one repository.
	repository(c *Client, r route) *connection
}

// New returns a client for the App. All that is wrong with o is in the error.
func New(o Options) (*Client, error) {
	key, err := jwt.ParseRSAPrivateKeyFromPEM(o.Key)
	if err != nil {
		err = errors.New("the App's private key must be an RSA key in PEM, as GitHub gives it out")
	}
	if o.AppID <= 0 {
		err = errors.Join(err, errors.New("the App's ID must be its number"))
	}
	for _, name := range o.Repositories {
		if owner, repo, ok := strings.Cut(name, "/"); !ok || owner == "" || repo == "" || strings.Contains(repo, "/") {
			err = errors.Join(err, fmt.Errorf("repository %q must be owner/name", name))
		}
	}
	c, e := newClient(o)
	if err = errors.Join(err, e); err != nil {
		return nil, err
	}
	c.access = app{id: o.AppID, key: key}
	return c, nil
}

func newClient(o Options) (*Client, error) {
	if o.HTTP == nil {
		o.HTTP = &http.Client{Timeout: requestTimeout}
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = silence()
	}
	base, err := parseBase(o.BaseURL)
	if err != nil {
		return nil, err
	}
	counts, err := newCounters(o.Metrics)
	if err != nil {
		return nil, err
	}
	c := &Client{
		o: o, base: base, counts: counts, served: map[string]bool{},
		answers: newLRU[answer](keptAnswers), objects: newLRU[any](keptObjects),
		refreshing: make(chan struct{}, 1),
		gates:      map[int64]*gate{}, routes: map[int64]route{}, conns: map[int64]*connection{}, paused: map[int64]string{},
	}
	for _, name := range o.Repositories {
		c.served[strings.ToLower(name)] = true
	}
	return c, nil
}

func parseBase(s string) (*url.URL, error) {
	if s == "" {
		s = DefaultBaseURL
	}
	base, err := url.Parse(s)
	if err != nil || base.Host == "" || (base.Scheme != "https" && base.Scheme != "http") || base.User != nil {
		return nil, fmt.Errorf("the base URL %q must be such as %s or https://HOST/api/v3/", s, DefaultBaseURL)
	}
	if !strings.HasSuffix(base.Path, "/") {
		base.Path += "/"
	}
	return base, nil
}

// serves reports whether the configuration names the repository.
func (c *Client) serves(fullName string) bool {
	return len(c.served) == 0 || c.served[strings.ToLower(fullName)]
}

// concerns reports whether an installation can hold a repository that is served.
// Others have installed the App too, and must neither slow it down nor stop it.
func (c *Client) concerns(id int64, account string) bool {
	if len(c.o.Installations) > 0 && !slices.Contains(c.o.Installations, id) {
		return false
	}
	if len(c.served) == 0 || account == "" {
		return true
	}
	for name := range c.served {
		if strings.HasPrefix(name, strings.ToLower(account)+"/") {
			return true
		}
	}
	return false
}

// Counts returns what was asked of GitHub since the start.
func (c *Client) Counts() Counts { return c.counts.now() }

// lock takes a turn that the context can give up waiting for.
func lock(ctx context.Context, turn chan struct{}) error {
	select {
	case turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
