package catalog

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/change"
)

// The kinds of places. A place is named like a system and stands for all systems
// whose annotation says that they are there.
const (
	kindSite    = "site"
	kindCluster = "cluster"
	kindRegion  = "region"
)

// placeKinds are in the order of Entity.places.
var placeKinds = []string{kindSite, kindCluster, kindRegion}

func isPlace(ref change.Ref) bool { return slices.Contains(placeKinds, ref.Kind()) }

var (
	umlauts    = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss")
	unnameable = regexp.MustCompile(`[^a-z0-9]+`)
	plain      = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
)

// placeRef returns the reference by which a place is named, or "" where nothing in
// its name can stand in one. What a reference cannot hold becomes a hyphen: the site
// "DM-Akron 2" is site:dm-akron-2. It depends on letters and digits alone, so that
// site:dm.akron_2 is the same.
func placeRef(kind, name string) change.Ref {
	if !plain.MatchString(name) {
		name = strings.Trim(unnameable.ReplaceAllString(umlauts.Replace(strings.ToLower(name)), "-"), "-")
	}
	if name == "" {
		return ""
	}
	return change.Ref(kind + ":" + name)
}

// places returns where a system is.
func (e Entity) places() []change.Ref {
	var all []change.Ref
	for n, name := range []string{e.Site, e.Cluster, e.Region} {
		if ref := placeRef(placeKinds[n], name); ref != "" {
			all = append(all, ref)
		}
	}
	return all
}

// placesOf returns where each system is, and the systems of each place, sorted.
func placesOf(entities []Entity) (placed [][]change.Ref, places map[change.Ref][]int32) {
	placed, places = make([][]change.Ref, len(entities)), map[change.Ref][]int32{}
	for i, e := range entities {
		placed[i] = e.places()
		for _, ref := range placed[i] {
			places[ref] = append(places[ref], int32(i))
		}
	}
	return placed, places
}

// nodes returns the systems that a reference stands for: a system, or those of a place.
func (c *Catalog) nodes(ref change.Ref) ([]int32, error) {
	if isPlace(ref) {
		return c.place(ref)
	}
	i, err := c.system(ref)
	if err != nil {
		return nil, err
	}
	return []int32{i}, nil
}

func (c *Catalog) place(ref change.Ref) ([]int32, error) {
	if list := c.places[placeRef(ref.Kind(), ref.Name())]; len(list) > 0 {
		return list, nil
	}
	known := slices.DeleteFunc(slices.Sorted(maps.Keys(c.places)), func(p change.Ref) bool { return p.Kind() != ref.Kind() })
	err := change.NotFound("no system of the catalog is at %s", ref)
	if near := nearest(ref, known); len(near) > 0 {
		return nil, err.WithHint("near it are %s", join(near))
	}
	if len(known) == 0 {
		return nil, err.WithHint("systems are put there by the annotation %s%s", ours, ref.Kind())
	}
	return nil, err.WithHint("there are %s", join(known[:min(len(known), 10)]))
}

// placeAsSystem describes a place as a runbook's parameter: with its owner, where
// one answers for all systems there.
func (c *Catalog) placeAsSystem(ref change.Ref) (change.System, error) {
	list, err := c.place(ref)
	if err != nil {
		return change.System{}, err
	}
	s := change.System{Ref: ref, Title: fmt.Sprintf("%d systems of %s %s", len(list), ref.Kind(), ref.Name()), Owner: c.entities[list[0]].Owner}
	if len(list) == 1 {
		s.Title = fmt.Sprintf("1 system of %s %s", ref.Kind(), ref.Name())
	}
	for _, i := range list {
		if c.entities[i].Owner != s.Owner {
			s.Owner = ""
		}
	}
	return s, nil
}

// Expand returns the systems that a target stands for, sorted: itself, or the members
// of site:NAME, cluster:NAME, region:NAME, whatever the case of NAME. The error is
// NotFound and proposes names that are near.
func (c *Catalog) Expand(target change.Ref) ([]change.Ref, error) {
	list, err := c.nodes(target)
	if err != nil {
		return nil, err
	}
	return c.refs(list), nil
}

// Touched returns the systems that targets stand for, sorted, each once: what a plan
// keeps of what it works on, so that every owner is asked. Parts of systems are not
// among them. The error is NotFound and proposes names that are near.
func (c *Catalog) Touched(targets []change.Ref) ([]change.System, error) {
	list, err := c.systems(targets)
	if err != nil {
		return nil, err
	}
	all := make([]change.System, len(list))
	for n, i := range list {
		all[n] = c.entities[i].system()
	}
	return all, nil
}
