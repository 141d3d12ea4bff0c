package desk

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/check"
)

// How far "who else is playing" looks back and ahead.
const (
	justEnded = 2 * time.Hour
	soon      = 24 * time.Hour
)

// Sandbox returns who is playing: everybody, or those who have to do with a change or a
// system.
func (d *Desk) Sandbox(ctx context.Context, of string) (change.Sandbox, error) {
	out := change.Sandbox{At: d.Clock(), Of: of}
	var reach []change.Hand
	var self change.ID
	var err error
	switch id, notID := change.ParseID(of); {
	case strings.TrimSpace(of) == "":
		out.Of = ""
	case notID == nil:
		self, out.Of = id, string(id)
		reach, err = d.reachOf(ctx, id)
	default:
		reach, out.Of, err = d.reachOfSystem(of)
	}
	if err == nil {
		out.Neighbours, err = d.playing(ctx, self, reach)
	}
	if out.Neighbours == nil {
		out.Neighbours = []change.Neighbour{}
	}
	return out, err
}

func (d *Desk) reachOf(ctx context.Context, id change.ID) ([]change.Hand, error) {
	rec, err := d.Ledger.Change(ctx, id)
	return rec.Holds().Hands(), err
}

func (d *Desk) reachOfSystem(of string) ([]change.Hand, string, error) {
	ref, err := change.ParseRef(of, "resource")
	if err != nil {
		return nil, of, change.Invalid("%q is neither a change nor a system; write CHG-7, resource:orders-db-1 or site:husum", of)
	}
	cat := d.Catalog()
	systems, err := cat.Expand(ref)
	if err != nil {
		return nil, string(ref), err
	}
	reach, err := cat.Reach(systems)
	return reach, string(ref), err
}

// playing asks the ledger who has to do with what a question reaches; nil is everything.
func (d *Desk) playing(ctx context.Context, self change.ID, reach []change.Hand) ([]change.Neighbour, error) {
	now := d.Clock()
	q := check.SandboxQuestion{Now: now, Self: self, Reach: reach}
	var systems []change.Ref
	for _, h := range reach {
		systems = append(systems, h.System)
	}
	var err error
	if reach == nil {
		q.Holdings, err = d.Ledger.Calendar(ctx, now, now.Add(soon), "")
	} else {
		q.Holdings, err = d.Ledger.CalendarOf(ctx, now, now.Add(soon), systems)
	}
	if err != nil {
		return nil, err
	}
	if q.Ended, err = d.Ledger.EndedSince(ctx, now.Add(-justEnded), systems); err != nil {
		return nil, err
	}
	q.Declarations, err = d.Ledger.Declarations(ctx, DeclarationFilter{From: now.Add(-justEnded), To: now, All: true})
	return check.Neighbours(q), err
}

// Around finds out who else is playing around a change, or around what one of its
// steps works on and looks at.
func (d *Desk) Around(ctx context.Context, rec change.Record, step string) ([]change.Neighbour, error) {
	reach := rec.Holds().Hands()
	if systems := concernedBy(rec.Plan, step); len(systems) > 0 {
		var err error
		if reach, err = d.Catalog().Reach(systems); err != nil {
			return nil, err
		}
		reach = asSeenBy(rec, reach)
	}
	return d.playing(ctx, rec.ID, reach)
}

// asSeenBy tells what a step reaches in the terms of its change, which only looks at most
// of it.
func asSeenBy(rec change.Record, reach []change.Hand) []change.Hand {
	touched := rec.Holds().Touch
	for i, h := range reach {
		if h.Mode == change.Touch && !slices.Contains(touched, h.System) {
			reach[i].Mode = change.Observe
		}
	}
	return reach
}

// concernedBy returns the systems that a step names.
func concernedBy(p change.Plan, step string) []change.Ref {
	var list []change.Ref
	for _, s := range p.Steps {
		if s.Name != step {
			continue
		}
		list = append(list, s.Observes...)
		var with struct {
			System change.Ref `json:"system"`
		}
		if err := json.Unmarshal(s.With, &with); err == nil && with.System != "" {
			list = append(list, with.System)
		}
	}
	return list
}
