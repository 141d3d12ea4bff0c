package ghfake

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"time"
)

// Kind is a kind of resource that REST may show late.
type Kind string

// The kinds of resources.
const (
	Pulls       Kind = "pulls"
	Branches    Kind = "branches"
	Commits     Kind = "commits" // with their trees, and comparisons
	Activities  Kind = "activities"
	Reviews     Kind = "reviews"
	Comments    Kind = "comments"
	Checks      Kind = "checks"
	Deployments Kind = "deployments"
)

// Failure is how a request goes wrong.
type Failure struct {
	Status     int
	RetryAfter time.Duration // sent as a header unless 0
	Message    string
	// Documentation is the documentation_url of the answer.
	Documentation string
	// After carries the request out before the failure is answered.
	After bool
}

// Ready failures.
var (
	ServerError     = Failure{Status: http.StatusInternalServerError, Message: "Server Error"}
	LostAnswer      = Failure{Status: http.StatusBadGateway, Message: "Server Error", After: true}
	TooManyRequests = Failure{Status: http.StatusTooManyRequests, RetryAfter: time.Second, Message: secondary}
	SecondaryLimit  = Failure{
		Status: http.StatusForbidden, RetryAfter: time.Minute, Message: secondary,
		Documentation: docs + "/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits",
	}
	BareSecondaryLimit = Failure{Status: http.StatusForbidden, Message: secondary}
)

const (
	docs      = "https://docs.github.com/rest"
	secondary = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
)

// Chaos are faults at random; each number is a share from 0 to 1.
type Chaos struct {
	Seed                                          uint64
	ServerErrors, LostAnswers, TooMany, Secondary float64
	Lose, LoseUnrecorded, Double, Shuffle         float64
	// Lag is the share of states that show late, by up to LagRequests requests.
	Lag         float64
	LagRequests int
}

type faults struct {
	lags       map[Kind]Lag
	ordered    []order
	chaos      Chaos
	dice       *rand.Rand
	losing     int
	recordLost bool
	doubling   int
}

type order struct {
	failure Failure
	match   string
	left    int
}

// Lag has later changes of a kind show late; the zero Lag ends that.
func (s *Server) Lag(k Kind, l Lag) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.lags[k] = l
}

// Fail has the next requests go wrong whose "METHOD /route", as in GitHub's
// description, has match in it.
func (s *Server) Fail(f Failure, match string, times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.ordered = append(s.faults.ordered, order{f, match, times})
}

// LoseDeliveries has the next events never arrive. They are listed as failed, or not
// at all.
func (s *Server) LoseDeliveries(n int, recorded bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.losing, s.faults.recordLost = n, recorded
}

// DoubleDeliveries has the next events arrive twice.
func (s *Server) DoubleDeliveries(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.doubling = n
}

// Unleash has faults happen at random from now on; the zero Chaos ends that.
func (s *Server) Unleash(c Chaos) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.chaos, s.faults.dice = c, rand.New(rand.NewPCG(c.Seed, c.Seed))
}

// lag is what a change of a kind is held back by.
func (s *Server) lag(k Kind) Lag {
	l := s.faults.lags[k]
	if l.For > 0 {
		l.until = s.now().Add(l.For)
	}
	if f := &s.faults; l == (Lag{}) && f.chaos.LagRequests > 0 && f.happens(f.chaos.Lag) {
		l.Requests = 1 + f.dice.IntN(f.chaos.LagRequests)
	}
	return l
}

func (f *faults) happens(share float64) bool {
	return share > 0 && f.dice != nil && f.dice.Float64() < share
}

// failing picks what goes wrong with a request, nil for nothing.
func (f *faults) failing(route string) *Failure {
	for i := range f.ordered {
		if o := &f.ordered[i]; o.left > 0 && strings.Contains(route, o.match) {
			o.left--
			return &o.failure
		}
	}
	for _, maybe := range []struct {
		share float64
		what  *Failure
	}{
		{f.chaos.ServerErrors, &ServerError},
		{f.chaos.LostAnswers, &LostAnswer},
		{f.chaos.TooMany, &TooManyRequests},
		{f.chaos.Secondary, &SecondaryLimit},
	} {
		if f.happens(maybe.share) {
			return maybe.what
		}
	}
	return nil
}
