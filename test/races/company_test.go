package races_test

import (
	"fmt"
	"strings"
	"testing/fstest"
	"time"

	"github.com/changectl/changectl/internal/catalog"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/test/races/checker"
)

const (
	estate = 10                           // of each kind of systems
	admins = "group:admins"               // owns everything
	hop    = change.Ref("resource:hop")   // the way in to all of it
	rounds = time.Duration(6) * time.Hour // from one round on a system to the next
)

// start is when the first window opens: far enough away for every clock.
var start = time.Date(2040, 1, 7, 22, 0, 0, 0, time.UTC)

// entity is one document of the catalog.
func entity(kind, metadata, spec string) string {
	return fmt.Sprintf("apiVersion: backstage.io/v1alpha1\nkind: %s\nmetadata: {%s}\nspec: {%s}\n---\n", kind, metadata, spec)
}

func resource(name, annotations, more string) string {
	return entity("Resource", fmt.Sprintf("name: %s, annotations: {changectl.dev/reached-through: 'resource:hop'%s}", name, annotations),
		"type: server, owner: 'group:admins'"+more)
}

// company has databases with a service on each, pairs, groups of three of which one or
// two must stay up with a service on each, and hosts; all are reached through one hop.
func company() (*catalog.Catalog, error) {
	var b strings.Builder
	b.WriteString(entity("Group", "name: admins", "type: team, children: []"))
	b.WriteString(entity("Resource", "name: hop", "type: server, owner: 'group:admins'"))
	for n := range estate {
		b.WriteString(resource(fmt.Sprintf("db-%d", n), "", ""))
		b.WriteString(resource(fmt.Sprintf("app-%d", n), "", fmt.Sprintf(", dependsOn: ['resource:db-%d']", n)))
		b.WriteString(resource(fmt.Sprintf("left-%d", n), "", ""))
		b.WriteString(resource(fmt.Sprintf("right-%d", n), "", ""))
	}
	for _, g := range groups() {
		var needs []string
		for _, m := range g.Members {
			name := change.Ref(m).Name()
			b.WriteString(resource(name, fmt.Sprintf(", changectl.dev/redundancy-group: %s, changectl.dev/redundancy-min: '%d'", g.Name, g.MustRun), ""))
			needs = append(needs, "'"+m+"'")
		}
		b.WriteString(resource(g.Name+"-front", "", ", dependsOn: ["+strings.Join(needs, ", ")+"]"))
	}
	for n := range 1000 {
		b.WriteString(resource(fmt.Sprintf("host-%d", n), "", ""))
	}
	c, _, err := catalog.Load(fstest.MapFS{"catalog.yaml": {Data: []byte(b.String())}}, ".", catalog.Options{})
	return c, err
}

// groups are the redundancy groups, for the catalog and for the checker.
func groups() []checker.Group {
	var list []checker.Group
	for n := range estate {
		g := checker.Group{Name: fmt.Sprintf("trio-%d", n), MustRun: 1 + n%2}
		for m := range 3 {
			g.Members = append(g.Members, fmt.Sprintf("resource:trio-%d-%d", n, m))
		}
		list = append(list, g)
	}
	return list
}

// plan is a change on systems in the order in which they are named.
func plan(c *catalog.Catalog, a attempt) (change.Plan, error) {
	f, err := c.Footprint(a.Touch, nil)
	if err != nil {
		return change.Plan{}, err
	}
	f.Touch = a.Touch
	p := change.Plan{
		Instance: "races", Title: a.Title, Type: change.Normal, Reason: "a race", Submitter: "user:ada",
		Runbook:   change.Source{Name: "race", Owner: admins, Path: "race.yaml", Digest: "sha256:aa"},
		Window:    change.Window{Start: a.From, End: a.To, Zone: "UTC"},
		Footprint: f, AtCutoff: change.CutoffBackOut, Catalog: c.Digest(), Policy: "sha256:dd",
	}
	for _, ref := range a.Touch {
		p.Targets = append(p.Targets, change.System{Ref: ref, Owner: admins})
	}
	return p, nil
}
