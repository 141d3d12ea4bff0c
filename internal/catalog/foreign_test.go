package catalog_test

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/catalog"
	"github.com/changectl/changectl/internal/change"
)

// A catalog that was written for something else is read leniently. CHANGECTL_CATALOGS
// names a directory with one of the size that companies have; without it a small one
// stands in.
func TestAForeignCatalogLoads(t *testing.T) {
	dir, want := "testdata", []change.Ref{"api:wiki/pages", "component:wiki/web"}
	if given := os.Getenv("CHANGECTL_CATALOGS"); given != "" {
		dir, want = given, []change.Ref{
			"api:hello-world", "api:hello-world-trpc", "api:petstore", "api:petstore-webhook", "api:spotify", "api:starwars-graphql", "api:streetlights", "api:wayback-archive", "api:wayback-search",
			"component:artist-lookup", "component:petstore", "component:playback-order", "component:playback-sdk", "component:podcast-api", "component:queue-proxy",
			"component:searcher", "component:shuffle-api", "component:wayback-archive", "component:wayback-archive-ingestion", "component:wayback-archive-storage",
			"component:wayback-search", "component:www-artist", "domain:artists", "domain:audio", "domain:playback", "resource:artists-db",
			"system:artist-engagement-portal", "system:audio-playback", "system:podcast",
		}
	}
	c, problems, err := catalog.Load(os.DirFS(dir), "backstage-examples", catalog.Options{Lenient: true})
	if err != nil {
		t.Fatal(err)
	}
	var got []change.Ref
	for _, s := range c.Systems() {
		got = append(got, s.Ref)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, ref := range got {
		if c.Owner(ref) == "" {
			t.Errorf("%s has no owner", ref)
		}
	}
	if len(problems) == 0 || len(c.Groups()) == 0 || len(c.People()) == 0 {
		t.Errorf("%d problems, %d groups, %d people", len(problems), len(c.Groups()), len(c.People()))
	}
	t.Logf("%d problems, %d systems, %d groups, %d people", len(problems), len(got), len(c.Groups()), len(c.People()))
	for _, p := range problems {
		t.Log(p)
	}
	roundTrip(t, c)
}
