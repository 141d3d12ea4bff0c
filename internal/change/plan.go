package change

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/gowebpki/jcs"
)

// Plan is a runbook compiled for one change. It is never altered: what runs is
// the plan that was approved, byte for byte.
type Plan struct {
	Instance  string `json:"instance"`
	Title     string `json:"title"`
	Type      Type   `json:"type"`
	Reason    string `json:"reason"`
	Submitter Ref    `json:"submitter"`
	// Controller is the one person in charge of an emergency.
	Controller Ref `json:"controller,omitempty"`
	// People are the persons whom the plan needs themselves: who submitted it, and users
	// whom a step names for its sign-off.
	People []Ref `json:"people,omitempty"`
	// Exceptions are the freezes from which the plan asks to be excepted.
	Exceptions []ID   `json:"exceptions,omitempty"`
	Runbook    Source `json:"runbook"`
	// Origin is the pull request that asks for the change, where one does.
	Origin     *Origin        `json:"origin,omitempty"`
	Parameters map[string]any `json:"parameters"`
	Window     Window         `json:"window"`
	Targets    []System       `json:"targets"`
	Footprint  Footprint      `json:"footprint"`
	Steps      []Step         `json:"steps"`
	AtCutoff   AtCutoff       `json:"atCutoff"`
	Margin     Duration       `json:"margin"`
	Catalog    string         `json:"catalog"` // digest of the catalog snapshot
	Policy     string         `json:"policy"`  // digest of the approval policy
	Risk       Risk           `json:"risk"`
	Approvals  []Requirement  `json:"approvals"`
}

// Source says where a runbook came from.
type Source struct {
	Name       string `json:"name"`
	Title      string `json:"title"`
	Owner      Ref    `json:"owner"`
	Repository string `json:"repository,omitempty"`
	Path       string `json:"path"`
	Commit     string `json:"commit,omitempty"`
	Digest     string `json:"digest"` // sha256: of the file's bytes
}

// System is what a plan keeps of a system that it works on.
type System struct {
	Ref       Ref               `json:"ref"`
	Title     string            `json:"title,omitempty"`
	Owner     Ref               `json:"owner"`
	Tier      int               `json:"tier,omitempty"` // 1 is the most critical, 0 unknown
	Group     string            `json:"group,omitempty"`
	Site      string            `json:"site,omitempty"`
	Contacts  map[string]string `json:"contacts,omitempty"`
	Endpoints map[string]string `json:"endpoints,omitempty"` // kind of access -> address, never a secret
}

// Footprint is what a change touches, impacts and observes.
type Footprint struct {
	Touch    []Ref      `json:"touch"`
	Impact   []Affected `json:"impact,omitempty"`
	Degraded []Degraded `json:"degraded,omitempty"`
	Observe  []Affected `json:"observe,omitempty"`
	// Severed is the change's own way in where it takes that down itself: the system
	// that goes down, with the path from what is touched.
	Severed []Affected `json:"severed,omitempty"`
}

// Affected is a system reached over the graph, with the path that leads to it:
// Path[0] is what the runbook names, the last element is System.
type Affected struct {
	System Ref   `json:"system"`
	Path   []Ref `json:"path"`
	// Access marks an observed system over which the way in to something touched leads.
	Access bool `json:"access,omitempty"`
}

// Degraded is a redundancy group that loses members but keeps those it must keep.
// Where the group is itself a member of one, it is the outermost that is told, with
// all groups below it.
type Degraded struct {
	Group   string `json:"group"`
	Members []Ref  `json:"members,omitempty"` // systems that are members themselves
	Touched []Ref  `json:"touched,omitempty"` // of Members, those that are down
	MustRun int    `json:"mustRun"`           // members and groups below, together, that must stay up
	// Groups are the groups that are members; each is up while it keeps its own MustRun.
	Groups []Degraded `json:"groups,omitempty"`
}

// Systems returns the members of the group and of all groups below it.
func (d Degraded) Systems() []Ref {
	all := slices.Clone(d.Members)
	for _, g := range d.Groups {
		all = append(all, g.Systems()...)
	}
	return all
}

