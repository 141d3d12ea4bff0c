package proposal_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/proposal"
)

const head = "1111111111111111111111111111111111111111"

var noon = time.Date(2027, 3, 6, 12, 0, 0, 0, time.UTC)

// people is a catalog of persons: logins in small letters to persons, groups to members.
type people struct {
	logins map[string]change.Ref
	groups map[change.Ref][]change.Ref
}

func (p people) ByLogin(login string) (change.Person, error) {
	switch ref := p.logins[strings.ToLower(login)]; ref {
	case "":
		return change.Person{}, change.NotFound("nobody goes by %q", login)
	case "several":
		return change.Person{}, change.Denied("several go by %q", login)
	case "broken":
		return change.Person{}, change.Unavailable("no answer")
	default:
		return change.Person{Ref: ref, Name: ref.Name()}, nil
	}
}

func (p people) IsMember(person, group change.Ref) bool {
	return slices.Contains(p.Members(group), person)
}

func (p people) Members(group change.Ref) []change.Ref {
	if group.Kind() == "user" {
		return []change.Ref{group}
	}
	return p.groups[group]
}

var acme = people{
	logins: map[string]change.Ref{
		"alice": "user:alice", "alice-private": "user:alice", "bob": "user:bob", "bob-private": "user:bob", "carol": "user:carol",
		"dave": "user:dave", "erin": "user:erin", "twins": "several", "down": "broken", "helper[bot]": "user:bob",
	},
	groups: map[change.Ref][]change.Ref{
		"group:dba": {"user:alice", "user:bob", "user:carol"}, "group:net": {"user:bob", "user:dave"}, "group:managers": {"user:carol", "user:erin"},
	},
}

func user(login string) proposal.User {
	u := proposal.User{Login: login, Type: "User"}
	for _, c := range login {
		u.ID = u.ID*31 + int64(c)
	}
	if strings.HasSuffix(login, "[bot]") {
		u.Type = "Bot"
	}
	return u
}

func review(login, state string, minute int) proposal.Review {
	return proposal.Review{ID: int64(minute + 1), User: user(login), State: state, Commit: head, SubmittedAt: noon.Add(time.Duration(minute) * time.Minute)}
}

func reviewOf(commit, login, state string, minute int) proposal.Review {
	r := review(login, state, minute)
	r.Commit = commit
	return r
}

func say(login string, reject bool, minute int) proposal.Say {
	return proposal.Say{Comment: int64(minute), User: user(login), Reject: reject, SHA: head, Reason: "because", At: noon.Add(time.Duration(minute) * time.Minute)}
}

// ballot is that of a pull request which alice opened, wrote and pushed.
func ballot(reviews ...proposal.Review) proposal.Ballot {
	return proposal.Ballot{
		Head: head, Author: user("alice"), Pusher: user("alice"), Digest: "sha256:1", Total: 1, Reviews: reviews,
		Commits: []proposal.Commit{{SHA: head, Author: user("alice"), Committer: user("web-flow")}},
	}
}

func persons(votes []proposal.Vote) string {
	var all []string
	for _, v := range votes {
		all = append(all, string(v.Person))
	}
	return strings.Join(all, " ")
}

