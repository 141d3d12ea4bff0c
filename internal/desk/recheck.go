package desk

import (
	"context"
	"errors"
	"fmt"

	"github.com/sirupsen/logrus"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/check"
	"github.com/changectl/changectl/workflows"
)

// batch is how many changes are taken off the queue at a time.
const batch = 100

// Recheck judges every change again around which something is new: a declared
// maintenance, a freeze, a catalog, systems that became free. The ledger keeps the
// list, so that none is forgotten when a worker dies. It returns the changes that have
// moved or learnt something.
func (d *Desk) Recheck(ctx context.Context) ([]change.Record, error) {
	var moved []change.Record
	for {
		ids, err := d.Ledger.Rechecks(ctx, batch)
		if err != nil || len(ids) == 0 {
			return moved, err
		}
		for _, id := range ids {
			rec, news, err := d.recheck(ctx, id)
			if err != nil {
				return moved, fmt.Errorf("judge %s again: %w", id, err)
			}
			if news {
				moved = append(moved, rec)
			}
		}
	}
}

func (d *Desk) recheck(ctx context.Context, id change.ID) (change.Record, bool, error) {
	rec, err := d.Ledger.Change(ctx, id)
	if err != nil {
		return rec, false, err
	}
	cat := d.Catalog()
	fresh, err := cat.Refresh(rec.Plan)
	if change.KindOf(err) == change.KindNotFound {
		fresh, err = rec.Holds(), nil // a system that is gone has no owner any more: the start says so
	}
	if err != nil {
		return rec, false, err
	}
	rec, moved, err := d.Ledger.Recheck(ctx, id, fresh, func(f change.Facts) change.Verdict { return check.Review(f, cat) })
	if err != nil || !moved {
		return rec, moved, err
	}
	d.Logger.WithFields(logrus.Fields{"change": id, "status": rec.Status, "why": rec.Note}).Info("change judged again")
	return rec, true, d.showNews(ctx, rec)
}

// showNews has the workflow look at the ledger. One that cannot be reached now is
// reminded by a worker.
func (d *Desk) showNews(ctx context.Context, rec change.Record) error {
	_, err := d.tell(ctx, rec.ID, workflows.UpdateSurroundings, fmt.Sprintf("surroundings-%d", rec.Version), workflows.Poke{Revision: rec.Revision})
	var e *change.Error
	if err == nil || (errors.As(err, &e) && e.Kind != change.KindFailed) {
		return nil
	}
	return err
}

// CatalogChanged puts what follows from the catalog into the ledger again: what
// declared maintenances hold, and what every change is judged by.
func (d *Desk) CatalogChanged(ctx context.Context) error {
	cat := d.Catalog()
	list, err := d.Ledger.Declarations(ctx, DeclarationFilter{From: d.Clock(), To: d.Clock().Add(horizon)})
	if err != nil {
		return err
	}
	for _, decl := range list {
		holds, err := cat.Declared(decl.Targets, decl.Impact)
		if err != nil {
			d.Logger.WithField("maintenance", decl.ID).WithError(err).Warn("what a declared maintenance holds is left as it was")
			continue
		}
		same, err := change.Same(holds, decl.Holds)
		if err != nil {
			return err
		}
		if same {
			continue
		}
		decl.Holds, decl.Reason = holds, "the catalog has changed"
		if _, err := d.Ledger.Declare(ctx, product, fmt.Sprintf("%s/%d/%s", decl.ID, decl.Revision, cat.Digest()), []change.Declaration{decl}); err != nil {
			return fmt.Errorf("hold what %s is on by the catalog of today: %w", decl.ID, err)
		}
	}
	_, err = d.Recheck(ctx)
	return err
}

// product is who acts when no person does.
const product change.Ref = "system:changectl"
