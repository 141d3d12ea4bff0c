package ledger

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/change"
)

// follow writes down whom and which groups a change is about until it ends.
func (t *tx) follow(ctx context.Context, s standing) error {
	var people [][]any
	for _, p := range distinct(s.Plan.People) {
		people = append(people, []any{string(p), micros(s.Plan.Window.Start), micros(s.Plan.Window.End), number(s.ID)})
	}
	if err := t.insert(ctx, "insert into change_people (person, starts_at, ends_at, change)", "", people); err != nil {
		return fmt.Errorf("write the people of %s: %w", s.ID, err)
	}
	return t.followGroups(ctx, s)
}

// followGroups writes the members of the groups that a change degrades.
func (t *tx) followGroups(ctx context.Context, s standing) error {
	var members []change.Ref
	for _, d := range s.Holds().Degraded {
		members = append(members, d.Systems()...)
	}
	var rows [][]any
	for _, m := range distinct(members) {
		rows = append(rows, []any{string(m), number(s.ID)})
	}
	if err := t.insert(ctx, "insert into change_members (system, change)", "", rows); err != nil {
		return fmt.Errorf("write the groups of %s: %w", s.ID, err)
	}
	return nil
}

// unfollow forgets what follow wrote.
func (t *tx) unfollow(ctx context.Context, id change.ID) error {
	for _, table := range []string{"change_people", "change_members"} {
		if err := t.exec(ctx, "delete from "+table+" where change = ?", number(id)); err != nil {
			return fmt.Errorf("forget the people and groups of %s: %w", id, err)
		}
	}
	return nil
}

// contact says how to reach somebody about a plan: the coordinator of what it works
// on, else who is on call for it, else its submitter.
func contact(p change.Plan) string {
	for _, role := range []string{"coordinator", "on-call"} {
		var found []string
		for _, t := range p.Targets {
			if c := t.Contacts[role]; c != "" && !slices.Contains(found, c) {
				found = append(found, c)
			}
		}
		if len(found) > 0 {
			return strings.Join(found, ", ")
		}
	}
	return string(p.Submitter)
}

// adopt makes fresh the footprint of s, and reports whether that alters it. What
// the approved plan works on stays held whatever the catalog of today says.
func (s *standing) adopt(fresh change.Footprint) (altered bool, err error) {
	fresh.Touch = distinct(append(slices.Clone(s.Plan.Footprint.Touch), fresh.Touch...))
	if same, err := sameFootprint(fresh, s.Holds()); err != nil || same {
		return false, err
	}
	same, err := sameFootprint(fresh, s.Plan.Footprint)
	s.Footprint = &fresh
	if same {
		s.Footprint = nil
	}
	return true, err
}

// sameFootprint compares canonical JSON; which systems are touched first is no difference.
func sameFootprint(a, b change.Footprint) (bool, error) {
	x, err := canonicalFootprint(a)
	if err != nil {
		return false, err
	}
	y, err := canonicalFootprint(b)
	return string(x) == string(y), err
}

func canonicalFootprint(f change.Footprint) ([]byte, error) {
	f.Touch = append([]change.Ref{}, f.Touch...)
	slices.Sort(f.Touch)
	f.Touch = slices.Compact(f.Touch)
	return change.Canonical(f)
}