func TestWhoseReviewCounts(t *testing.T) {
	const yes, no, gone = "APPROVED", "CHANGES_REQUESTED", "DISMISSED"
	old := strings.Repeat("2", 40)
	with := func(b proposal.Ballot, edit func(*proposal.Ballot)) proposal.Ballot { edit(&b); return b }
	tests := map[string]struct {
		ballot             proposal.Ballot
		approve, reject, t string // persons, and a part of the reason
	}{
		"an owner approves":                   {ballot(review("bob", yes, 1)), "user:bob", "", ""},
		"two do":                              {ballot(review("bob", yes, 1), review("carol", yes, 2)), "user:bob user:carol", "", ""},
		"capitals in the login":               {ballot(review("BOB", yes, 1)), "user:bob", "", ""},
		"one with two logins is one":          {ballot(review("bob", yes, 1), review("bob-private", yes, 2)), "user:bob", "", ""},
		"a comment changes nothing":           {ballot(review("bob", yes, 1), review("bob", "COMMENTED", 2)), "user:bob", "", ""},
		"what is not sent yet neither":        {ballot(review("bob", yes, 1), review("bob", "PENDING", 2)), "user:bob", "", ""},
		"comments alone":                      {ballot(review("bob", "COMMENTED", 2)), "", "", ""},
		"a state that is not known":           {ballot(review("bob", "approved", 2)), "", "", ""},
		"withdrawn":                           {ballot(review("bob", yes, 1), review("bob", gone, 2)), "", "", ""},
		"withdrawn and given again":           {ballot(review("bob", gone, 1), review("bob", yes, 2)), "user:bob", "", ""},
		"of an earlier commit":                {ballot(reviewOf(old, "bob", yes, 1)), "", "", "@bob's approval is of 2222222, not of the head"},
		"of the head, later of an earlier":    {ballot(review("bob", yes, 1), reviewOf(old, "bob", yes, 2)), "", "", "of 2222222, not of the head"},
		"of no commit":                        {ballot(reviewOf("", "bob", yes, 1)), "", "", "of no commit, not of the head"},
		"of the beginning of the head":        {ballot(reviewOf(head[:12], "bob", yes, 1)), "", "", "not of the head"},
		"by the author":                       {ballot(review("alice", yes, 1)), "", "", "@alice's approval does not count: @alice opened the pull request"},
		"by the author's other login":         {ballot(review("alice-private", yes, 1)), "", "", "@alice-private's approval does not count"},
		"by the author of a commit":           {with(ballot(review("bob", yes, 1)), func(b *proposal.Ballot) { b.Commits[0].Author = user("bob") }), "", "", "@bob wrote 1111111"},
		"by the committer of one":             {with(ballot(review("bob", yes, 1)), func(b *proposal.Ballot) { b.Commits[0].Committer = user("bob-private") }), "", "", "@bob-private wrote 1111111"},
		"by who opened it for another":        {with(ballot(review("bob", yes, 1)), func(b *proposal.Ballot) { b.Author = user("bob") }), "", "", "@bob opened the pull request"},
		"by who pushed last":                  {with(ballot(review("bob", yes, 1)), func(b *proposal.Ballot) { b.Pusher = user("bob") }), "", "", "@bob pushed the head"},
		"by who pushed last, other login":     {with(ballot(review("bob", yes, 1)), func(b *proposal.Ballot) { b.Pusher = user("bob-private") }), "", "", "@bob-private pushed the head"},
		"by a bot":                            {ballot(review("helper[bot]", yes, 1)), "", "", "@helper[bot] is not a person's account"},
		"by an account that is gone":          {ballot(review("", yes, 1)), "", "", "the account is gone"},
		"by a ghost":                          {ballot(review("ghost", yes, 1)), "", "", "not a person's account"},
		"by nobody whom the catalog knows":    {ballot(review("mallory", yes, 1)), "", "", "@mallory is nobody whom the catalog knows"},
		"by a login of several":               {ballot(review("twins", yes, 1)), "", "", "@twins is the login of several persons"},
		"by a login that cannot be looked up": {ballot(review("down", yes, 1)), "", "", "it cannot be told who @down is"},
		"by a login with a Kelvin sign":       {ballot(review("bo\u212a", yes, 1)), "", "", "not a person's account"},
		"the pusher is not shown":             {with(ballot(review("bob", yes, 1)), func(b *proposal.Ballot) { b.Pusher = proposal.User{} }), "", "", "GitHub does not show who pushed 1111111"},
		"the pusher is a bot":                 {with(ballot(review("bob", yes, 1)), func(b *proposal.Ballot) { b.Pusher = user("ci[bot]") }), "", "", "cannot be told from others"},
		"the pusher is not in the catalog":    {with(ballot(review("bob", yes, 1)), func(b *proposal.Ballot) { b.Pusher = user("mallory") }), "", "", "@mallory is nobody whom the catalog knows"},
		"the pusher may be several":           {with(ballot(review("bob", yes, 1)), func(b *proposal.Ballot) { b.Pusher = user("twins") }), "", "", "several persons"},
		"the author is not in the catalog":    {with(ballot(review("bob", yes, 1)), func(b *proposal.Ballot) { b.Author = user("mallory") }), "", "", "the author cannot be told from others"},
		"the author is gone":                  {with(ballot(review("bob", yes, 1)), func(b *proposal.Ballot) { b.Author = proposal.User{} }), "", "", "the account is gone"},
		"the author is an App":                {with(ballot(review("bob", yes, 1)), func(b *proposal.Ballot) { b.Author = user("renovate[bot]") }), "user:bob", "", ""},
		"a commit's author may be several":    {with(ballot(review("bob", yes, 1)), func(b *proposal.Ballot) { b.Commits[0].Author = user("twins") }), "", "", "which person wrote 1111111"},
		"not all commits are shown":           {with(ballot(review("bob", yes, 1)), func(b *proposal.Ballot) { b.Total = 300 }), "", "", "1 of 300 commits"},
		"the commits are of another head":     {with(ballot(review("bob", yes, 1)), func(b *proposal.Ballot) { b.Commits[0].SHA = old }), "", "", "up to the head"},
		"no commits are shown":                {with(ballot(review("bob", yes, 1)), func(b *proposal.Ballot) { b.Commits, b.Total = nil, 0 }), "", "", "up to the head"},
		"nothing is worked out yet":           {with(ballot(review("bob", yes, 1)), func(b *proposal.Ballot) { b.Digest = "" }), "", "", "not worked out yet"},
		"there is no head":                    {with(ballot(reviewOf("", "bob", yes, 1)), func(b *proposal.Ballot) { b.Head = "" }), "", "", "not of the head"},
		"before this digest was shown":        {with(ballot(review("bob", yes, 1)), func(b *proposal.Ballot) { b.Shown = noon.Add(2 * time.Minute) }), "", "", "before what it would approve was shown"},
		"in the second in which it was":       {with(ballot(review("bob", yes, 1)), func(b *proposal.Ballot) { b.Shown = noon.Add(time.Minute + 300*time.Millisecond) }), "user:bob", "", ""},
		"rejected":                            {ballot(review("bob", no, 1)), "", "user:bob", ""},
		"rejected on an earlier commit":       {ballot(reviewOf(old, "bob", no, 1)), "", "user:bob", ""},
		"rejected after all":                  {ballot(review("bob", yes, 1), review("bob", no, 2)), "", "user:bob", ""},
		"approved after all":                  {ballot(review("bob", no, 1), review("bob", yes, 2)), "user:bob", "", ""},
		"rejected, another approves":          {ballot(review("bob", no, 1), review("carol", yes, 2)), "user:carol", "user:bob", ""},
		"rejected, then only a comment":       {ballot(review("bob", no, 1), review("bob", "COMMENTED", 2)), "", "user:bob", ""},
		"rejected, then an approval undone":   {ballot(review("bob", no, 1), review("bob", gone, 2)), "", "user:bob", ""},
		"rejected at the same moment":         {ballot(review("bob", no, 1), review("bob", yes, 1)), "", "user:bob", ""},
		"rejected with the other login":       {ballot(review("bob", yes, 1), review("bob-private", no, 2)), "", "user:bob", ""},
		"rejected by the author":              {ballot(review("alice", no, 1)), "", "user:alice", ""},
		"rejected though nobody can approve":  {with(ballot(review("bob", no, 1)), func(b *proposal.Ballot) { b.Pusher = proposal.User{} }), "", "user:bob", ""},
		"out of order":                        {ballot(review("bob", no, 5), review("bob", yes, 1)), "", "user:bob", ""},
		"by command":                          {with(ballot(), func(b *proposal.Ballot) { b.Says = []proposal.Say{say("bob", false, 1)} }), "user:bob", "", ""},
		"by command, of another commit":       {with(ballot(), func(b *proposal.Ballot) { s := say("bob", false, 1); s.SHA = old; b.Says = []proposal.Say{s} }), "", "", "of 2222222"},
		"a review, then a command against":    {with(ballot(review("bob", yes, 1)), func(b *proposal.Ballot) { b.Says = []proposal.Say{say("bob", true, 2)} }), "", "user:bob", ""},
		"a command against, then a review":    {with(ballot(review("bob", yes, 3)), func(b *proposal.Ballot) { b.Says = []proposal.Say{say("bob", true, 2)} }), "user:bob", "", ""},
		"a command by the author":             {with(ballot(), func(b *proposal.Ballot) { b.Says = []proposal.Say{say("alice", false, 2)} }), "", "", "does not count"},
		"a review without a time":             {with(ballot(review("bob", yes, 1)), func(b *proposal.Ballot) { b.Reviews[0].SubmittedAt = time.Time{} }), "", "", "before"},
	}
	attempts, successes := 0, 0
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := proposal.Count(tt.ballot, acme)
			if tt.approve == "" {
				attempts++
			}
			if persons(got.Approving) != tt.approve || persons(got.Rejecting) != tt.reject {
				t.Errorf("approved by %q, rejected by %q; want %q and %q", persons(got.Approving), persons(got.Rejecting), tt.approve, tt.reject)
				if tt.approve == "" {
					successes++
				}
			}
			var texts []string
			for _, i := range got.Ignored {
				texts = append(texts, i.Text)
			}
			if all := strings.Join(texts, "; "); !strings.Contains(all, tt.t) || (tt.t == "") != (all == "") {
				t.Errorf("ignored: %q, want %q", all, tt.t)
			}
		})
	}
	t.Logf("%d attempts to have an approval counted that is none, %d successes", attempts, successes)
}

