package execute

import (
	"slices"

	"github.com/changectl/changectl/internal/change"
)

// Input names the run of a step, and what the caller holds in its hands: the
// fencing token of the claim and the digest of the plan that it believes in.
type Input struct {
	change.RunKey
	Token  int64  `json:"token"`
	Digest string `json:"digest"`
}

// Verify checks the signature of an approval as it is stored, and that what was
// signed is its statement. Its error is a sentence for a person.
type Verify func(change.Approval) error

// gate is one judgement: the facts, what is asked, and what both say together.
type gate struct {
	change.GateFacts
	in     Input
	verify Verify
	past   history
}

// gateRules are asked in this order; the first refusal counts. A rule may rely
// on those before it: from rightStep on, the step exists.
var gateRules = []struct {
	name string
	rule func(*gate) error
}{
	{"change", (*gate).rightChange},
	{"plan", (*gate).rightPlan},
	{"step", (*gate).rightStep},
	{"status", (*gate).rightStatus},
	{"claim", (*gate).claimHolds},
	{"approvals", (*gate).approvalsStand},
	{"window", (*gate).windowOpen},
	{"order", (*gate).inOrder},
	{"repeat", (*gate).mayRepeat},
}

// Gate judges whether a run may begin: nil, or a Denied error that names what is
// missing. It is pure and is asked inside the transaction that records the intent.
func Gate(f change.GateFacts, in Input, verify Verify) error {
	g := &gate{GateFacts: f, in: in, verify: verify, past: past(f.Runs, f.Record.Revision)}
	for _, r := range gateRules {
		if err := r.rule(g); err != nil {
			return err
		}
	}
	return nil
}

func (g *gate) rightChange() error {
	r := g.Record
	if r.ID != g.in.Change {
		return change.Denied("the run is for %s, but the ledger was asked about %s", g.in.Change, r.ID)
	}
	if r.Revision != g.in.Revision {
		return change.Denied("the run is for revision %d of %s, which is at revision %d now; only the newest revision runs", g.in.Revision, r.ID, r.Revision)
	}
	return nil
}

func (g *gate) rightPlan() error {
	r := g.Record
	if g.in.Digest != r.Digest {
		return change.Denied("the run is for the plan %s, but %s has the plan %s", short(g.in.Digest), r.ID, short(r.Digest))
	}
	digest, err := digestOf(r.Plan)
	if err != nil {
		return change.Denied("the plan of %s has no digest: %v", r.ID, err)
	}
	if digest != r.Digest {
		return change.Denied("the stored plan of %s has the digest %s, but %s was recorded: it was altered after it was planned", r.ID, short(digest), short(r.Digest)).
			WithHint("stop, and have the ledger checked with changectl log verify")
	}
	return nil
}

func (g *gate) rightStep() error {
	if n := len(g.Record.Plan.Steps); g.in.Step < 0 || g.in.Step >= n {
		return change.Denied("%s has no step %d; its %d steps are numbered from 0", g.Record.ID, g.in.Step, n)
	}
	if g.in.Direction != change.Do && g.in.Direction != change.Undo {
		return change.Denied("a run goes in the direction do or undo, not %q", g.in.Direction)
	}
	if g.in.Run < 1 {
		return change.Denied("runs are numbered from 1, not %d", g.in.Run)
	}
	return nil
}

func (g *gate) rightStatus() error {
	want := change.Running
	if g.undoing() {
		want = change.BackingOut
	}
	if g.Record.Status != want {
		return change.Denied("%s is %s; to %s the step %q it must be %s", g.Record.ID, g.Record.Status, g.in.Direction, g.step().Name, want)
	}
	return nil
}

func (g *gate) claimHolds() error {
	switch {
	case g.Record.Token <= 0:
		return change.Denied("%s holds no claim on its systems", g.Record.ID)
	case g.in.Token != g.Record.Token:
		return change.Denied("the run carries the fencing token %d, but the claim of %s has %d: it was claimed anew since", g.in.Token, g.Record.ID, g.Record.Token)
	}
	return nil
}

func (g *gate) undoing() bool { return g.in.Direction == change.Undo }

func (g *gate) step() change.Step { return g.Record.Plan.Steps[g.in.Step] }

// decided returns the standing decisions of this revision with one of the verbs,
// oldest first. A verb that authorises work counts only with a signature that
// verifies over this change, revision and plan.
func (g *gate) decided(verbs ...change.Verb) []change.Decision {
	var out []change.Decision
	for _, d := range g.Decisions {
		if d.Change == g.Record.ID && d.Revision == g.Record.Revision && slices.Contains(verbs, d.Verb) && g.genuine(d) {
			out = append(out, d)
		}
	}
	return out
}

// short cuts a digest for reading.
func short(digest string) string {
	const enough = len("sha256:") + 12
	if digest == "" {
		return "(none)"
	}
	if len(digest) > enough {
		return digest[:enough]
	}
	return digest
}
