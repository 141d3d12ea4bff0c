package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/changectl/changectl/internal/change"
)

// holdingColumns are those of a row of holdings that insert writes.
const holdingColumns = "system, starts_at, ends_at, party, mode, access, owner, token, since, path"

// lease is for how long and with what a party holds systems.
type lease struct {
	party  change.ID
	window change.Window
	token  int64
	owners map[change.Ref]change.Ref
}

// lay writes the holdings of a party. What lasts longer than the longest window lies
// in pieces of that length.
func (t *tx) lay(ctx context.Context, hands []change.Hand, in lease) error {
	var rows [][]any
	for _, h := range hands {
		path, err := encode(h.Path, len(h.Path) == 0)
		if err != nil {
			return err
		}
		access := 0
		if h.Access {
			access = 1
		}
		for _, w := range pieces(in.window) {
			rows = append(rows, []any{
				string(h.System), micros(w.Start), micros(w.End), number(in.party), string(h.Mode), access,
				string(in.owners[h.System]), in.token, micros(t.now), path,
			})
		}
	}
	if err := t.insert(ctx, "insert into holdings ("+holdingColumns+")", "", rows); err != nil {
		return fmt.Errorf("hold the systems of %s: %w", in.party, err)
	}
	return nil
}

// pieces cuts a window into such that are no longer than the longest.
func pieces(w change.Window) []change.Window {
	var out []change.Window
	for w.Length() > LongestWindow {
		piece := w
		piece.End = w.Start.Add(LongestWindow)
		w.Start = piece.End
		out = append(out, piece)
	}
	return append(out, w)
}

// reserve lays down what s holds, with the token of its claim if it has one. It holds
// nothing yet.
func (t *tx) reserve(ctx context.Context, s standing) error {
	owners := map[change.Ref]change.Ref{}
	for _, target := range s.Plan.Targets {
		owners[target.Ref] = target.Owner
	}
	return t.lay(ctx, s.Holds().Hands(), lease{party: s.ID, window: s.Plan.Window, token: s.Token, owners: owners})
}

// release gives up all that a party holds.
func (t *tx) release(ctx context.Context, id change.ID) error {
	if err := t.exec(ctx, "delete from holdings where party = ?", number(id)); err != nil {
		return fmt.Errorf("release the systems of %s: %w", id, err)
	}
	return nil
}

// holdsAnything reports whether a change has reserved or claimed what it is to hold.
func (c conn) holdsAnything(ctx context.Context, s standing) (bool, error) {
	if len(s.Holds().Hands()) == 0 {
		return true, nil
	}
	var n int
	if err := c.row(ctx, "select count(*) from holdings where party = ?", number(s.ID)).Scan(&n); err != nil {
		return false, fmt.Errorf("count the holdings of %s: %w", s.ID, err)
	}
	return n > 0, nil
}

func sortHoldings(hs []change.Holding) {
	slices.SortFunc(hs, func(a, b change.Holding) int {
		return cmp.Or(a.Window.Start.Compare(b.Window.Start), cmp.Compare(number(a.By), number(b.By)),
			cmp.Compare(a.System, b.System), cmp.Compare(a.Mode, b.Mode))
	})
}
