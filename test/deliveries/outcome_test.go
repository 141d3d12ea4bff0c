package deliveries_test

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/test/ghfake"
)

// judge has the judge look at every pull request.
func (u *world) judge(ctx context.Context, when string) {
	u.t.Helper()
	for _, p := range u.pulls {
		for _, wrong := range u.findings(ctx, p) {
			u.t.Errorf("%s, %s: %s\nIts comments: %q", u.name, when, wrong, ours(p))
		}
	}
}

// findings are where the product is wrong about a pull request.
func (u *world) findings(ctx context.Context, p *pull) []string {
	return findings(u.truth(p), u.seen(ctx, p))
}

// becomeRight waits until the judge has nothing to say. What does not become right is
// told by judge.
func (u *world) becomeRight(ctx context.Context) {
	u.t.Helper()
	enough, cancel := context.WithTimeout(ctx, 90*time.Second)
	defer cancel()
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for enough.Err() == nil {
		wrong := 0
		for _, p := range u.pulls {
			wrong += len(u.findings(ctx, p))
		}
		if wrong == 0 {
			return
		}
		select {
		case <-enough.Done():
		case <-tick.C:
		}
	}
}

func (u *world) seen(ctx context.Context, p *pull) seen {
	s := seen{checks: map[string]string{}, comments: len(ours(p))}
	if all := ours(p); len(all) > 0 {
		s.says = all[len(all)-1]
	}
	for name, run := range u.newest(p.State().HeadSHA) {
		s.checks[name] = run.Conclusion
	}
	for _, rec := range u.changes(ctx, p) {
		s.changes = append(s.changes, entered{rec.Plan.Origin.Path, rec.Plan.Origin.Commit, string(rec.Status)})
	}
	return s
}

func ours(p *pull) (bodies []string) {
	for _, c := range p.Comments() {
		if strings.HasPrefix(c.Body(), "<!-- changectl") {
			bodies = append(bodies, c.Body())
		}
	}
	return bodies
}

// newest are the last check runs of each name on a commit.
func (u *world) newest(sha string) map[string]ghfake.CheckRun {
	last := map[string]ghfake.CheckRun{}
	for _, run := range u.repo.Checks(sha) {
		last[run.Name] = run
	}
	return last
}

func (u *world) changes(ctx context.Context, p *pull) (list []change.Record) {
	u.t.Helper()
	keeper, err := u.dev.As("keepers-0")
	u.must(err)
	of, err := keeper.List(ctx, httpapi.Filter{Origin: &change.PullKey{RepositoryID: u.repo.ID, Number: p.Number}})
	u.must(err)
	for _, s := range of {
		rec, err := keeper.Get(ctx, s.ID)
		u.must(err)
		list = append(list, rec)
	}
	return list
}

// outcome is all that is left of the campaign, line by line, with what must differ between two
// runs of the same history left out: numbers of changes and reviews, names of commits and
// addresses.
func (u *world) outcome(ctx context.Context) []string {
	var lines []string
	for _, p := range slices.SortedFunc(slices.Values(u.pulls), func(a, b *pull) int { return a.box - b.box }) {
		at := fmt.Sprintf("box %d: ", p.box)
		s := p.State()
		lines = append(lines, at+fmt.Sprintf("open %t, merged %t, onto %s", s.Open, s.Merged, s.BaseRef))
		for i, head := range p.heads {
			runs := u.newest(head)
			for _, name := range slices.Sorted(maps.Keys(runs)) {
				r := runs[name]
				lines = append(lines, plain(at+fmt.Sprintf("commit %d, %s: %s, %s\n%s\n%s", i, name, r.Conclusion, r.Title, r.Summary, r.Text)))
			}
		}
		for _, body := range ours(p) {
			lines = append(lines, plain(at+body))
		}
		for _, rec := range u.changes(ctx, p) {
			var by []string
			for _, a := range rec.Approvals {
				by = append(by, fmt.Sprintf("%s as %s on %s of the head %t", a.Person, a.Role, a.Evidence.Kind, a.Evidence.Head == s.HeadSHA))
			}
			slices.Sort(by)
			lines = append(lines, at+fmt.Sprintf("%s is %s, revision %d, of the merge %t: %s", rec.Plan.Origin.Path, rec.Status, rec.Revision,
				rec.Plan.Runbook.Commit == s.MergeCommit, strings.Join(by, ", ")))
		}
	}
	return lines
}

var (
	addresses = regexp.MustCompile(`https?://[^)\s"]+`)
	numbers   = regexp.MustCompile(`CHG-\d+`)
	digests   = regexp.MustCompile(`\b[0-9a-f]{7,64}\b`)
)

func plain(s string) string {
	return digests.ReplaceAllString(numbers.ReplaceAllString(addresses.ReplaceAllString(s, "URL"), "CHG"), "#")
}
