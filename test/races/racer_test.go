package races_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/catalog"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/check"
	"github.com/changectl/changectl/internal/ledger"
)

// keyVariable has the secret key of the log.
const keyVariable = "CHANGECTL_RACER_KEY"

// attempt is what one client does in a round: submit a change and reserve for it, or
// start the one with the ID.
type attempt struct {
	Title    string       `json:"title"`
	Touch    []change.Ref `json:"touch,omitempty"`
	From, To time.Time
	Start    change.ID `json:"start,omitempty"`
}

// outcome is what became of it.
type outcome struct {
	ID    change.ID `json:"id"`
	Won   bool      `json:"won"`
	Error string    `json:"error,omitempty"`
}

// answer is what a process says after a round. Retries counts the transactions that the
// database gave up since the beginning.
type answer struct {
	Outcomes []outcome `json:"outcomes"`
	Retries  int64     `json:"retries"`
}

// raceIn reads rounds from the standard input, runs the attempts of each at the same
// time, and writes an answer for each to the standard output.
func raceIn(address string) (err error) {
	ctx := context.Background()
	key, err := audit.ParseKey(os.Getenv(keyVariable))
	if err != nil {
		return err
	}
	c, err := company()
	if err != nil {
		return err
	}
	l, err := ledger.Open(ctx, address, ledger.Options{Key: key})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	r := racer{ledger: l, catalog: c}
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var round []attempt
		if err := in.Decode(&round); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := out.Encode(r.round(ctx, round)); err != nil {
			return err
		}
	}
}

type racer struct {
	ledger  *ledger.Ledger
	catalog *catalog.Catalog
}

func (r racer) round(ctx context.Context, attempts []attempt) answer {
	a := answer{Outcomes: make([]outcome, len(attempts))}
	var all sync.WaitGroup
	for i, try := range attempts {
		all.Go(func() {
			o, err := r.run(ctx, try)
			if err != nil {
				o.Error = err.Error()
			}
			a.Outcomes[i] = o
		})
	}
	all.Wait()
	a.Retries = r.ledger.Retries()
	return a
}

func (r racer) run(ctx context.Context, a attempt) (outcome, error) {
	if a.Start != "" {
		return r.start(ctx, a.Start)
	}
	p, err := plan(r.catalog, a)
	if err != nil {
		return outcome{}, err
	}
	digest, err := p.Digest()
	if err != nil {
		return outcome{}, err
	}
	rec, _, err := r.ledger.Submit(ctx, ledger.Submission{Plan: p, Digest: digest, Submitter: p.Submitter})
	if err != nil {
		return outcome{}, err
	}
	rec, err = r.ledger.Reserve(ctx, rec.ID, rec.Revision, "reserve", change.Scheduled, func(f change.Facts) change.Verdict {
		return check.Review(f, r.catalog)
	})
	return outcome{ID: rec.ID, Won: rec.Status == change.Scheduled}, err
}

// start wants to run whatever stands in the way: only the ledger says no.
func (r racer) start(ctx context.Context, id change.ID) (outcome, error) {
	rec, err := r.ledger.Start(ctx, id, 1, "start", func(change.Facts) change.Ruling {
		return change.Ruling{To: change.Running, Why: "it is raced for"}
	})
	if change.KindOf(err) == change.KindConflict {
		return outcome{ID: id}, nil
	}
	return outcome{ID: id, Won: rec.Token > 0}, err
}
