package catalog_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/catalog"
	"github.com/changectl/changectl/internal/change"
)

var company = entity("Group", "name: all", "children: [platform, shop]") +
	entity("Group", "name: platform", "parent: all, children: [dba]") +
	entity("Group", "name: dba", "children: [], members: [bob]") +
	entity("Group", "name: shop", "children: []") +
	entity("User", "name: ann, annotations: {github.com/user-login: Octo, changectl.dev/principals: 'ann-key, oidc|17'}", "profile: {displayName: Ann B, email: Ann@example.com}, memberOf: [platform]") +
	entity("User", "name: bob", "memberOf: [dba, shop]") +
	entity("User", "name: ann, namespace: guests", "memberOf: ['group:default/shop']") +
	entity("Resource", "name: db", "owner: user:bob")

func TestMembershipReachesThroughGroups(t *testing.T) {
	c := load(t, "a.yaml", company)
	bob, err := c.Person("user:bob")
	want := change.Person{Ref: "user:bob", Name: "bob", Groups: []change.Ref{"group:all", "group:dba", "group:platform", "group:shop"}}
	if diff := cmp.Diff(want, bob); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for group, want := range map[change.Ref][]change.Ref{
		"group:all": {"user:ann", "user:bob", "user:guests/ann"}, "group:platform": {"user:ann", "user:bob"}, "group:dba": {"user:bob"},
		"user:bob": {"user:bob"}, "group:none": nil, "user:none": nil,
	} {
		got := c.Members(group)
		if diff := cmp.Diff(want, got); diff != "" && len(want)+len(got) > 0 {
			t.Errorf("%s: %s", group, diff)
		}
	}
	tests := []struct {
		person, group change.Ref
		want          bool
	}{
		{"user:bob", "group:all", true},
		{"user:ann", "group:platform", true},
		{"user:ann", "group:dba", false},
		{"user:bob", c.Owner("resource:db"), true},
		{"user:ann", c.Owner("resource:db"), false},
		{"group:dba", "group:all", false},
		{"user:nobody", "user:nobody", false},
	}
	for _, tt := range tests {
		if got := c.IsMember(tt.person, tt.group); got != tt.want {
			t.Errorf("%s in %s: %v", tt.person, tt.group, got)
		}
	}
	if diff := cmp.Diff([]change.Ref{"group:all", "group:dba", "group:platform", "group:shop"}, c.Groups()); diff != "" {
		t.Error(diff)
	}
	if n := len(c.People()); n != 3 {
		t.Errorf("%d people", n)
	}
}

func TestAPersonIsFoundByEveryName(t *testing.T) {
	c := load(t, "a.yaml", company)
	for name, want := range map[string]change.Ref{
		"user:ann": "user:ann", "USER:default/Ann": "user:ann", "ann": "user:ann", "default/ann": "user:ann", "ANN@example.COM": "user:ann",
		"ann-key": "user:ann", " oidc|17 ": "user:ann", "github:octo": "user:ann", "guests/ann": "user:guests/ann", "user:guests/ann": "user:guests/ann",
		"octo": "", "": "", "dba": "", "group:dba": "",
	} {
		got, err := c.PersonByPrincipal(name)
		if got.Ref != want || (want == "") != (change.KindOf(err) == change.KindNotFound) {
			t.Errorf("%q is %q, %v; want %q", name, got.Ref, err, want)
		}
	}
}

func TestANameOfTwoPersonsIsDenied(t *testing.T) {
	c, _, err := catalog.Load(tree("a.yaml", entity("User", "name: ann", "profile: {email: a@x}")+entity("User", "name: bob", "profile: {email: a@x}")), ".", catalog.Options{Lenient: true})
	if err != nil {
		t.Fatal(err)
	}
	if p, err := c.PersonByPrincipal("a@x"); change.KindOf(err) != change.KindDenied {
		t.Errorf("%v, %v", p, err)
	}
}

func TestWhatIsNotThereIsAnsweredWithWhatIsNear(t *testing.T) {
	c := load(t, "a.yaml", company+resource("orders-db-1", "")+resource("orders-db-2", "")+entity("Group", "name: team", "children: []"))
	tests := map[string]struct {
		ask  func() error
		want string
	}{
		"a system":      {func() error { _, err := c.System("resource:order-db-1"); return err }, "resource:order-db-1 is not in the catalog; near it are resource:orders-db-1, resource:orders-db-2"},
		"other kind":    {func() error { _, err := c.System("component:orders-db-1"); return err }, "near it are resource:orders-db-1, resource:orders-db-2"},
		"the beginning": {func() error { _, err := c.System("resource:orders"); return err }, "near it are resource:orders-db-1, resource:orders-db-2"},
		"nothing near":  {func() error { _, err := c.System("resource:mainframe"); return err }, "resource:mainframe is not in the catalog"},
		"a person":      {func() error { _, err := c.System("user:ann"); return err }, "user:ann is in the catalog, but not a system"},
		"not a person":  {func() error { _, err := c.Person("group:dba"); return err }, "group:dba is not a person; name a user"},
		"no person":     {func() error { _, err := c.Person("user:anna"); return err }, "user:anna is not in the catalog; near it are user:ann"},
		"an entity":     {func() error { _, err := c.Entity("resource:dc"); return err }, "near it are resource:db"},
		"a footprint":   {func() error { _, err := c.Footprint(nil, []change.Ref{"resource:dc"}); return err }, "near it are resource:db"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := tt.ask()
			if err == nil || !strings.Contains(err.Error(), tt.want) || change.KindOf(err) != change.KindNotFound {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
	if c.Owner("resource:mainframe") != "" || c.Owner("group:dba") != "" {
		t.Error("something has an owner that has none")
	}
}
