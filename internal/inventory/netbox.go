package inventory

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/change"
)

// NetBoxOptions says how a NetBox becomes a catalog.
type NetBoxOptions struct {
	File string // how messages call the input
	// Owner answers for what no tenant's owner answers for; empty: nobody does, and
	// such a system is an error.
	Owner change.Ref
	// Owners holds the owner by tenant, by its slug or its name.
	Owners map[string]change.Ref
	// Sites are the slugs or names of the sites that are taken; empty: all of them,
	// and what stands at none.
	Sites []string
	// Uplinks are roles of devices, the uppermost first; roles of the same rank stand
	// together. Empty: DefaultUplinks.
	Uplinks [][]string
	// RegionLevel is how deep the regions are nested that systems get, from 1 for
	// the outermost; 0: the region that the site itself names.
	RegionLevel int
}

// DefaultUplinks are the roles that others depend on when they are cabled to them,
// by the slugs that are usual.
var DefaultUplinks = [][]string{
	{"router", "core-router", "edge-router", "border-router", "wan-router", "gateway"},
	{"firewall"},
	{"core-switch", "core", "spine", "super-spine", "backbone-switch"},
	{"distribution-switch", "distribution", "aggregation-switch", "aggregation"},
	{"access-switch", "tor-switch", "top-of-rack", "leaf", "leaf-switch", "switch", "network-switch"},
}

// netbox is an import under way.
type netbox struct {
	*box
	o       NetBoxOptions
	notes   notes
	names   names
	systems map[key]*System
	order   []key // in which the systems were made
	needs   map[key]map[key]bool
	through map[key]map[key]bool
	pairs   []pair
	sites   map[key]bool // the chosen ones; nil: all
	ranks   map[string]int
	ends    map[link][]*object // of circuits
	cables  cables
	// distributes holds the devices that give power to others.
	distributes map[key]bool
	// alone holds what needs another one over a cable that nothing secures.
	alone map[key]map[key]bool
	ownerless
}

// NetBox reads a dump of a NetBox's database, or answers of its API. Devices, virtual
// machines, circuits, power feeds and panels become Resources, clusters become
// Systems, of which the hosts are parts.
//
// What depends on what follows from these rules; whatever they do not decide is left
// out and noted:
//
//   - A device depends on what feeds it: the outlets and power feeds that its power
//     ports are cabled to. A feed depends on its panel.
//   - Of two devices that are cabled, the one of the lower rank (Uplinks) depends on
//     the upper one, and on the patch panels and circuits between them. Roles that
//     are not listed are below all that are. Equal ranks decide nothing, but both
//     depend on a circuit between them.
//   - A device depends on a circuit that it is cabled to and that ends elsewhere.
//   - Over an interface that is for management only, and over those of what
//     distributes power, a device is operated (reached-through); it does not depend.
//   - A virtual machine depends on its cluster, and on its host where one is named;
//     what is installed in a bay depends on what the bay is in.
//   - Two that feed the same device, are the two ends of one of its LAGs, or share an
//     FHRP group, are a redundancy group of which one must stay up, if everything
//     that needs either is secured by both.
//
// The errors are Problems for a file that cannot be read, and Invalid for options
// that do not fit it and for systems that nobody would own.
func NetBox(r io.Reader, o NetBoxOptions) (*Estate, error) {
	b, err := readAll(r, o.File)
	if err != nil {
		return nil, err
	}
	n := &netbox{
		o: o, systems: map[key]*System{}, needs: map[key]map[key]bool{}, through: map[key]map[key]bool{},
		ends: map[link][]*object{}, distributes: map[key]bool{}, alone: map[key]map[key]bool{}, ownerless: ownerless{},
	}
	n.names = names{taken: map[change.Ref]string{}, notes: &n.notes}
	if n.box, err = readBox(o.File, b, &n.notes); err != nil {
		return nil, err
	}
	if err := n.choose(); err != nil {
		return nil, err
	}
	for _, end := range n.lists[aCircuitEnd] {
		n.ends[end.Circuit] = append(n.ends[end.Circuit], end)
	}
	n.makeSystems()
	if err := n.check(); err != nil {
		return nil, err
	}
	n.virtual()
	n.power()
	n.network()
	n.redundancy()
	n.contacts()
	return n.estate(), nil
}

