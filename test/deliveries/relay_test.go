package deliveries_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// relay stands between GitHub and the product, and does to deliveries what the network
// and GitHub do to them.
type relay struct {
	way    way
	server *httptest.Server
	client http.Client

	mu       sync.Mutex
	dice     *rand.Rand
	to       string
	held     bool
	waiting  []delivery
	late     []delivery // copies for later rounds
	seen     map[string]bool
	sent     int
	lost     int // and GitHub knows
	vanished int // and nobody knows
}

// way is how deliveries go.
type way struct {
	copies         int     // of each, at least 1
	shuffled       bool    // and some copies much later
	lost, vanished float64 // shares
}

type delivery struct {
	header http.Header
	body   []byte
}

func startRelay(t testing.TB, w way, seed uint64) *relay {
	t.Helper()
	r := &relay{way: w, dice: rand.New(rand.NewPCG(seed, 11)), seen: map[string]bool{}, held: true} //nolint:gosec // it shall be the same each time
	r.server = httptest.NewServer(r)
	t.Cleanup(r.server.Close)
	return r
}

// ServeHTTP takes a delivery in as GitHub sends it.
func (r *relay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	d := delivery{req.Header.Clone(), body}
	if touch(d) {
		return // GitHub has no event for it
	}
	list, status := r.take(d)
	for i, one := range list {
		if err := r.forward(req.Context(), one); err != nil && i == 0 {
			status = http.StatusBadGateway
		}
	}
	w.WriteHeader(status)
}

// take decides what becomes of a delivery, and returns the copies that are sent at once.
func (r *relay) take(d delivery) (now []delivery, status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	guid := d.header.Get("X-Github-Delivery")
	again := r.seen[guid]
	r.seen[guid] = true
	if luck := r.dice.Float64(); !again && luck < r.way.lost {
		r.lost++
		return nil, http.StatusBadGateway
	} else if !again && luck < r.way.lost+r.way.vanished {
		r.vanished++
		return nil, http.StatusAccepted
	}
	if r.held {
		r.waiting = append(r.waiting, d)
		return nil, http.StatusAccepted
	}
	return r.copies(d), http.StatusAccepted
}

// touch reports an event with which the test has GitHub note that a pull request was
// altered: comments and reviews do that at GitHub, and not at the fake.
func touch(d delivery) bool {
	if d.header.Get("X-Github-Event") != "pull_request" {
		return false
	}
	var e struct {
		Action  string
		Changes struct{ Title, Base json.RawMessage }
	}
	return json.Unmarshal(d.body, &e) == nil && e.Action == "edited" && e.Changes.Title != nil && e.Changes.Base == nil
}

// copies are the same event, each second time under a number of its own, so that it
// passes for news.
func (r *relay) copies(d delivery) []delivery {
	list := []delivery{d}
	for i := 1; i < r.way.copies; i++ {
		c := delivery{d.header.Clone(), d.body}
		if i%2 == 1 {
			c.header.Set("X-Github-Delivery", fmt.Sprintf("%s-%d", d.header.Get("X-Github-Delivery"), i))
		}
		list = append(list, c)
	}
	return list
}

// release sends what was held, and lets what comes from now on through.
func (r *relay) release(ctx context.Context, t testing.TB) {
	t.Helper()
	for {
		list := r.next()
		if len(list) == 0 {
			return
		}
		if err := r.send(ctx, list); err != nil {
			t.Fatal(err)
		}
	}
}

// hold keeps deliveries from now on.
func (r *relay) hold() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held = true
}

// next is what is to be sent, in its order; of what is shuffled, a tenth comes in a later
// round, when it is long over.
func (r *relay) next() (list []delivery) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, d := range r.waiting {
		list = append(list, r.copies(d)...)
	}
	r.waiting = nil
	if len(list) == 0 {
		r.held = false
		return nil
	}
	if r.way.shuffled {
		list = append(list, r.late...)
		r.dice.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		r.late = list[len(list)*9/10:]
	}
	return list
}

// senders is how many deliveries GitHub sends at once, where order does not matter.
const senders = 4

func (r *relay) send(ctx context.Context, list []delivery) error {
	n := 1
	if r.way.shuffled {
		n = senders
	}
	work, failed := make(chan delivery), make(chan error, n)
	for range n {
		go func() {
			var err error
			for d := range work {
				err = errors.Join(err, r.forward(ctx, d))
			}
			failed <- err
		}()
	}
	for _, d := range list {
		work <- d
	}
	close(work)
	var err error
	for range n {
		err = errors.Join(err, <-failed)
	}
	return err
}

func (r *relay) forward(ctx context.Context, d delivery) error {
	r.mu.Lock()
	to := r.to
	r.sent++
	r.mu.Unlock()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(d.body))
	if err != nil {
		return err
	}
	req.Header = d.header.Clone()
	resp, err := r.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // nothing is read
	if resp.StatusCode != http.StatusAccepted {
		return fmt.Errorf("a delivery was answered with %s", resp.Status)
	}
	return nil
}

func (r *relay) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return fmt.Sprintf("%d events of GitHub, %d deliveries arrived, %d were lost and %d vanished", len(r.seen), r.sent, r.lost, r.vanished)
}

// busy reports whether anything waits.
func (r *relay) busy() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.waiting) > 0
}
