package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/changectl/changectl/activities"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/engine"
	"github.com/changectl/changectl/internal/github"
	"github.com/changectl/changectl/internal/pullrequest"
	"github.com/changectl/changectl/test/product"
	"github.com/changectl/changectl/workflows"
)

// The pull requests that are open while pushes are answered, and how many looks there are at
// once, as in the product.
const (
	openPulls   = 200
	looksAtOnce = 8
	pullQueue   = "bench-pulls"
)

// counterHall is an office that is open: deliveries come in, workflows look.
type counterHall struct {
	*office
	dispatcher *pullrequest.Dispatcher
	temporal   client.Client
	worker     worker.Worker
	dev        *product.Dev
	hook       *http.Server
	cancel     context.CancelFunc
	ran        sync.WaitGroup

	mu   sync.Mutex
	came map[string]time.Time // by the commit that a delivery is about
}

// answers measures from the delivery of a push to the approval check that answers it.
func (b *bench) answers(ctx context.Context) (err error) {
	h, err := b.openHall(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.shut()) }()
	if err := h.onboard(ctx); err != nil {
		return err
	}
	near, err := h.series(ctx, b.pushes, 2)
	if err != nil {
		return err
	}
	h.wire.away(distance)
	far, err := h.series(ctx, b.pushes/2, b.pushes+warm+2)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("push to one of %d open pull requests: from its delivery to the approval check", openPulls)
	b.table.add(
		absolute(what+", median", median(near.took), answerTime),
		absolute("  99 of 100 are faster", most(near.took), 0),
		ratio("  of it; the same requests alone, one after the other, median", median(near.took), median(near.alone), 0),
		absolute(fmt.Sprintf("  with a GitHub that takes %s longer for each request, median", short(distance)), median(far.took), answerTime),
		absolute("  99 of 100 are faster", most(far.took), 0),
	)
	b.table.note("pushes: %d and %d after one another, %d answered before their delivery came, by a look that was under way; "+
		"a look makes %d requests up to the approval check (median). Middle half: %s, alone %s, far away %s. GitHub is a fake on this machine, "+
		"and runs git for what it has not answered before.", len(near.took), len(far.took), near.before+far.before, median(near.requests),
		spread(near.took), spread(near.alone), spread(far.took))
	return nil
}

// distance is about how long github.com takes for a request, and answerTime how long an
// answer may take.
const (
	distance   = 100 * time.Millisecond
	answerTime = 2 * time.Second
)

// pushed gathers what a series of pushes measured.
type pushed struct {
	took, alone []time.Duration
	requests    []int
	before      int
}

// series pushes to pull requests at random, each after the one before it is answered.
func (h *counterHall) series(ctx context.Context, pushes, version int) (s pushed, err error) {
	random := rand.New(rand.NewPCG(uint64(version), 2))
	for n := range warm + pushes {
		took, alone, requests, err := h.answered(ctx, random.IntN(openPulls), version+n)
		if err != nil {
			return s, err
		}
		switch {
		case n < warm:
		case took <= 0:
			s.before++
		default:
			s.took, s.alone, s.requests = append(s.took, took), append(s.alone, alone), append(s.requests, requests)
		}
	}
	return s, nil
}

// most returns the value below which 99 of 100 are.
func most(values []time.Duration) time.Duration {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(len(sorted)-1, len(sorted)*99/100)]
}

