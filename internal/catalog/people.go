package catalog

import (
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/change"
)

// Person returns a user with all groups that it is a member of: a member of a
// group is a member of that group's parents too. The error is NotFound.
func (c *Catalog) Person(ref change.Ref) (change.Person, error) {
	i, ok := c.index[ref]
	if !ok {
		return change.Person{}, c.unknown(ref)
	}
	if ref.Kind() != kindUser {
		return change.Person{}, change.NotFound("%s is not a person", ref).WithHint("name a user, such as user:alice")
	}
	return c.person(i), nil
}

func (c *Catalog) person(i int32) change.Person {
	e := c.entities[i]
	return change.Person{Ref: e.Ref, Name: e.Title, Groups: c.above(e.Ref)}
}

// People returns all persons, sorted.
func (c *Catalog) People() []change.Person {
	var all []change.Person
	for i, e := range c.entities {
		if e.Ref.Kind() == kindUser {
			all = append(all, c.person(int32(i)))
		}
	}
	return all
}

// PersonByPrincipal returns the person that a key or login speaks of: by
// reference (user:alice), name (alice, or namespace/alice), e-mail address,
// github:LOGIN, or a name listed in changectl.dev/principals. Case does not
// matter. NotFound says that nobody goes by the name, Denied that several do.
func (c *Catalog) PersonByPrincipal(name string) (change.Person, error) {
	switch found := c.principals[principal(name)]; len(found) {
	case 1:
		return c.person(found[0]), nil
	case 0:
		return change.Person{}, change.NotFound("nobody in the catalog goes by %q", name).
			WithHint("add the name to the annotation %sprincipals of that user", ours)
	default:
		return change.Person{}, change.Denied("%q is the name of %s; it must be that of one person", name, join(c.refs(found))).
			WithHint("write the reference, such as %s, or correct the catalog", c.entities[found[0]].Ref)
	}
}

// PersonByLogin returns the person to whom an account at GitHub belongs. NotFound says
// that nobody has it, Denied that several do.
func (c *Catalog) PersonByLogin(login string) (change.Person, error) {
	return c.PersonByPrincipal("github:" + login)
}

// GroupByTeam returns the group that is a team at GitHub, organisation/slug. NotFound
// says that no group is, Denied that several are.
func (c *Catalog) GroupByTeam(slug string) (change.Ref, error) {
	var found []change.Ref
	for _, e := range c.entities {
		if e.GitHubTeam != "" && strings.EqualFold(e.GitHubTeam, strings.TrimPrefix(slug, "@")) {
			found = append(found, e.Ref)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", change.NotFound("no group of the catalog is the team %q at GitHub", slug).
			WithHint("annotate the group with %s: %s", githubTeam, slug)
	}
	return "", change.Denied("the team %q at GitHub is that of %s; it must be that of one group", slug, join(found)).WithHint("correct the catalog")
}

func principal(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	if rest, ok := strings.CutPrefix(name, "user:"); ok {
		return "user:" + strings.TrimPrefix(rest, "default/")
	}
	return strings.TrimPrefix(name, "default/")
}

// names returns what a user goes by, in lower case.
func (e Entity) names() []string {
	names := []string{string(e.Ref), e.Ref.Name()}
	if e.Email != "" {
		names = append(names, principal(e.Email))
	}
	if e.GitHub != "" {
		names = append(names, "github:"+principal(e.GitHub))
	}
	for _, p := range e.Principals {
		names = append(names, principal(p))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func principalsOf(entities []Entity) map[string][]int32 {
	m := map[string][]int32{}
	for i, e := range entities {
		if e.Ref.Kind() != kindUser {
			continue
		}
		for _, name := range e.names() {
			m[name] = append(m[name], int32(i))
		}
	}
	return m
}

func membersOf(entities []Entity) map[change.Ref][]change.Ref {
	m := map[change.Ref][]change.Ref{}
	for _, e := range entities {
		for _, g := range e.MemberOf {
			m[g] = append(m[g], e.Ref)
		}
	}
	return m
}

// above returns all groups over a user or group, sorted.
func (c *Catalog) above(ref change.Ref) []change.Ref {
	return spread(ref, func(r change.Ref) []change.Ref { return c.entities[c.index[r]].MemberOf })
}

// Groups returns all groups, sorted.
func (c *Catalog) Groups() []change.Ref {
	var all []change.Ref
	for _, e := range c.entities {
		if e.Ref.Kind() == kindGroup {
			all = append(all, e.Ref)
		}
	}
	return all
}

// Members returns the users in a group and in the groups below it, sorted; for a
// user, who may be an owner too, that user.
func (c *Catalog) Members(group change.Ref) []change.Ref {
	if _, ok := c.index[group]; ok && group.Kind() == kindUser {
		return []change.Ref{group}
	}
	below := spread(group, func(r change.Ref) []change.Ref { return c.members[r] })
	return slices.DeleteFunc(below, func(r change.Ref) bool { return r.Kind() != kindUser })
}

// IsMember reports whether a person is in a group or in one below it. A user is
// the one member of itself.
func (c *Catalog) IsMember(person, group change.Ref) bool {
	return slices.Contains(c.Members(group), person)
}

func spread(from change.Ref, next func(change.Ref) []change.Ref) []change.Ref {
	var all []change.Ref
	seen := map[change.Ref]bool{from: true}
	for queue := []change.Ref{from}; len(queue) > 0; queue = queue[1:] {
		for _, r := range next(queue[0]) {
			if !seen[r] {
				seen[r] = true
				all = append(all, r)
				queue = append(queue, r)
			}
		}
	}
	slices.Sort(all)
	return all
}