// choose checks the options against what is there.
func (n *netbox) choose() error {
	if len(n.o.Uplinks) == 0 {
		n.o.Uplinks = DefaultUplinks
	}
	n.ranks = map[string]int{}
	for i, level := range n.o.Uplinks {
		for _, role := range level {
			n.ranks[nameOf(role)] = len(n.o.Uplinks) - i
		}
	}
	for _, name := range n.o.Sites {
		site := n.named(aSite, name)
		if site == nil {
			return change.Invalid("there is no site %q in %s%s", name, n.o.File, nearest(name, n.known(aSite))).At("--site")
		}
		if n.sites == nil {
			n.sites = map[key]bool{}
		}
		n.sites[site.key] = true
	}
	for _, name := range slices.Sorted(maps.Keys(n.o.Owners)) {
		if n.named(aTenant, name) == nil {
			return change.Invalid("there is no tenant %q in %s%s", name, n.o.File, nearest(name, n.known(aTenant))).At("--owner-map")
		}
	}
	return nil
}

// named finds an object by slug or name.
func (n *netbox) named(model, name string) *object {
	for _, o := range n.lists[model] {
		if strings.EqualFold(string(o.Slug), name) || strings.EqualFold(string(o.Name), name) {
			return o
		}
	}
	return nil
}

func (n *netbox) known(model string) []string {
	var list []string
	for _, o := range n.lists[model] {
		list = append(list, string(o.Slug))
	}
	return list
}

func (n *netbox) check() error {
	if len(n.order) == 0 {
		return change.Invalid("%s holds no device, virtual machine, cluster, circuit or power feed%s", n.o.File, n.atSites())
	}
	if len(n.order) > MaxSystems {
		return change.Invalid("%s comes to %d systems; at most %d are taken", n.o.File, len(n.order), MaxSystems).
			WithHint("import some sites at a time, with --site")
	}
	return n.complain(n.o)
}

func (n *netbox) atSites() string {
	if n.sites == nil {
		return ""
	}
	return " at " + strings.Join(n.o.Sites, ", ")
}

// ownerless counts the systems that nobody would own, by tenant.
type ownerless map[string]int

func (l ownerless) complain(o NetBoxOptions) error {
	if len(l) == 0 {
		return nil
	}
	var list []string
	sum := 0
	for _, tenant := range slices.Sorted(maps.Keys(l)) {
		if sum += l[tenant]; tenant == "" {
			list = append(list, fmt.Sprintf("%d of no tenant", l[tenant]))
		} else {
			list = append(list, fmt.Sprintf("%d of %s", l[tenant], tenant))
		}
	}
	return change.Invalid("%d systems of %s have no owner: %s", sum, o.File, strings.Join(list, ", ")).
		WithHint("name who answers for them with --owner group:NAME, and for tenants with --owner-map TENANT=group:NAME")
}

// owner returns who answers for an object: the owner of its tenant, or the one for all
// others.
func (n *netbox) owner(o *object) change.Ref {
	tenant := n.get(aTenant, o.Tenant)
	if tenant != nil {
		for name, owner := range n.o.Owners {
			if strings.EqualFold(string(tenant.Slug), name) || strings.EqualFold(string(tenant.Name), name) {
				return owner
			}
		}
		if len(n.o.Owners) > 0 && n.o.Owner != "" {
			n.notes.leave("its tenant has no owner of its own (--owner-map)", "%s, of %s: %s", n.call(o), nameIn(tenant), n.o.Owner)
		}
	}
	if n.o.Owner == "" {
		n.ownerless[slugOf(tenant)]++
	}
	return n.o.Owner
}

// estate returns what has been gathered.
func (n *netbox) estate() *Estate {
	e := &Estate{Rules: n.rules(), source: "netbox", stems: []string{"netbox", "circuits", "clusters", "devices", "power", "virtual-machines"}}
	for _, k := range n.order {
		s := n.systems[k]
		for to := range n.needs[k] {
			s.DependsOn = append(s.DependsOn, n.systems[to].Ref)
		}
		for to := range n.through[k] {
			s.ReachedThrough = append(s.ReachedThrough, n.systems[to].Ref)
		}
		e.Systems = append(e.Systems, *s)
	}
	return e.finish(n.notes)
}

func (n *netbox) rules() []string {
	list := []string{
		"from " + n.o.File + ". To import it again is better than to edit this by hand.",
		"A device depends on what feeds it. Of two that are cabled, the lower one depends on the upper one",
		"and on the patch panels and circuits between them. Roles, from the top; all others are below:",
	}
	for i, level := range n.o.Uplinks {
		list = append(list, fmt.Sprintf("  %d. %s", i+1, strings.Join(level, ", ")))
	}
	return append(list, "Equal ranks decide nothing. Interfaces for management only are ways in (reached-through).")
}