// openHall connects an office with the Temporal of a changectl dev.
func (b *bench) openHall(ctx context.Context) (_ *counterHall, err error) {
	h := &counterHall{came: map[string]time.Time{}}
	if h.office, err = openOffice(ctx, b.dir, openPulls, 1); err != nil {
		return nil, err
	}
	if h.dev, err = product.Start(ctx, product.Options{Bin: b.bin, StateDir: filepath.Join(b.dir, "pulls")}); err != nil {
		return nil, errors.Join(err, h.close())
	}
	h.temporal, err = client.Dial(client.Options{
		HostPort: "127.0.0.1:" + strconv.Itoa(h.dev.Temporal), Namespace: "changectl",
		Logger: log.NewStructuredLogger(slog.New(slog.NewTextHandler(io.Discard, nil))),
	})
	if err != nil {
		return nil, errors.Join(err, h.dev.Stop(), h.close())
	}
	e := &engine.Engine{Client: h.temporal, PullQueue: pullQueue}
	h.counter.Poke = func(ctx context.Context, k change.PullKey) error { return e.PokePull(ctx, k, "") }
	h.worker = worker.New(h.temporal, pullQueue, worker.Options{MaxConcurrentActivityExecutionSize: looksAtOnce})
	h.worker.RegisterWorkflowWithOptions(workflows.PullRequest, workflow.RegisterOptions{Name: workflows.PullRequestType})
	h.worker.RegisterActivity(&activities.PullRequests{Looker: h.counter, RetryAfter: github.RetryAfter, Clock: time.Now, Log: h.counter.Log})
	if err := h.worker.Start(); err != nil {
		return nil, errors.Join(err, h.dev.Stop(), h.close())
	}
	d := h.office.dispatcher(e.PokePull)
	h.dispatcher = d
	return h, h.listen(ctx)
}

// listen takes deliveries in, verified and kept as the product's own door does it.
func (h *counterHall) listen(ctx context.Context) error {
	receiver, err := github.NewReceiver([]byte(hookSecret))
	if err != nil {
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	h.hook = &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := time.Now()
		e, err := receiver.Receive(r.Header, r.Body)
		if err == nil && e.Repository.ID != 0 && (len(e.Pulls) > 0 || e.Kind == github.Push) {
			h.note(e.After, now)
			err = h.dispatcher.Accept(r.Context(), change.Delivery{
				GUID: e.Delivery, Event: string(e.Kind), Action: e.Action, RepositoryID: e.Repository.ID, Pulls: e.Pulls, Branch: e.Branch(), Commit: e.After,
			})
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	})}
	ctx, h.cancel = context.WithCancel(ctx)
	h.ran.Go(func() { _ = h.hook.Serve(l) })
	h.ran.Go(func() { h.dispatcher.Run(ctx) })
	h.github.SetHook("http://"+l.Addr().String(), hookSecret)
	return nil
}

func (h *counterHall) note(commit string, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, known := h.came[commit]; !known {
		h.came[commit] = now
	}
}

func (h *counterHall) shut() error {
	h.cancel()
	err := h.hook.Close()
	h.ran.Wait()
	h.worker.Stop()
	h.temporal.Close()
	return errors.Join(err, h.dev.Stop(), h.close())
}

// onboard waits until every pull request has its checks: the comparison at the start finds
// them.
func (h *counterHall) onboard(ctx context.Context) error {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		left := 0
		for _, p := range h.pulls {
			if len(h.repo.Checks(p.State().HeadSHA)) < 3 {
				left++
			}
		}
		if left == 0 {
			return h.rest(ctx)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d pull requests have no checks: %w", left, ctx.Err())
		case <-tick.C:
		}
	}
}

// rest waits until GitHub has not been asked for anything for longer than it takes a
// workflow to look once more.
func (h *counterHall) rest(ctx context.Context) error {
	const still = 7
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for asked, same := 0, 0; same < still; same++ {
		if now := h.github.Counts().Total(); now != asked {
			asked, same = now, 0
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// answered pushes to a pull request and waits for its approval check, then has the very
// requests made again alone.
func (h *counterHall) answered(ctx context.Context, i, version int) (took, alone time.Duration, requests int, err error) {
	h.wire.forget()
	head, err := h.push(i, version, true)
	if err != nil {
		return 0, 0, 0, err
	}
	written, err := h.wire.await(ctx, head)
	if err != nil {
		return 0, 0, 0, err
	}
	h.mu.Lock()
	if came, told := h.came[head]; told { // otherwise a look under way found it first
		took = written.Sub(came)
	}
	h.mu.Unlock()
	n := h.pulls[i].Number
	list := h.wire.of(head, fmt.Sprintf("/pulls/%d/", n), fmt.Sprintf("/issues/%d/", n))
	alone, err = again(list)
	return took, alone, len(list), err
}
