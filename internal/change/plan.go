package change

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/gowebpki/jcs"
)

// Plan is a runbook compiled for one change. It is never altered: what runs is
// the plan that was approved, byte for byte.
type Plan struct {
	Instance   string         `json:"instance"`
	Title      string         `json:"title"`
	Type       Type           `json:"type"`
	Reason     string         `json:"reason"`
	Submitter  Ref            `json:"submitter"`
	Runbook    Source         `json:"runbook"`
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
}

// Affected is a system reached over the graph, with the path that leads to it:
// Path[0] is what the runbook names, the last element is System.
type Affected struct {
	System Ref   `json:"system"`
	Path   []Ref `json:"path"`
}

// Degraded is a redundancy group that loses members but keeps those it must keep.
type Degraded struct {
	Group   string `json:"group"`
	Members []Ref  `json:"members"`
	Touched []Ref  `json:"touched"`
	MustRun int    `json:"mustRun"` // members that must stay up
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
	Second  bool   `json:"second,omitempty"`
	Systems []Ref  `json:"systems,omitempty"`
	Rule    string `json:"rule"`
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

// DigestOf returns "sha256:" and the hex SHA-256 of b.
func DigestOf(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}