// Breaks reports whether the group keeps too few members when those are down that
// down says.
func (d Degraded) Breaks(down func(Ref) bool) bool {
	up := 0
	for _, m := range d.Members {
		if !down(m) {
			up++
		}
	}
	for _, g := range d.Groups {
		if !g.Breaks(down) {
			up++
		}
	}
	return up < d.MustRun
}

// Concerned returns every system on which others matter: what the footprint holds, and
// all members of the groups that it degrades.
func (f Footprint) Concerned() []Ref {
	list := make([]Ref, 0, len(f.Touch)+len(f.Impact)+len(f.Observe))
	list = append(list, f.Touch...)
	for _, affected := range [][]Affected{f.Impact, f.Observe} {
		for _, a := range affected {
			list = append(list, a.System)
		}
	}
	for _, d := range f.Degraded {
		list = append(list, d.Systems()...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Hands returns what the footprint holds, touched systems first, each system once
// for each mode.
func (f Footprint) Hands() []Hand {
	type held struct {
		system Ref
		mode   Mode
	}
	seen := map[held]bool{}
	var out []Hand
	add := func(h Hand) {
		if k := (held{h.System, h.Mode}); !seen[k] {
			seen[k] = true
			out = append(out, h)
		}
	}
	for _, r := range f.Touch {
		add(Hand{System: r, Mode: Touch})
	}
	for _, a := range f.Impact {
		add(Hand{System: a.System, Mode: Impact, Path: a.Path})
	}
	for _, a := range f.Observe {
		add(Hand{System: a.System, Mode: Observe, Access: a.Access, Path: a.Path})
	}
	return out
}

// Mode says how a change lays hold of a system.
type Mode string

// The modes of a footprint.
const (
	Touch   Mode = "touch"
	Impact  Mode = "impact"
	Observe Mode = "observe"
)

// AtCutoff says what happens when the next step no longer fits.
type AtCutoff string

// The choices at the cutoff.
const (
	CutoffBackOut  AtCutoff = "back-out"
	CutoffHold     AtCutoff = "hold"
	CutoffContinue AtCutoff = "continue"
)

// Risk is a number from 0 to 100 with its reasons.
type Risk struct {
	Score   int          `json:"score"`
	Level   string       `json:"level"` // low, medium, high
	Reasons []RiskReason `json:"reasons"`
}

// RiskReason is one contribution to a risk.
type RiskReason struct {
	Rule   string `json:"rule"`
	Points int    `json:"points"`
	Text   string `json:"text"`
}

// Requirement is one approval that policy asks for: Count persons out of the
// group Role, because of Systems.
type Requirement struct {
	Role  Ref `json:"role"`
	Count int `json:"count"`
	// Second asks for persons who have not been counted for another requirement.
	Second bool `json:"second,omitempty"`
	// Signature asks for signatures: what was approved at GitHub does not count.
	Signature bool   `json:"signature,omitempty"`
	Systems   []Ref  `json:"systems,omitempty"`
	Rule      string `json:"rule"`
}

// Canonical returns the plan's canonical JSON (RFC 8785).
func (p Plan) Canonical() ([]byte, error) { return Canonical(p) }

// Digest returns "sha256:" and the hex SHA-256 over the plan's canonical JSON.
func (p Plan) Digest() (string, error) {
	b, err := p.Canonical()
	if err != nil {
		return "", err
	}
	return DigestOf(b), nil
}

// Canonical returns v as canonical JSON (RFC 8785).
func Canonical(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode canonical JSON: %w", err)
	}
	c, err := jcs.Transform(b)
	if err != nil {
		return nil, fmt.Errorf("canonicalise JSON: %w", err)
	}
	return c, nil
}

// Same reports whether two values have the same canonical JSON.
func Same[T any](a, b T) (bool, error) {
	x, err := Canonical(a)
	if err != nil {
		return false, err
	}
	y, err := Canonical(b)
	return bytes.Equal(x, y), err
}

// DigestOf returns "sha256:" and the hex SHA-256 of b.
func DigestOf(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}
