package lab

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Result is what became of a script that was run by hand on the lab.
type Result struct {
	// Total is the time that the script took by its own clock.
	Total time.Duration
	// Output is what it printed.
	Output string
}

// Waiting is how a script waits for pg_ctl and pg_promote.
type Waiting string

// AsTheyDo lets pg_ctl and pg_promote wait in their own way, ten looks a second.
// Tightly asks every 10 ms, as the lab's helpers do.
const (
	AsTheyDo Waiting = ""
	Tightly  Waiting = "tight"
)

// Baseline runs the whole switchover patch as one plain shell script: both nodes
// patched, failover and failback. The lab must be fresh: n1 the primary, on the
// older build. It is what the product is compared with.
func (t *Topology) Baseline(ctx context.Context, waiting Waiting) (Result, error) {
	if t.OneVersionOnly {
		return Result{}, errors.New("run the patch by hand: the archives offered one version only, so there is nothing to patch to")
	}
	return t.byHand(ctx, "baseline.sh", string(waiting))
}

// NaivePromotion runs the mistake: promote n2 and repoint the pooler with neither
// PAUSE nor fence, so that what n1 still acknowledges is lost.
func (t *Topology) NaivePromotion(ctx context.Context) (Result, error) {
	return t.byHand(ctx, "naive.sh")
}

var totalLine = regexp.MustCompile(`(?m)^total_ms=(\d+)$`)

func (t *Topology) byHand(ctx context.Context, script string, args ...string) (Result, error) {
	text, err := scripts.ReadFile(script)
	if err != nil {
		return Result{}, fmt.Errorf("read %s: %w", script, err)
	}
	path := filepath.Join(t.Bin, script)
	if err := makeProgram(path, text); err != nil {
		return Result{}, err
	}
	out, err := output(ctx, "/", path, append([]string{t.EnvFile}, args...)...)
	if err != nil {
		return Result{Output: out}, err
	}
	m := totalLine.FindStringSubmatch(out)
	if m == nil {
		return Result{Output: out}, fmt.Errorf("read the total of %s: it printed no total_ms", script)
	}
	millis, err := strconv.Atoi(m[1])
	if err != nil {
		return Result{Output: out}, fmt.Errorf("read the total of %s: %w", script, err)
	}
	return Result{Total: time.Duration(millis) * time.Millisecond, Output: strings.TrimSpace(out)}, nil
}

// ServerVersions asks each node for the version that runs, as in "15.20".
func (t *Topology) ServerVersions(ctx context.Context) (map[string]string, error) {
	versions := map[string]string{}
	for _, n := range t.Nodes {
		v, err := serverVersion(ctx, n)
		if err != nil {
			return nil, err
		}
		versions[n.Name] = v
	}
	return versions, nil
}

func serverVersion(ctx context.Context, n Node) (string, error) {
	conn, err := pgx.Connect(ctx, n.AdminDSN)
	if err != nil {
		return "", fmt.Errorf("connect to %s: %w", n.Name, err)
	}
	defer func() { _ = conn.Close(ctx) }()
	var v string
	if err := conn.QueryRow(ctx, "SHOW server_version").Scan(&v); err != nil {
		return "", fmt.Errorf("ask %s for its version: %w", n.Name, err)
	}
	v, _, _ = strings.Cut(v, " ")
	return v, nil
}
