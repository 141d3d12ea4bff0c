package ledger

import (
	"fmt"
	"slices"
	"strings"

	"github.com/anishathalye/porcupine"

	"github.com/changectl/changectl/internal/change"
)

// The histories are of few changes on few systems, so that the clients are in each
// other's way all the time.
const (
	linearChanges = 5
	linearClients = 6
	linearCalls   = 10 // of each client
	linearRounds  = 12
)

// What a client asks of the ledger.
const (
	callReserve = "reserve"
	callStart   = "start"
	callStep    = "step" // the gate
	callEnd     = "end"
	callBreak   = "break"
	callLook    = "look" // at the calendar
)

// call is one question; the token is that of a step.
type call struct {
	kind   string
	change int // index into those of the history
	person int
	token  int64
}

// reply is what the ledger said: whether it was done, the token that was given, and
// whom it saw.
type reply struct {
	done  bool
	token int64
	seen  string // who holds what is asked about, sorted; a claim with its token
}

// book is the sequential model: what the ledger would be if there was never more than
// one client. It is a value, so that states can be compared.
type book struct {
	status [linearChanges]change.Status
	token  [linearChanges]int64
	signed [linearChanges][2]bool
	tokens int64
}

// field is what the changes of a history are about: the systems of each and its window.
type field struct {
	touch [linearChanges][]change.Ref
	hour  [linearChanges]int
	first int64 // tokens given before
}

func (f field) meets(i, j int) bool {
	return slices.ContainsFunc(f.touch[i], func(r change.Ref) bool { return slices.Contains(f.touch[j], r) })
}

func (b book) holds(i int) bool { return b.status[i] == change.Scheduled || b.token[i] > 0 }

// seen lists who holds anything that matters to change i, or to anybody for -1.
func (f field) seen(b book, i int) string {
	var out []string
	for j := range linearChanges {
		if j == i || !b.holds(j) {
			continue
		}
		if i < 0 || f.meets(i, j) && (b.token[j] > 0 || f.hour[i] == f.hour[j]) {
			out = append(out, sight(j, b.token[j]))
		}
	}
	return strings.Join(out, " ")
}

func sight(i int, token int64) string { return fmt.Sprintf("%d/%d", i, token) }

// step says whether the model could have given the reply, and what follows.
func (f field) step(b book, c call, r reply) (bool, book) {
	i := c.change
	switch c.kind {
	case callLook:
		return r.seen == f.seen(b, -1), b
	case callReserve:
		return f.reserve(b, i, r)
	case callStart:
		claimed := slices.ContainsFunc(strings.Fields(f.seen(b, i)), func(s string) bool { return !strings.HasSuffix(s, "/0") })
		if b.status[i] != change.Scheduled || claimed {
			return !r.done, b
		}
		b.tokens++
		b.status[i], b.token[i] = change.Running, b.tokens
		return r.done && r.token == b.tokens, b
	case callStep:
		return r.done == (c.token > 0 && b.token[i] == c.token), b
	case callEnd:
		if b.status[i] != change.Running {
			return !r.done, b
		}
		b.status[i], b.token[i] = change.Completed, 0
		return r.done, b
	}
	return f.breaks(b, c, r)
}

func (f field) reserve(b book, i int, r reply) (bool, book) {
	if b.status[i] != change.Submitted {
		return !r.done, b
	}
	seen := f.seen(b, i)
	b.status[i] = change.Scheduled
	if seen != "" {
		b.status[i] = change.Refused
	}
	return r.seen == seen && r.done == (seen == ""), b
}

// breaks counts who has signed; the second person takes the claim away, for which a
// token is used up.
func (f field) breaks(b book, c call, r reply) (bool, book) {
	i := c.change
	if b.token[i] == 0 {
		return !r.done, b
	}
	b.signed[i][c.person] = true
	if !b.signed[i][0] || !b.signed[i][1] {
		return !r.done, b
	}
	b.tokens++
	b.status[i], b.token[i] = change.Failed, 0
	return r.done, b
}

func (f field) model() porcupine.Model {
	return porcupine.Model{
		Init: func() any {
			b := book{tokens: f.first}
			for i := range b.status {
				b.status[i] = change.Submitted
			}
			return b
		},
		Step: func(state, input, output any) (bool, any) {
			return f.step(state.(book), input.(call), output.(reply))
		},
		DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v -> %+v", input, output) },
	}
}
