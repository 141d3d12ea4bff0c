package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// batch is what Declare is given.
type batch struct {
	who          change.Ref
	nonce        string
	declarations []change.Declaration
	dry          bool
}

func (l *Ledger) declareAll(ctx context.Context, b batch) ([]change.Imported, error) {
	var out []change.Imported
	use, err := b.use()
	if err != nil {
		return nil, err
	}
	err = l.write(ctx, "declare maintenances", func(t *tx) error {
		out = nil
		if known, again, err := t.declaredBefore(ctx, b.nonce, use); err != nil || again {
			out, t.quiet = known, true
			return err
		}
		entries, err := t.entriesOf(ctx, b.declarations)
		if err != nil {
			return err
		}
		for i, d := range b.declarations {
			one, err := t.declareOne(ctx, b.who, entries, d)
			if err != nil {
				return placed(err, i, len(b.declarations))
			}
			out = append(out, one)
		}
		t.quiet = b.dry || len(t.entries) == 0
		if t.quiet || b.nonce == "" {
			return nil
		}
		return t.answerBatch(ctx, b.nonce, use, out)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// use checks the batch and returns what its nonce is used for.
func (b batch) use() (string, error) {
	if b.who == "" {
		return "", change.Invalid("a declared maintenance needs who declares it")
	}
	for i, d := range b.declarations {
		if err := checkDeclaration(d); err != nil {
			return "", placed(err, i, len(b.declarations))
		}
	}
	asked := slices.Clone(b.declarations)
	for i := range asked { // what the ledger or the catalog of the moment adds is no difference
		asked[i].DeclaredBy, asked[i].At, asked[i].Holds = "", time.Time{}, nil
	}
	body, err := change.Canonical(asked)
	return used("declaration", b.who, body), err
}

// placed says which of several declarations an error is about.
func placed(err error, i, of int) error {
	var e *change.Error
	if of > 1 && errors.As(err, &e) {
		return e.At(strings.TrimSuffix(fmt.Sprintf("declarations[%d].%s", i, e.Field), "."))
	}
	return err
}

// checkDeclaration refuses what could not be held or found.
func checkDeclaration(d change.Declaration) error {
	switch w := d.Window; {
	case !w.Start.Before(w.End):
		return change.Invalid("%q ends at %s, not after its start at %s", d.Title, w.End, w.Start).At("window.end")
	case w.Length() > LongestDeclaration:
		return change.Invalid("%q is %s long; the longest that can be declared is %s", d.Title, w.Length(), LongestDeclaration).
			At("window").WithHint("declare it in parts")
	case d.State != change.Tentative && d.State != change.Planned && d.State != change.Ended && d.State != change.Withdrawn:
		return change.Invalid("%q is no state of a declared maintenance; there are tentative, planned, ended and withdrawn", d.State).At("state")
	case d.Source != nil && (d.Source.UID == "" || d.Source.Calendar == ""):
		return change.Invalid("an entry of a calendar needs its calendar and its UID").At("source")
	case d.ID != "" && numbered(maintenancePrefix, d.ID) == 0:
		return change.Invalid("%q is not the ID of a declared maintenance", d.ID).At("id")
	}
	for _, h := range d.Holds {
		if h.System == "" || (h.Mode != change.Touch && h.Mode != change.Impact && h.Mode != change.Observe) {
			return change.Invalid("%q is held with the mode %q; there are touch, impact and observe", h.System, h.Mode).At("holds")
		}
	}
	return nil
}

// declaredBefore answers a batch that was sent before.
func (t *tx) declaredBefore(ctx context.Context, nonce, use string) (out []change.Imported, again bool, err error) {
	if nonce == "" {
		return nil, false, nil
	}
	if fresh, err := t.nonce(ctx, nonce, use); err != nil || fresh {
		return nil, false, err
	}
	var text string
	if err := t.row(ctx, "select answer from declaration_batches where nonce = ?", nonce).Scan(&text); err != nil {
		return nil, false, fmt.Errorf("read what was declared with nonce %s: %w", nonce, err)
	}
	var answers []batchAnswer
	if err := decode(text, &answers); err != nil {
		return nil, false, err
	}
	for _, a := range answers {
		d, err := t.declaration(ctx, a.ID)
		if err != nil {
			return nil, false, err
		}
		out = append(out, change.Imported{Declaration: d.Declaration, Result: a.Result})
	}
	return out, true, nil
}

// batchAnswer is what came of one declaration of a batch.
type batchAnswer struct {
	ID     change.ID `json:"id"`
	Result string    `json:"result"`
}

func (t *tx) answerBatch(ctx context.Context, nonce, use string, out []change.Imported) error {
	var answers []batchAnswer
	for _, i := range out {
		answers = append(answers, batchAnswer{i.Declaration.ID, i.Result})
	}
	text, err := encode(answers, false)
	if err != nil {
		return err
	}
	if err := t.spend(ctx, nonce, use); err != nil {
		return err
	}
	if err := t.exec(ctx, "insert into declaration_batches (nonce, answer) values (?, ?)", nonce, text); err != nil {
		return fmt.Errorf("write what was declared: %w", err)
	}
	return nil
}
