package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// LongestDeclaration bounds the length of a declared maintenance.
const LongestDeclaration = 366 * 24 * time.Hour

// declared is a declared maintenance as it stands, with what only the ledger needs to know.
type declared struct {
	change.Declaration
	fed string // digest of what its calendar said last
}

const noDeclaration = "changectl declare list shows those there are"

// declaration reads a declared maintenance.
func (c conn) declaration(ctx context.Context, id change.ID) (declared, error) {
	var d declared
	var body string
	err := c.row(ctx, "select declaration, fed from declarations where number = ?", numbered(maintenancePrefix, id)).Scan(&body, &d.fed)
	if errors.Is(err, sql.ErrNoRows) {
		return d, change.NotFound("there is no declared maintenance %s", id).WithHint(noDeclaration)
	}
	if err != nil {
		return d, fmt.Errorf("read the declared maintenance %s: %w", id, err)
	}
	return d, decode(body, &d.Declaration)
}

// Declaration returns a declared maintenance as it stands.
func (l *Ledger) Declaration(ctx context.Context, id change.ID) (change.Declaration, error) {
	var d declared
	err := l.read(ctx, "read the declared maintenance "+string(id), func(c conn) (err error) {
		d, err = c.declaration(ctx, id)
		return err
	})
	return d.Declaration, err
}

// DeclarationHistory returns every revision of a declared maintenance, oldest first.
func (l *Ledger) DeclarationHistory(ctx context.Context, id change.ID) ([]change.Declaration, error) {
	var out []change.Declaration
	err := l.read(ctx, "read the revisions of "+string(id), func(c conn) error {
		var err error
		out, err = documents[change.Declaration](ctx, c,
			"select declaration from declaration_revisions where number = ? order by revision", numbered(maintenancePrefix, id))
		if err == nil && len(out) == 0 {
			err = change.NotFound("there is no declared maintenance %s", id).WithHint(noDeclaration)
		}
		return err
	})
	return out, err
}

// DeclarationFilter selects declared maintenances. Empty fields select all that hold.
type DeclarationFilter struct {
	From, To time.Time  // overlapping [From, To); a zero end is open
	System   change.Ref // that they hold, or held
	All      bool       // those that are withdrawn or ended too
	Calendar string     // imported under this name
}

// Declarations returns the declared maintenances that f selects, by start.
func (l *Ledger) Declarations(ctx context.Context, f DeclarationFilter) ([]change.Declaration, error) {
	query, args := f.query()
	var out []change.Declaration
	err := l.read(ctx, "list declared maintenances", func(c conn) (err error) {
		out, err = documents[change.Declaration](ctx, c, query, args...)
		return err
	})
	if f.System != "" {
		out = slices.DeleteFunc(out, func(d change.Declaration) bool {
			return !slices.ContainsFunc(d.Holds, func(h change.Hand) bool { return h.System == f.System })
		})
	}
	return out, err
}

func (f DeclarationFilter) query() (string, []any) {
	where, args := []string{"1 = 1"}, []any{}
	add := func(condition string, values ...any) {
		where, args = append(where, condition), append(args, values...)
	}
	if !f.From.IsZero() {
		add("ends_at > ? and starts_at > ?", micros(f.From), micros(f.From.Add(-LongestDeclaration)))
	}
	if !f.To.IsZero() {
		add("starts_at < ?", micros(f.To))
	}
	if !f.All {
		add("state in (?, ?)", string(change.Tentative), string(change.Planned))
	}
	if f.Calendar != "" {
		add("calendar = ? and calendar <> ''", f.Calendar)
	}
	return "select declaration from declarations where " + strings.Join(where, " and ") + " order by starts_at, number", args
}

// declare writes a revision of a declared maintenance and what it holds from now on.
func (t *tx) declare(ctx context.Context, d declared) error {
	body, err := encode(d.Declaration, false)
	if err != nil {
		return err
	}
	n, w, from := numbered(maintenancePrefix, d.ID), d.Window, change.CalendarEntry{}
	if d.Source != nil {
		from = *d.Source
	}
	err = t.exec(ctx, "insert into declarations (number, revision, state, starts_at, ends_at, zone, title, impact, owner, contact, "+
		"declared_by, calendar, uid, recurrence, sequence, fed, declaration) values ("+placeholders("?", 17)+") "+
		"on conflict (number) do update set revision = excluded.revision, state = excluded.state, starts_at = excluded.starts_at, "+
		"ends_at = excluded.ends_at, zone = excluded.zone, title = excluded.title, impact = excluded.impact, owner = excluded.owner, "+
		"contact = excluded.contact, declared_by = excluded.declared_by, sequence = excluded.sequence, fed = excluded.fed, "+
		"declaration = excluded.declaration",
		n, d.Revision, string(d.State), micros(w.Start), micros(w.End), w.Zone, d.Title, string(d.Impact), d.Owner, d.Contact,
		string(d.DeclaredBy), from.Calendar, from.UID, from.Recurrence, from.Sequence, d.fed, body)
	if err != nil {
		return fmt.Errorf("write %s: %w", d.ID, err)
	}
	err = t.exec(ctx, "insert into declaration_revisions (number, revision, at, declaration) values (?, ?, ?, ?)",
		n, d.Revision, micros(t.now), body)
	if err != nil {
		return fmt.Errorf("write revision %d of %s: %w", d.Revision, d.ID, err)
	}
	return t.holdDeclared(ctx, d)
}

// holdDeclared replaces what a declared maintenance holds.
func (t *tx) holdDeclared(ctx context.Context, d declared) error {
	if d.Revision > 1 {
		if err := t.release(ctx, d.ID); err != nil {
			return err
		}
	}
	if !d.State.Holds() {
		return nil
	}
	return t.lay(ctx, d.Holds, lease{party: d.ID, window: d.Window})
}
