package inventory

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
)

// Estate is what an import comes to.
type Estate struct {
	Systems []System `json:"systems"` // by Ref
	// LeftOut is what could not be expressed, or would have had to be guessed.
	LeftOut []Note `json:"leftOut,omitempty"`
	// Altered is what is in the result in another form than in the source.
	Altered []Note `json:"altered,omitempty"`
	// Groups are written as entities of their own, for a catalog that does not have them.
	Groups []change.Ref `json:"groups,omitempty"`
	// Rules says, in sentences, how what is not in the source was decided. They stand
	// at the head of the files.
	Rules []string `json:"rules,omitempty"`

	source string   // netbox or csv
	stems  []string // of the files that it may be written into
}

// Count is how much an estate holds.
type Count struct{ Systems, DependsOn, ReachedThrough, Groups int }

// Count counts the systems, what is between them, and the redundancy groups.
func (e *Estate) Count() Count {
	c := Count{Systems: len(e.Systems)}
	groups := map[string]bool{}
	for _, s := range e.Systems {
		c.DependsOn += len(s.DependsOn)
		c.ReachedThrough += len(s.ReachedThrough)
		if s.Group != "" && !groups[s.Group] {
			groups[s.Group] = true
			c.Groups++
		}
	}
	return c
}

// System is one entity to be written.
type System struct {
	Ref change.Ref `json:"ref"`
	// File is the name of the file that it is put into, without .yaml.
	File        string            `json:"file"`
	Title       string            `json:"title,omitempty"`
	Description string            `json:"description,omitempty"`
	Type        string            `json:"type,omitempty"`
	Lifecycle   string            `json:"lifecycle,omitempty"`
	Owner       change.Ref        `json:"owner,omitempty"`
	Site        string            `json:"site,omitempty"`
	Cluster     string            `json:"cluster,omitempty"`
	Region      string            `json:"region,omitempty"`
	Tier        int               `json:"tier,omitempty"`    // from 1, the most critical, to 4; 0 is unknown
	Group       string            `json:"group,omitempty"`   // redundancy group
	MustRun     int               `json:"mustRun,omitempty"` // members of Group that must stay up
	KnownAs     []string          `json:"knownAs,omitempty"`
	Contacts    map[string]string `json:"contacts,omitempty"`
	Endpoints   map[string]string `json:"endpoints,omitempty"`
	// PartOf is the system (kind System) that it is a part of.
	PartOf         change.Ref   `json:"partOf,omitempty"`
	DependsOn      []change.Ref `json:"dependsOn,omitempty"`
	ReachedThrough []change.Ref `json:"reachedThrough,omitempty"`
}

// Refs returns the references of all systems, as text.
func (e *Estate) Refs() []string {
	list := make([]string, len(e.Systems))
	for i, s := range e.Systems {
		list[i] = string(s.Ref)
	}
	return list
}

// Owners returns everybody that a system names as its owner, sorted. They must be
// in the catalog that the result is put into.
func (e *Estate) Owners() []change.Ref {
	var list []change.Ref
	for _, s := range e.Systems {
		list = append(list, s.Owner)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// finish puts everything into the order in which it is written.
func (e *Estate) finish(n notes) *Estate {
	for i := range e.Systems {
		s := &e.Systems[i]
		slices.Sort(s.DependsOn)
		s.DependsOn = slices.Compact(s.DependsOn)
		slices.Sort(s.ReachedThrough)
		s.ReachedThrough = slices.Compact(s.ReachedThrough)
	}
	slices.SortFunc(e.Systems, func(a, b System) int { return cmp.Compare(a.Ref, b.Ref) })
	e.LeftOut, e.Altered = sorted(n.left), sorted(n.altered)
	return e
}

const ours = "changectl.dev/"

// annotations returns those of changectl.dev.
func (s System) annotations() map[string]string {
	all := map[string]string{
		"site": s.Site, "cluster": s.Cluster, "region": s.Region, "redundancy-group": s.Group,
		"known-as": strings.Join(s.KnownAs, ", "), "reached-through": join(s.ReachedThrough),
	}
	if s.Tier > 0 {
		all["tier"] = strconv.Itoa(s.Tier)
	}
	if s.MustRun > 0 {
		all["redundancy-min"] = strconv.Itoa(s.MustRun)
	}
	for role, who := range s.Contacts {
		all["contact."+role] = who
	}
	for name, address := range s.Endpoints {
		all["endpoint."+name] = address
	}
	out := map[string]string{}
	for name, value := range all {
		if value = strings.TrimSpace(value); value != "" {
			out[ours+name] = value
		}
	}
	return out
}

func join(refs []change.Ref) string {
	s := make([]string, len(refs))
	for i, r := range refs {
		s[i] = string(r)
	}
	return strings.Join(s, ", ")
}

// nearest returns up to three of the known words that somebody may have meant, as
// part of a message, or "".
func nearest(word string, known []string) string {
	var near []string
	for _, k := range known {
		a, b := strings.ToLower(word), strings.ToLower(k)
		if a != "" && (document.Distance(a, b) <= (len(a)+2)/3 || strings.HasPrefix(b, a)) {
			near = append(near, k)
		}
	}
	slices.SortFunc(near, func(a, b string) int {
		return cmp.Or(document.Distance(strings.ToLower(word), strings.ToLower(a))-document.Distance(strings.ToLower(word), strings.ToLower(b)), cmp.Compare(a, b))
	})
	if len(near) == 0 {
		return ""
	}
	return fmt.Sprintf("; near it are %s", strings.Join(near[:min(3, len(near))], ", "))
}
