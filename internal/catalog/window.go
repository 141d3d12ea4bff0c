package catalog

import (
	"slices"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/schedule"
)

// window is a maintenance window ready to be asked.
type window struct {
	change.MaintenanceWindow
	recurring *schedule.Recurring
}

func newWindow(w change.MaintenanceWindow) (window, error) {
	r, err := schedule.Recur(w.Recurrence)
	return window{w, r}, err
}

// How closely a window is meant for a system, the closest first.
const (
	byName     = iota // one names the other
	byPlace           // its owner, site, cluster, region or redundancy group
	byTier            // its tier alone
	everything        // nothing: a scope that is empty is for those that name the window
)

func closeness(s change.Scope) int {
	switch {
	case len(s.Systems) > 0:
		return byName
	case len(s.Owners)+len(s.Sites)+len(s.Clusters)+len(s.Regions)+len(s.Redundancy) > 0:
		return byPlace
	case len(s.Tiers) > 0:
		return byTier
	}
	return everything
}

// windowsOf returns the windows that are meant most closely for a system, by name.
func (c *Catalog) windowsOf(i int32) []window {
	var found [everything][]window
	for _, w := range c.windows {
		how := closeness(w.Scope)
		switch {
		case slices.Contains(c.entities[i].Maintenance, w.Name):
			found[byName] = append(found[byName], w)
		case how < everything && c.selects(w.Scope, i):
			found[how] = append(found[how], w)
		}
	}
	for _, list := range found {
		if len(list) > 0 {
			return list
		}
	}
	return nil
}

// Windows returns all maintenance windows, by name.
func (c *Catalog) Windows() []change.MaintenanceWindow { return plainWindows(c.windows) }

func plainWindows(list []window) []change.MaintenanceWindow {
	var all []change.MaintenanceWindow
	for _, w := range list {
		all = append(all, w.MaintenanceWindow)
	}
	return all
}

// WindowsOf returns the maintenance windows that hold for a system, by name: those
// that it names or that name it or something that it is a part of; without any, those
// whose scope selects it by owner, site, cluster, region or redundancy group; without
// any of these either, those that select it by its tier. There may be none. The error
// is NotFound.
func (c *Catalog) WindowsOf(system change.Ref) ([]change.MaintenanceWindow, error) {
	i, err := c.system(system)
	if err != nil {
		return nil, err
	}
	return plainWindows(c.windowsOf(i)), nil
}

// Open returns the windows in which the owner of a system allows work, that overlap
// [from, to), by start and merged where they meet, and the names of the maintenance
// windows that hold for the system, whether or not they open in that time. Not
// limited means that there are none, so that work is allowed at any time; so it is
// for a system that the catalog does not know.
func (c *Catalog) Open(system change.Ref, from, to time.Time) (open []change.Window, names []string, limited bool) {
	i, err := c.system(system)
	if err != nil {
		return nil, nil, false
	}
	for _, w := range c.windowsOf(i) {
		names = append(names, w.Name)
		open = append(open, w.recurring.Between(from, to)...)
	}
	return merged(open), names, len(names) > 0
}

// merged joins windows that overlap or touch each other.
func merged(list []change.Window) []change.Window {
	slices.SortStableFunc(list, func(a, b change.Window) int { return a.Start.Compare(b.Start) })
	var out []change.Window
	for _, w := range list {
		last := len(out) - 1
		switch {
		case last < 0 || w.Start.After(out[last].End):
			out = append(out, w)
		case w.End.After(out[last].End):
			out[last].End = w.End
		}
	}
	return out
}
