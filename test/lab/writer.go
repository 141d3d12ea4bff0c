package lab

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// WriterOptions say how much is written. Zero values mean what is said there.
type WriterOptions struct {
	// DSN leads to the database orders, through the pooler.
	DSN string
	// Clients write at the same time, each over its own connection; 8.
	Clients int
	// Rate is transactions a second for each client; 25.
	Rate int
	// Timeout ends a transaction that is not answered; 10 s.
	Timeout time.Duration
	// Now is the clock; the machine's.
	Now func() time.Time
}

// Writer is a load that keeps count: every transaction that it was told is
// safe, it can look up afterwards.
//
// Its pace is open-loop: each transaction has a moment at which it is due, and is
// measured from there, not from when its client got round to it. A client that
// was held up sends what it owes at once, so a stall is seen by every transaction
// that fell into it.
type Writer struct {
	options WriterOptions
	run     string
	started time.Time
	clients []*client
	stop    context.CancelFunc
	done    sync.WaitGroup
	tally   tally
}

// client is one connection with its own sequence.
type client struct {
	writer *Writer
	number int
	conn   *pgx.Conn
}

// StartWriter connects all clients and lets them write until Stop, or until ctx ends.
// It fails if a client cannot connect at the start; later a lost connection is
// a failed transaction and a new attempt.
func StartWriter(ctx context.Context, o WriterOptions) (*Writer, error) {
	if o.DSN == "" {
		return nil, errors.New("start the writer: no DSN is given; use the topology's ApplicationDSN")
	}
	w := &Writer{options: o.withDefaults(), run: rand.Text()}
	for i := range w.options.Clients {
		c := &client{writer: w, number: i}
		w.clients = append(w.clients, c)
		if err := c.connect(ctx); err != nil {
			w.disconnect()
			return nil, err
		}
	}
	until, stop := context.WithCancel(ctx)
	w.stop, w.started = stop, w.options.Now()
	w.tally.begin(w.started, w.options.Clients)
	for _, c := range w.clients {
		w.done.Go(func() { c.write(until) })
	}
	return w, nil
}

func (o WriterOptions) withDefaults() WriterOptions {
	if o.Clients == 0 {
		o.Clients = 8
	}
	if o.Rate == 0 {
		o.Rate = 25
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Stop lets every client finish the transaction it has sent and no more, and
// closes the connections. It can be called again.
func (w *Writer) Stop() {
	w.stop()
	w.done.Wait()
	w.tally.end(w.options.Now())
	w.disconnect()
}

func (w *Writer) disconnect() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for _, c := range w.clients {
		c.drop(ctx)
	}
}

// write sends transaction after transaction, each when it is due. The clients are
// spread over the interval.
func (c *client) write(ctx context.Context) {
	o := c.writer.options
	interval := time.Second / time.Duration(o.Rate)
	first := c.writer.started.Add(interval * time.Duration(c.number) / time.Duration(o.Clients))
	for seq := int64(1); ; seq++ {
		due := first.Add(interval * time.Duration(seq-1))
		c.writer.tally.owe(c.number, due)
		if !await(ctx, due.Sub(o.Now())) {
			return
		}
		// A transaction that was sent is waited for: Stop must not make outcomes ambiguous.
		attempt, cancel := context.WithTimeout(context.WithoutCancel(ctx), o.Timeout)
		outcome, err := c.transact(attempt, seq)
		cancel()
		c.writer.tally.count(observation{client: c.number, seq: seq, due: due, at: o.Now(), outcome: outcome, err: err})
	}
}

// await sleeps, and says whether the context still stands.
func await(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// transact writes one row in a transaction of its own.
func (c *client) transact(ctx context.Context, seq int64) (Outcome, error) {
	commitSent, err := c.attempt(ctx, seq)
	if err != nil {
		// Whatever state the connection is in, a new one is clean.
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		c.drop(ending)
	}
	return judge(commitSent, err), err
}

func (c *client) attempt(ctx context.Context, seq int64) (commitSent bool, err error) {
	if err := c.connect(ctx); err != nil {
		return false, err
	}
	tx, err := c.conn.Begin(ctx)
	if err != nil {
		return false, fmt.Errorf("begin: %w", err)
	}
	const insert = "INSERT INTO entries (run, client, seq) VALUES ($1, $2, $3)"
	if _, err := tx.Exec(ctx, insert, c.writer.run, c.number, seq); err != nil {
		return false, fmt.Errorf("insert: %w", err)
	}
	if err := tx.Commit(ctx); err != nil {
		return true, fmt.Errorf("commit: %w", err)
	}
	return true, nil
}

func (c *client) connect(ctx context.Context) error {
	if c.conn != nil {
		return nil
	}
	conn, err := connectApplication(ctx, c.writer.options.DSN)
	if err != nil {
		return err
	}
	c.conn = conn
	return nil
}

func (c *client) drop(ctx context.Context) {
	if c.conn != nil {
		_ = c.conn.Close(ctx)
		c.conn = nil
	}
}

// connectApplication connects as the application does: PgBouncer 1.18 keeps no
// prepared statements in pool_mode=transaction, so the protocol is the simple one.
func connectApplication(ctx context.Context, dsn string) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("read the application's DSN: %w", err)
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	return conn, nil
}