func TestAVoteSaysWhereItCameFrom(t *testing.T) {
	b := ballot(review("bob", "APPROVED", 1))
	b.Says = []proposal.Say{say("carol", true, 2)}
	got := proposal.Count(b, acme)
	want := []proposal.Vote{
		{Person: "user:bob", Name: "bob", Login: "bob", User: user("bob").ID, SHA: head, At: noon.Add(time.Minute), Review: 2},
		{Person: "user:carol", Name: "carol", Login: "carol", User: user("carol").ID, SHA: head, At: noon.Add(2 * time.Minute), Reason: "because", Command: true, Comment: 2},
	}
	if diff := cmp.Diff(want, append(got.Approving, got.Rejecting...)); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsUnknownIsToldOnlyWhereItMatters(t *testing.T) {
	for name, tt := range map[string]struct {
		reviews []proposal.Review
		unknown bool
	}{
		"nobody has approved": {nil, false}, "somebody has": {[]proposal.Review{review("bob", "APPROVED", 1)}, true},
		"of another commit": {[]proposal.Review{reviewOf("2222", "bob", "APPROVED", 1)}, false},
	} {
		b := ballot(tt.reviews...)
		b.Pusher = proposal.User{}
		if got := proposal.Count(b, acme); (got.Unknown != "") != tt.unknown {
			t.Errorf("%s: %q", name, got.Unknown)
		}
	}
}
