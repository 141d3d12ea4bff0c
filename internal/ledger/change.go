package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
)

// standing is a change as it stands, with what only the ledger needs to know.
type standing struct {
	change.Record
	holds   int           // number of the newest hold
	outcome change.Status // completed, backed-out or failed, once it is one of them
}

const changeColumns = "c.number, c.revision, c.status, c.plan_digest, c.submitter, c.token, c.created_at, c.updated_at, " +
	"c.started_at, c.ended_at, c.version, c.outcome, c.holds, c.note, c.hold, c.findings, c.footprint, c.accepted, c.detached"

// standing reads a change with its plan, without approvals and runs.
func (c conn) standing(ctx context.Context, id change.ID) (standing, error) {
	return c.standingAt(ctx, id, number(id))
}

func (c conn) standingAt(ctx context.Context, id change.ID, n int64) (standing, error) {
	var s standing
	var created, updated, started, ended int64
	var hold, findings, footprint, accepted string
	err := c.row(ctx, "select "+changeColumns+" from changes c where c.number = ?", n).Scan(
		&n, &s.Revision, &s.Status, &s.Digest, &s.Submitter, &s.Token, &created, &updated,
		&started, &ended, &s.Version, &s.outcome, &s.holds, &s.Note, &hold, &findings, &footprint, &accepted, &s.Detached)
	if errors.Is(err, sql.ErrNoRows) {
		return s, change.NotFound("there is no change %s", id).WithHint("changectl list shows those there are")
	}
	if err != nil {
		return s, fmt.Errorf("read change %s: %w", id, err)
	}
	s.ID = idOf(n)
	s.CreatedAt, s.UpdatedAt, s.StartedAt, s.EndedAt = moment(created), moment(updated), moment(started), moment(ended)
	err = errors.Join(decode(hold, &s.Hold), decode(findings, &s.Findings), decode(footprint, &s.Footprint), decode(accepted, &s.Accepted))
	if err != nil {
		return s, fmt.Errorf("read change %s: %w", id, err)
	}
	return s, nil
}

// save writes everything about s that can change.
func (t *tx) save(ctx context.Context, s standing) error {
	hold, err1 := encode(s.Hold, s.Hold == nil)
	findings, err2 := encode(s.Findings, len(s.Findings) == 0)
	footprint, err3 := encode(s.Footprint, s.Footprint == nil)
	accepted, err4 := encode(s.Accepted, len(s.Accepted) == 0)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return err
	}
	err := t.exec(ctx, "update changes set status = ?, token = ?, updated_at = ?, started_at = ?, ended_at = ?, version = ?, "+
		"outcome = ?, holds = ?, note = ?, hold = ?, findings = ?, footprint = ?, accepted = ?, detached = ? where number = ?",
		string(s.Status), s.Token, micros(s.UpdatedAt), micros(s.StartedAt), micros(s.EndedAt), s.Version,
		string(s.outcome), s.holds, s.Note, hold, findings, footprint, accepted, s.Detached, number(s.ID))
	if err != nil {
		return fmt.Errorf("write change %s: %w", s.ID, err)
	}
	return nil
}

// record tells an entry about s, which gets its number as version.
func (t *tx) record(s *standing, e audit.Entry) error {
	e.Change = s.ID
	if e.Revision == 0 {
		e.Revision = s.Revision
	}
	n, err := t.tell(e)
	s.Version, s.UpdatedAt = n, t.now
	return err
}

// planned is standing with the plan.
func (t *tx) planned(ctx context.Context, id change.ID) (standing, error) {
	s, err := t.standing(ctx, id)
	if err == nil {
		s.Plan, err = t.l.plan(ctx, t.conn, s.Digest)
	}
	return s, err
}

// complete adds approvals and runs.
func (c conn) complete(ctx context.Context, l *Ledger, s standing) (change.Record, error) {
	var err error
	r := s.Record
	if r.Plan, err = l.plan(ctx, c, s.Digest); err != nil {
		return r, err
	}
	if r.Approvals, err = c.approvals(ctx, s.ID, s.Revision); err != nil {
		return r, err
	}
	r.Runs, err = c.runs(ctx, s.ID, s.Revision, true)
	return r, err
}

// finish fills out with the complete record of s.
func (t *tx) finish(ctx context.Context, s standing, out *change.Record) error {
	r, err := t.complete(ctx, t.l, s)
	*out = r
	return err
}

// nothing is finish for a transaction that turns out to have nothing to write.
func (t *tx) nothing(ctx context.Context, s standing, out *change.Record) error {
	t.quiet = true
	return t.finish(ctx, s, out)
}

// Change returns a change with its approvals and runs of the newest revision.
func (l *Ledger) Change(ctx context.Context, id change.ID) (change.Record, error) {
	var out change.Record
	err := l.read(ctx, "read change "+string(id), func(c conn) error {
		s, err := c.standing(ctx, id)
		if err != nil {
			return err
		}
		out, err = c.complete(ctx, l, s)
		return err
	})
	return out, err
}

// Version returns the number of the newest entry about a change.
func (l *Ledger) Version(ctx context.Context, id change.ID) (int64, error) {
	var v int64
	err := l.reader.QueryRowContext(ctx, l.d.rebind("select version from changes where number = ?"), number(id)).Scan(&v)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, change.NotFound("there is no change %s", id).WithHint("changectl list shows those there are")
	}
	return v, l.explain("read the version of "+string(id), err)
}

// encode returns v as JSON text, and none for what is empty.
func encode(v any, empty bool) (string, error) {
	if empty {
		return "", nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("encode %T: %w", v, err)
	}
	return string(b), nil
}

func decode(text string, v any) error {
	if text == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return fmt.Errorf("decode %T: %w", v, err)
	}
	return nil
}
