package github

import (
	"context"
	"crypto/rsa"
	"fmt"
	"net/http"

	"github.com/bradleyfalzon/ghinstallation/v2"
	gh "github.com/google/go-github/v60/github"
)

// connection is a client with a token of its own.
type connection struct{ api *gh.Client }

// gate returns the gate of an installation; 0 is the App's or the person's own.
func (c *Client) gate(installation int64) *gate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if g, ok := c.gates[installation]; ok {
		return g
	}
	next := c.o.HTTP.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	g := &gate{
		base: c.base, clock: c.o.Clock, counts: c.counts,
		next:   &conditional{next: next, kept: c.answers, counts: c.counts, who: fmt.Sprint(installation)},
		budget: newBudget(c.o.WritesPerMinute, c.o.WritesPerHour),
		log:    c.o.Log.WithField("installation", installation),
	}
	c.gates[installation] = g
	return g
}

func (c *Client) connection(transport http.RoundTripper) *connection {
	api := gh.NewClient(&http.Client{Transport: transport, Timeout: c.o.HTTP.Timeout})
	base := *c.base
	api.BaseURL, api.UserAgent = &base, "changectl"
	return &connection{api: api}
}

// app authenticates as the App and its installations.
type app struct {
	id  int64
	key *rsa.PrivateKey
}

func (a app) self(c *Client) *connection {
	return c.connection(cloning{ghinstallation.NewAppsTransportFromPrivateKey(c.gate(0), a.id, a.key)})
}

// installation connects with a token that can list repositories and nothing else.
func (a app) installation(c *Client, id int64) *connection {
	return a.connect(c, id, &gh.InstallationTokenOptions{
		Permissions: &gh.InstallationPermissions{Metadata: gh.String("read")},
	})
}

// repository connects with a token for the one repository.
func (a app) repository(c *Client, r route) *connection {
	read, write := gh.String("read"), gh.String("write")
	return a.connect(c, r.repo.Installation, &gh.InstallationTokenOptions{
		RepositoryIDs: []int64{r.repo.ID},
		Permissions: &gh.InstallationPermissions{
			Metadata: read, Contents: read, PullRequests: read, Issues: write, Checks: write, Deployments: write,
		},
	})
}

// connect makes an App's transport for each token: the library writes to it
// whenever it asks for one.
func (a app) connect(c *Client, installation int64, o *gh.InstallationTokenOptions) *connection {
	t := ghinstallation.NewFromAppsTransport(ghinstallation.NewAppsTransportFromPrivateKey(c.gate(installation), a.id, a.key), installation)
	t.BaseURL = c.base.String()
	t.InstallationTokenOptions = o
	return c.connection(&patient{next: t, turn: make(chan struct{}, 1)})
}

// patient asks for a token before the request, one at a time, so that who waits for
// another's token can give up. The library waits on a lock.
type patient struct {
	next *ghinstallation.Transport
	turn chan struct{}
}

// RoundTrip sends the request with a token that is valid.
func (p *patient) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := p.token(req.Context()); err != nil {
		closeBody(req)
		return nil, err
	}
	return p.next.RoundTrip(req)
}

func (p *patient) token(ctx context.Context) error {
	if err := lock(ctx, p.turn); err != nil {
		return err
	}
	defer func() { <-p.turn }()
	_, err := p.next.Token(ctx)
	return err
}

// cloning gives a transport that writes to its request one of its own.
type cloning struct{ next http.RoundTripper }

// RoundTrip sends a copy of the request.
func (t cloning) RoundTrip(req *http.Request) (*http.Response, error) {
	return t.next.RoundTrip(req.Clone(req.Context()))
}
