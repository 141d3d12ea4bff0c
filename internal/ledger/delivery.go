package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// Accept keeps a delivery of a webhook, so that it is not lost whatever happens next.
// One that is known is not fresh, and nothing is written.
func (l *Ledger) Accept(ctx context.Context, d change.Delivery) (fresh bool, err error) {
	if d.GUID == "" {
		return false, change.Invalid("a delivery needs its number")
	}
	pulls, err := encode(d.Pulls, len(d.Pulls) == 0)
	if err != nil {
		return false, err
	}
	err = l.write(ctx, "accept a delivery", func(t *tx) error {
		var n int
		if err := t.row(ctx, "select count(*) from github_deliveries where guid = ?", d.GUID).Scan(&n); err != nil {
			return fmt.Errorf("look for delivery %s: %w", d.GUID, err)
		}
		if fresh = n == 0; !fresh {
			t.quiet = true
			return nil
		}
		return t.exec(ctx, "insert into github_deliveries (guid, event, action, repository, name, pulls, branch, commit_sha, received_at, done_at) "+
			"values (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
			d.GUID, d.Event, d.Action, d.RepositoryID, d.Name, pulls, d.Branch, d.Commit, micros(t.now))
	})
	return fresh && err == nil, err
}

const deliveryColumns = "guid, event, action, repository, name, pulls, branch, commit_sha, received_at"

// Accepted returns deliveries that nobody has been told of, the oldest first.
func (l *Ledger) Accepted(ctx context.Context, limit int) ([]change.Delivery, error) {
	return l.deliveries(ctx, "where done_at = 0 order by received_at, guid limit ?", limit)
}

// DeliveriesAbout returns the deliveries of one event and action that name a pull request,
// handled ones too, received at or after a moment, the oldest first.
func (l *Ledger) DeliveriesAbout(ctx context.Context, k change.PullKey, event, action string, since time.Time) ([]change.Delivery, error) {
	list, err := l.deliveries(ctx, "where repository = ? and event = ? and received_at >= ? order by received_at, guid", k.RepositoryID, event, micros(since))
	return slices.DeleteFunc(list, func(d change.Delivery) bool {
		return d.Action != action || !slices.Contains(d.Pulls, k.Number)
	}), err
}

func (l *Ledger) deliveries(ctx context.Context, where string, args ...any) (out []change.Delivery, err error) {
	err = l.read(ctx, "read accepted deliveries", func(c conn) error {
		return c.each(ctx, func(r *sql.Rows) error {
			var d change.Delivery
			var pulls string
			var at int64
			if err := r.Scan(&d.GUID, &d.Event, &d.Action, &d.RepositoryID, &d.Name, &pulls, &d.Branch, &d.Commit, &at); err != nil {
				return err
			}
			d.ReceivedAt = moment(at)
			out = append(out, d)
			return decode(pulls, &out[len(out)-1].Pulls)
		}, "select "+deliveryColumns+" from github_deliveries "+where, args...)
	})
	return out, err
}

// deliveryDays is how long a delivery is known after it was told of, so that one that
// comes again is told from a new one. GitHub redelivers for three days.
const deliveryDays = 14

// Handled notes that those concerned were told of deliveries, and forgets old ones.
func (l *Ledger) Handled(ctx context.Context, list []change.Delivery) error {
	if len(list) == 0 {
		return nil
	}
	return l.write(ctx, "note deliveries as handled", func(t *tx) error {
		args := []any{micros(t.now)}
		for _, d := range list {
			args = append(args, d.GUID)
		}
		err := t.exec(ctx, "update github_deliveries set done_at = ? where guid in ("+placeholders("?", len(list))+")", args...)
		if err != nil {
			return fmt.Errorf("note deliveries: %w", err)
		}
		old := t.now.AddDate(0, 0, -deliveryDays)
		return t.exec(ctx, "delete from github_deliveries where done_at > 0 and done_at < ?", micros(old))
	})
}
