package inventory

import (
	"cmp"
	"slices"
	"strings"
)

// contacts gives systems the people that NetBox names for them, or else for their
// site or tenant, by role; of several for one role the primary one.
func (n *netbox) contacts() {
	people := map[key]map[string]string{}
	list := slices.Clone(n.lists[aContactFor])
	slices.SortStableFunc(list, func(a, b *object) int { return cmp.Compare(urgency(a), urgency(b)) })
	for _, o := range list {
		who, role := n.get(aContact, o.Contact), strings.NewReplacer(".", "-", "_", "-").Replace(slugOf(n.get(aContactRole, o.Role)))
		of := key{string(cmp.Or(o.ObjectType, o.ContentType)), int64(o.Object)}
		if n.sites != nil && of.model == aSite && !n.sites[of] {
			continue
		}
		if who == nil || role == "" {
			n.notes.leave("a contact without a person or a role", "contact assignment %d", o.id)
			continue
		}
		if people[of] == nil {
			people[of] = map[string]string{}
		}
		if first := people[of][role]; first != "" {
			n.notes.leave("more than one contact for a role: the first was taken", "%s %d, %s: not %s", of.model, of.id, role, nameIn(who))
			continue
		}
		people[of][role] = person(who)
	}
	for _, k := range n.order {
		n.reachable(k, people)
	}
}

func (n *netbox) reachable(k key, people map[key]map[string]string) {
	o := n.objects[k]
	sources := []key{k}
	for _, site := range n.sitesOf(o) {
		sources = append(sources, site.key)
	}
	s := n.systems[k]
	for _, source := range append(sources, key{aTenant, int64(o.Tenant)}) {
		for role, who := range people[source] {
			if s.Contacts == nil {
				s.Contacts = map[string]string{}
			}
			if s.Contacts[role] == "" {
				s.Contacts[role] = who
			}
		}
	}
}

func urgency(o *object) int {
	return max(0, slices.Index([]string{"primary", "secondary", "tertiary"}, string(o.Priority)))
}

// person writes a contact in one line. A colon would make a reference to an entity
// of it, which it is not.
func person(o *object) string {
	var parts []string
	for _, part := range []word{o.Name, o.Phone, o.Email} {
		if text := clean(strings.ReplaceAll(string(part), ":", " ")); text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, ", ")
}
