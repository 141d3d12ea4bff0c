package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// entry names an event, or one of a series, whatever its calendar.
type entry struct{ uid, recurrence string }

// entries are what is known of the events of a batch.
type entries struct {
	known map[entry]declared
	first map[string]declared // by UID
}

// entriesOf reads what is known of the events of a batch, at once: a feed has thousands.
func (t *tx) entriesOf(ctx context.Context, ds []change.Declaration) (*entries, error) {
	e := &entries{known: map[entry]declared{}, first: map[string]declared{}}
	var uids []change.Ref
	for _, d := range ds {
		if d.ID == "" && d.Source != nil {
			uids = append(uids, change.Ref(cleaned(d.Source.UID)))
		}
	}
	if len(uids) == 0 {
		return e, nil
	}
	list, err := t.d.list(distinct(uids))
	if err != nil {
		return nil, err
	}
	from, where := t.d.listed("declarations x", "uid", "?")
	err = t.each(ctx, func(r *sql.Rows) error {
		var d declared
		var body string
		if err := r.Scan(&body, &d.fed); err != nil {
			return err
		}
		if err := decode(body, &d.Declaration); err != nil {
			return err
		}
		e.keep(d)
		return nil
	}, "select x.declaration, x.fed from "+from+" where "+where+" and x.uid <> ''", list)
	if err != nil {
		return nil, fmt.Errorf("read what is known of a calendar: %w", err)
	}
	return e, nil
}

func (e *entries) keep(d declared) {
	e.known[entry{d.Source.UID, d.Source.Recurrence}] = d
	if _, ok := e.first[d.Source.UID]; !ok {
		e.first[d.Source.UID] = d
	}
}

// declareEntry records what a calendar says of one of its entries. Sequences tell
// older from newer (RFC 5545 3.8.7.4), as far as the calendar counts them.
func (t *tx) declareEntry(ctx context.Context, e *entries, d change.Declaration) (change.Imported, error) {
	if err := e.sameCalendar(*d.Source); err != nil {
		return change.Imported{}, err
	}
	fed, err := notice(d)
	if err != nil {
		return change.Imported{}, err
	}
	next := declared{Declaration: d, fed: fed}
	was, known := e.known[entry{d.Source.UID, d.Source.Recurrence}]
	switch {
	case !known:
		return t.keepEntry(e, next)(t.declareNew(ctx, next))
	case d.Source.Sequence < was.Source.Sequence:
		return change.Imported{Declaration: was.Declaration, Result: resultStale}, nil
	}
	if d.Source.Sequence == was.Source.Sequence {
		old, err := was.stillSays(d, fed)
		if err != nil || old {
			return change.Imported{Declaration: was.Declaration, Result: resultUnchanged}, err
		}
		// Another content under the same sequence is taken too: many feeds never count.
	}
	return t.keepEntry(e, next)(t.revised(ctx, was, next))
}

// keepEntry remembers what has just been recorded, for the same event later in the batch.
func (t *tx) keepEntry(e *entries, d declared) func(change.Imported, error) (change.Imported, error) {
	return func(i change.Imported, err error) (change.Imported, error) {
		if err == nil {
			d.Declaration = i.Declaration
			e.keep(d)
		}
		return i, err
	}
}

// stillSays reports whether an entry that comes again brings nothing new. What a person
// changed by hand since stays until the calendar says something else; otherwise
// it is new if the same notice leads to other systems by the catalog of today.
func (was declared) stillSays(d change.Declaration, fed string) (bool, error) {
	if was.fed != fed {
		return false, nil
	}
	now, err := notice(was.Declaration)
	if err != nil || now != was.fed {
		return true, err
	}
	return sameDeclaration(was.Declaration, d)
}

// sameCalendar refuses an entry that is known from another calendar: which of the two
// speaks for it, nobody can tell.
func (e *entries) sameCalendar(of change.CalendarEntry) error {
	was, known := e.first[of.UID]
	if !known || was.Source.Calendar == of.Calendar {
		return nil
	}
	return change.Conflict("the event %q of the calendar %q is known from the calendar %q as %s (%q)",
		of.UID, of.Calendar, was.Source.Calendar, was.ID, was.Title).
		WithHint("import it under the name %q, or take the event out of one of the two", was.Source.Calendar)
}

// notice returns the digest of what is said of a maintenance, without what follows of
// it by the catalog, and without who said it when.
func notice(d change.Declaration) (string, error) {
	d.Holds = nil
	b, err := said(d)
	return change.DigestOf(b), err
}

func sameDeclaration(a, b change.Declaration) (bool, error) {
	x, err := said(a)
	if err != nil {
		return false, err
	}
	y, err := said(b)
	return string(x) == string(y), err
}

// said is the content of a revision as text.
func said(d change.Declaration) ([]byte, error) {
	d.ID, d.Revision, d.DeclaredBy, d.At, d.Reason, d.Source = "", 0, "", time.Time{}, "", nil
	d.Window.Start, d.Window.End = moment(micros(d.Window.Start)), moment(micros(d.Window.End))
	if len(d.Targets) == 0 {
		d.Targets = nil
	}
	return change.Canonical(d)
}
