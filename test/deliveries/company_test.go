package deliveries_test

import (
	"fmt"
	"strings"
	"time"
)

// The company has owners in three groups, each with systems of its own; makers, who
// ask for changes; and keepers, to whom the rest belongs.
const (
	ownerGroups = 3
	members     = 3 // of each group
	makers      = 3
)

// person is the n-th of a group, such as g1-2. The groups are g0, g1, g2, makers, keepers.
func person(group string, n int) string { return fmt.Sprintf("%s-%d", group, n) }

// ownersOf is the group that a box belongs to.
func ownersOf(box int) string { return fmt.Sprintf("g%d", box%ownerGroups) }

// everybody lists the persons, and groups their groups.
func everybody() (persons, groups []string) {
	for g := range ownerGroups {
		groups = append(groups, fmt.Sprintf("g%d", g))
	}
	groups = append(groups, "makers", "keepers")
	for _, g := range groups {
		for n := range members {
			persons = append(persons, person(g, n))
		}
	}
	return persons, groups
}

// catalogText is the installation's catalog, with so many boxes.
func catalogText(boxes int) string {
	persons, groups := everybody()
	var b strings.Builder
	for _, g := range groups {
		fmt.Fprintf(&b, "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: %s}\nspec: {type: team, children: []}\n---\n", g)
	}
	for _, p := range persons {
		group, _, _ := strings.Cut(p, "-")
		fmt.Fprintf(&b, "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: %[1]s, annotations: {github.com/user-login: gh-%[1]s}}\nspec: {memberOf: [%[2]s]}\n---\n", p, group)
	}
	for i := range boxes {
		fmt.Fprintf(&b, "apiVersion: backstage.io/v1alpha1\nkind: Resource\nmetadata: {name: box-%d}\nspec: {type: box, owner: 'group:%s'}\n---\n", i, ownersOf(i))
	}
	return strings.TrimSuffix(b.String(), "---\n")
}

// repositoryFiles are on both branches from the beginning.
func repositoryFiles() map[string]string {
	return map[string]string{
		"README.md": "What we change, and how.\n",
		".changectl.yaml": `apiVersion: changectl.dev/v1
kind: Repository
spec:
  instance: dev
  runbooks: [runbooks]
  changes: [changes]
  owners: group:keepers
`,
		"runbooks/look.yaml": `apiVersion: changectl.dev/v1
kind: Runbook
metadata: {name: look, title: Look at a box, owner: group:keepers}
spec:
  parameters:
    box: {type: system, role: touch}
  steps:
    - {name: look, title: Look, phase: validate, uses: wait, with: {for: 0s}, timeout: 10s, expected: 0s}
`,
	}
}

// changeFile is a change request on a box. version is what a push alters; a broken one
// does not compile.
func changeFile(box, version int, broken bool, opens time.Time) string {
	book := "look"
	if broken {
		book = "no-such-runbook"
	}
	start := opens.Add(time.Duration(box) * time.Hour)
	return fmt.Sprintf(`apiVersion: changectl.dev/v1
kind: Change
metadata: {title: Look at box %[1]d}
spec:
  type: normal
  reason: Version %[2]d
  runbook: %[3]s
  parameters: {box: resource:box-%[1]d}
  window: {start: '%[4]s', duration: 30m}
`, box, version, book, start.UTC().Format(time.RFC3339))
}

func changePath(box int) string { return fmt.Sprintf("changes/box-%d.yaml", box) }
