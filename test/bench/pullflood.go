package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/changectl/changectl/test/ghfake"
	"github.com/changectl/changectl/test/product"
)

// How many deliveries a flood has, how many of them came before, and how many GitHub sends
// at once.
const (
	flooded  = 10_000
	repeated = 4 // each event so often
	floodsBy = 8
)

// flood sends the built program ten thousand deliveries about pull requests of which none
// changed, and sees how fast they are accepted, and when all are told of.
func (b *bench) flood(ctx context.Context) (err error) {
	f, err := product.StartForge(ctx, b.dir, ghfake.Options{Unchecked: true}, map[string]string{"README.md": "Nothing is governed here.\n"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	by := f.Person("alice")
	var pulls []*ghfake.Pull
	for i := range openPulls {
		branch := fmt.Sprintf("branch-%d", i)
		if _, err := f.Repo.Commit(branch, map[string]string{branch: "x\n"}, ghfake.CommitOptions{Pusher: by, From: "main", Quiet: true}); err != nil {
			return err
		}
	}
	if err := f.Repo.Sync(by); err != nil {
		return err
	}
	for i := range openPulls {
		p, err := f.Repo.OpenPull(by, ghfake.PullOptions{Head: fmt.Sprintf("branch-%d", i)})
		if err != nil {
			return err
		}
		pulls = append(pulls, p)
	}
	d, err := product.Start(ctx, product.Options{Bin: b.bin, StateDir: filepath.Join(b.dir, "flood"), Env: f.Env()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Stop()) }()
	secret, err := os.ReadFile(filepath.Join(b.dir, "webhook"))
	if err != nil {
		return err
	}
	began := time.Now()
	accepted, err := pour(ctx, d, bytes.TrimSpace(secret), f.Repo.ID, len(pulls))
	if err != nil {
		return err
	}
	if err := drained(ctx, d); err != nil {
		return err
	}
	told := time.Since(began)
	b.table.add(
		absolute(fmt.Sprintf("%d deliveries, each event %d times, about %d pull requests: until all are accepted", flooded, repeated, len(pulls)), accepted, 0),
		absolute("  until everybody whom they concern is told", told, 0),
	)
	b.table.note("deliveries: %.0f accepted in a second from %d senders, %.0f told in a second.", flooded/accepted.Seconds(), floodsBy, flooded/told.Seconds())
	return nil
}

// pour sends the deliveries and says how long that took.
func pour(ctx context.Context, d *product.Dev, secret []byte, repository int64, pulls int) (time.Duration, error) {
	random := rand.New(rand.NewPCG(9, 9))
	order := random.Perm(flooded)
	work, failed := make(chan int), make(chan error, floodsBy)
	began := time.Now()
	for range floodsBy {
		go func() {
			var err error
			for n := range work {
				err = errors.Join(err, deliver(ctx, d, secret, repository, n%(flooded/repeated), pulls))
			}
			failed <- err
		}()
	}
	for _, n := range order {
		work <- n
	}
	close(work)
	var err error
	for range floodsBy {
		err = errors.Join(err, <-failed)
	}
	return time.Since(began), err
}

var poster = sync.OnceValue(func() *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: floodsBy}, Timeout: time.Minute}
})

// deliver sends an event about one of the pull requests.
func deliver(ctx context.Context, d *product.Dev, secret []byte, repository int64, event, pulls int) error {
	body := fmt.Appendf(nil, `{"action":"edited","number":%[1]d,"pull_request":{"number":%[1]d},"repository":{"id":%[2]d,"full_name":"nordwind/operations"},"sender":{"id":1,"login":"nordwind-alice","type":"User"},"padding":%[3]q}`,
		1+event%pulls, repository, strings.Repeat("x", 20_000))
	mac := hmac.New(sha256.New, secret)
	mac.Write(body)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.Server()+"/github/webhook", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header = http.Header{
		"Content-Type": {"application/json"}, "X-Github-Event": {"pull_request"}, "X-Github-Delivery": {fmt.Sprintf("flood-%d", event)},
		"X-Hub-Signature-256": {"sha256=" + hex.EncodeToString(mac.Sum(nil))},
	}
	resp, err := poster().Do(req)
	if err != nil {
		return err
	}
	if err := resp.Body.Close(); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusAccepted {
		return fmt.Errorf("a delivery was answered with %s", resp.Status)
	}
	return nil
}

// drained waits until nobody has to be told of a delivery any more.
func drained(ctx context.Context, d *product.Dev) (err error) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(d.StateDir, "dev", "ledger.db")+"?mode=ro")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		var left int
		if err := db.QueryRowContext(ctx, "select count(*) from github_deliveries where done_at = 0").Scan(&left); err != nil {
			return err
		}
		if left == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
