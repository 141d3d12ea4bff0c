package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing/fstest"
	"time"

	"github.com/changectl/changectl/internal/catalog"
	"github.com/changectl/changectl/internal/change"
)

// A large company: pods of twenty systems each. In a pod a pair of databases of which
// one must stay up, a pooler, seven services on it, nine pages on these, and the
// host through which all of them are reached.
const (
	pods    = 500
	podSize = 20
)

func podSystem(pod, i int) change.Ref { return change.Ref(fmt.Sprintf("resource:p%d-s%d", pod, i)) }

// company makes the catalog; work on the databases is allowed in the night only.
func company() (*catalog.Catalog, error) {
	files := fstest.MapFS{"team.yaml": {Data: []byte(`apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: dba}
spec: {type: team, children: []}
---
apiVersion: changectl.dev/v1
kind: MaintenanceWindow
metadata: {name: nights}
spec:
  owner: group:dba
  scope: {tiers: [1]}
  start: '2026-01-01T20:00'
  rule: FREQ=DAILY
  duration: 10h
  zone: Europe/Berlin
`)}}
	for pod := range pods {
		var text strings.Builder
		for i := range podSize {
			podEntity(&text, pod, i)
		}
		files[fmt.Sprintf("pod-%d.yaml", pod)] = &fstest.MapFile{Data: []byte(text.String())}
	}
	c, _, err := catalog.Load(files, ".", catalog.Options{})
	return c, err
}

func podEntity(text *strings.Builder, pod, i int) {
	annotations, needs := "", ""
	switch {
	case i < 2:
		annotations = fmt.Sprintf("changectl.dev/tier: '1', changectl.dev/redundancy-group: db-%d, changectl.dev/redundancy-min: '1'", pod)
	case i == 2:
		needs = fmt.Sprintf("'%s', '%s'", podSystem(pod, 0), podSystem(pod, 1))
	case i < 10:
		needs = fmt.Sprintf("'%s'", podSystem(pod, 2))
	case i < 19:
		needs = fmt.Sprintf("'%s'", podSystem(pod, 3+i%7))
	}
	if i < 19 {
		if annotations != "" {
			annotations += ", "
		}
		annotations += fmt.Sprintf("changectl.dev/reached-through: '%s'", podSystem(pod, 19))
	}
	fmt.Fprintf(text, "---\napiVersion: backstage.io/v1alpha1\nkind: Resource\nmetadata: {name: '%s', annotations: {%s}}\nspec: {type: server, owner: dba, dependsOn: [%s]}\n",
		podSystem(pod, i).Name(), annotations, needs)
}

// nightWork is a plan that touches a database in each of twenty pods for four hours of the
// night that begins on a day of the year.
func nightWork(c *catalog.Catalog, n int, day time.Time) (change.Plan, error) {
	random := rand.New(rand.NewPCG(uint64(n), 7))
	p := bookPlan(n)
	p.Submitter, p.People = "user:alice", []change.Ref{"user:alice"}
	start := day.Add(22 * time.Hour)
	p.Window = change.Window{Start: start, End: start.Add(4 * time.Hour), Zone: "Europe/Berlin"}
	touch := make([]change.Ref, 0, bookSystems)
	for _, pod := range random.Perm(pods)[:bookSystems] {
		touch = append(touch, podSystem(pod, 0))
	}
	slices.Sort(touch)
	p.Targets = nil
	for _, ref := range touch {
		p.Targets = append(p.Targets, change.System{Ref: ref, Owner: "group:dba"})
	}
	var err error
	p.Footprint, err = c.Footprint(touch, nil)
	return p, err
}

// footprint measures the widest outage in a catalog of 10,000 systems with 50,000 edges.
func (b *bench) footprint(context.Context) error {
	c, err := layered(10_000, 5)
	if err != nil {
		return err
	}
	root := []change.Ref{"resource:r0"}
	f, err := c.Footprint(root, nil)
	if err != nil {
		return err
	}
	var took []time.Duration
	for i := range 300 {
		began := time.Now()
		if _, err := c.Footprint(root, nil); err != nil {
			return err
		}
		if i >= 20 {
			took = append(took, time.Since(began))
		}
	}
	b.table.add(absolute(fmt.Sprintf("footprint of an outage of %d systems over 50,000 edges, with paths, median", len(f.Impact)), median(took), time.Millisecond))
	return nil
}

// layered makes a catalog in which every system depends on some that come before it, so
// that the first one takes all down.
func layered(systems, needs int) (*catalog.Catalog, error) {
	random := rand.New(rand.NewPCG(3, 4))
	files := fstest.MapFS{"team.yaml": {Data: []byte("apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: dba}\nspec: {type: team, children: []}\n")}}
	var text strings.Builder
	for i := range systems {
		var on []string
		for range min(needs, i) {
			on = append(on, fmt.Sprintf("'resource:r%d'", random.IntN(i)))
		}
		fmt.Fprintf(&text, "---\napiVersion: backstage.io/v1alpha1\nkind: Resource\nmetadata: {name: r%d}\nspec: {type: server, owner: dba, dependsOn: [%s]}\n", i, strings.Join(on, ", "))
		if text.Len() > 100_000 || i == systems-1 {
			files[fmt.Sprintf("r-%d.yaml", i)] = &fstest.MapFile{Data: []byte(text.String())}
			text.Reset()
		}
	}
	c, _, err := catalog.Load(files, ".", catalog.Options{})
	return c, err
}
