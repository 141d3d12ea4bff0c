package pullrequest

import (
	"context"
	"fmt"
	"sync"

	"github.com/changectl/changectl/internal/catalog"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/check"
	"github.com/changectl/changectl/internal/proposal"
)

// grounds is what holds at a commit of a base branch: by it, and never by what a pull
// request proposes, is judged who must approve.
type grounds struct {
	commit string
	tree   []proposal.Entry
	// governed says that there is a layout.
	governed bool
	base     proposal.Base
	catalog  *catalog.Catalog // the repository's own, or nil
	policy   *check.Policy    // likewise
	version  string           // of the policy
	// broken says what keeps anybody from being asked: nothing is approved then.
	broken error
}

// cache keeps the grounds of the last few commits: many pull requests share one base.
type cache struct {
	mu   sync.Mutex
	list []*grounds
}

const cached = 16

func (c *cache) get(key string) *grounds {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, g := range c.list {
		if g.commit == key {
			return g
		}
	}
	return nil
}

func (c *cache) put(g *grounds) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, g)
	if len(c.list) > cached {
		c.list = c.list[1:]
	}
}

// groundsAt reads what holds at a commit.
func (c *Counter) groundsAt(ctx context.Context, repo proposal.Repository, commit string) (*grounds, error) {
	if g := c.grounds.get(commit); g != nil {
		return g, nil
	}
	tree, err := c.Forge.Tree(ctx, repo, commit)
	if err != nil {
		return nil, err
	}
	g := &grounds{commit: commit, tree: tree}
	if err := c.judgeBy(g, func(e proposal.Entry) ([]byte, error) { return c.Forge.Blob(ctx, repo, e.Blob) }); err != nil {
		return nil, err
	}
	c.grounds.put(g)
	return g, nil
}

// judgeBy reads layout, catalog, policy and CODEOWNERS. What cannot be read from
// GitHub is an error; what is there and wrong is kept as broken.
func (c *Counter) judgeBy(g *grounds, read func(proposal.Entry) ([]byte, error)) error {
	var err error
	g.base.Layout, err = proposal.LoadLayout(g.tree, read)
	if change.KindOf(err) == change.KindNotFound {
		return nil
	}
	g.governed = true
	if err != nil {
		return g.breaks(proposal.LayoutFile, err)
	}
	if g.base.Layout.Instance != c.Instance {
		g.governed = false // another installation's
		return nil
	}
	if g.catalog, err = proposal.LoadCatalog(g.base.Layout, g.tree, read); err != nil {
		return g.breaks("the catalog", err)
	}
	if g.policy, err = proposal.LoadPolicy(g.base.Layout, g.tree, read); err != nil {
		return g.breaks("the policy", err)
	}
	if g.base.CodeOwners, err = proposal.ReadCodeOwners(g.tree, read); err != nil {
		return g.breaks("CODEOWNERS", err)
	}
	g.version = c.versionOf(g)
	return nil
}

// breaks keeps what is wrong with the base; a forge that does not answer is an error.
func (g *grounds) breaks(what string, err error) error {
	if change.KindOf(err) == change.KindUnavailable {
		return err
	}
	g.broken = fmt.Errorf("%s of the base branch cannot be used: %w", what, err)
	return nil
}

// versionOf names layout, policy and CODEOWNERS: when one of them is another, what was
// approved before was approved by other rules.
func (c *Counter) versionOf(g *grounds) string {
	parts := []string{c.Policy.Digest()}
	if g.policy != nil {
		parts = append(parts, g.policy.Digest())
	}
	for _, e := range g.tree {
		switch g.base.Layout.Kind(e.Path) {
		case proposal.KindLayout, proposal.KindCodeOwners:
			parts = append(parts, e.Path, e.Blob)
		case proposal.KindNone, proposal.KindRunbook, proposal.KindChange, proposal.KindCatalog, proposal.KindPolicy:
		}
	}
	b, err := change.Canonical(parts)
	if err != nil {
		return "" // a list of texts can always be encoded
	}
	return change.DigestOf(b)
}

// people are the persons who may approve: known to the installation, and where the
// repository has a catalog of its own, the same by that.
func (c *Counter) people(g *grounds) proposal.People {
	own := proposal.PeopleOf(c.Catalog())
	if g.catalog == nil {
		return own
	}
	return both{own, proposal.PeopleOf(g.catalog)}
}

// both asks two catalogs and relies on what they agree on.
type both struct{ a, b proposal.People }

// ByLogin returns the person whom both know by the login.
func (p both) ByLogin(login string) (change.Person, error) {
	x, err := p.a.ByLogin(login)
	if err != nil {
		return x, err
	}
	y, err := p.b.ByLogin(login)
	if err != nil {
		return y, err
	}
	if x.Ref != y.Ref {
		return x, change.Denied("@%s is %s by the installation's catalog and %s by the one on the base branch", login, x.Ref, y.Ref)
	}
	return x, nil
}

// IsMember reports whether both have the person in the group.
func (p both) IsMember(person, group change.Ref) bool {
	return p.a.IsMember(person, group) && p.b.IsMember(person, group)
}

// Members returns whom both have in the group.
func (p both) Members(group change.Ref) []change.Ref {
	var out []change.Ref
	for _, m := range p.a.Members(group) {
		if p.b.IsMember(m, group) {
			out = append(out, m)
		}
	}
	return out
}
