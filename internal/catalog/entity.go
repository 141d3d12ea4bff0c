package catalog

import (
	"slices"

	"github.com/changectl/changectl/internal/change"
)

// The kinds of Backstage that are read, in lower case.
const (
	kindComponent = "component"
	kindResource  = "resource"
	kindSystem    = "system"
	kindAPI       = "api"
	kindDomain    = "domain"
	kindGroup     = "group"
	kindUser      = "user"
	kindLocation  = "location"
)

var (
	systemKinds = []string{kindComponent, kindResource, kindSystem, kindAPI, kindDomain}
	ownerKinds  = []string{kindGroup, kindUser}
	knownKinds  = map[string]string{
		"Component": kindComponent, "Resource": kindResource, "System": kindSystem, "API": kindAPI, "Domain": kindDomain,
		"Group": kindGroup, "User": kindUser, "Location": kindLocation,
	}
)

// Entity is what the catalog keeps of one entity, normalised: relations stand at
// the one side that needs, belongs or is a member, whichever side they were
// written on, and lists are sorted.
type Entity struct {
	Ref       change.Ref `json:"ref"`
	Title     string     `json:"title,omitempty"`
	Type      string     `json:"type,omitempty"`
	Lifecycle string     `json:"lifecycle,omitempty"`
	Owner     change.Ref `json:"owner,omitempty"`

	// Tier is from 1, the most critical, to 4; 0 is unknown.
	Tier int `json:"tier,omitempty"`
	// Group is the redundancy group, of which MustRun members must stay up. Within
	// holds the groups around it, the innermost first.
	Group   string  `json:"group,omitempty"`
	MustRun int     `json:"mustRun,omitempty"`
	Within  []Outer `json:"within,omitempty"`

	Site    string `json:"site,omitempty"`
	Cluster string `json:"cluster,omitempty"`
	Region  string `json:"region,omitempty"`
	// Availability is a target such as 99.9%.
	Availability string `json:"availability,omitempty"`
	// Maintenance names maintenance windows in which the owner allows work.
	Maintenance []string `json:"maintenance,omitempty"`
	// KnownAs holds the names by which others know the system, such as a circuit number.
	KnownAs   []string          `json:"knownAs,omitempty"`
	Contacts  map[string]string `json:"contacts,omitempty"`
	Endpoints map[string]string `json:"endpoints,omitempty"`

	DependsOn      []change.Ref `json:"dependsOn,omitempty"`
	PartOf         []change.Ref `json:"partOf,omitempty"`
	ReachedThrough []change.Ref `json:"reachedThrough,omitempty"`

	// MemberOf holds the groups of a user and the parents of a group.
	MemberOf []change.Ref `json:"memberOf,omitempty"`
	Email    string       `json:"email,omitempty"`
	GitHub   string       `json:"github,omitempty"`
	// GitHubTeam is organisation/slug of a group's team at GitHub.
	GitHubTeam string `json:"githubTeam,omitempty"`
	// Principals are the names by which keys and logins know a user.
	Principals []string `json:"principals,omitempty"`
}

func (e *Entity) normalise() {
	for _, list := range []*[]change.Ref{&e.DependsOn, &e.PartOf, &e.ReachedThrough, &e.MemberOf} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	for _, list := range []*[]string{&e.Principals, &e.Maintenance, &e.KnownAs} {
		slices.Sort(*list)
		if *list = slices.Compact(*list); len(*list) == 0 {
			*list = nil
		}
	}
	if len(e.Contacts) == 0 {
		e.Contacts = nil
	}
}

func (e Entity) isSystem() bool { return slices.Contains(systemKinds, e.Ref.Kind()) }

func (e Entity) system() change.System {
	return change.System{
		Ref: e.Ref, Title: e.Title, Owner: e.Owner, Tier: e.Tier, Group: e.Group, Site: e.Site,
		Contacts: e.Contacts, Endpoints: e.Endpoints,
	}
}
