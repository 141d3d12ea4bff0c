package cli

import (
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/document"
	"github.com/changectl/changectl/internal/proposal"
	"github.com/changectl/changectl/internal/request"
	"github.com/changectl/changectl/internal/runbook"
)

// sarifLog is a log in the Static Analysis Results Interchange Format, as far as it is
// needed here.
//
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool       sarifTool     `json:"tool"`
	ColumnKind string        `json:"columnKind"`
	Results    []sarifResult `json:"results"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name    string      `json:"name"`
	Version string      `json:"version"`
	Rules   []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID    string    `json:"id"`
	Short sarifText `json:"shortDescription"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifResult struct {
	RuleID    string          `json:"ruleId"`
	RuleIndex int             `json:"ruleIndex"`
	Level     string          `json:"level"`
	Message   sarifText       `json:"message"`
	Locations []sarifLocation `json:"locations,omitempty"`
}

type sarifLocation struct {
	Physical sarifPhysical `json:"physicalLocation"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   *sarifRegion  `json:"region,omitempty"`
}

type sarifArtifact struct {
	URI    string `json:"uri"`
	BaseID string `json:"uriBaseId,omitempty"`
}

type sarifRegion struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn,omitempty"`
}

// sarifKinds are the kinds of files, as validate and pr validate call them.
var sarifKinds = []string{
	runbook.KindName, request.Kind, request.FreezeKind, policyKind, repositoryKind,
	string(proposal.KindRunbook), string(proposal.KindChange), string(proposal.KindCatalog), string(proposal.KindPolicy),
	string(proposal.KindLayout), string(proposal.KindCodeOwners),
}

// sarifOf writes problems down as a log; each kind of file is a rule.
func sarifOf(all []validated) sarifLog {
	run := sarifRun{ColumnKind: "unicodeCodePoints", Results: []sarifResult{}}
	run.Tool.Driver = sarifDriver{Name: "changectl", Version: Version, Rules: []sarifRule{}}
	for _, v := range all {
		for _, p := range v.Problems {
			i := run.Tool.Driver.rule(v.Kind)
			run.Results = append(run.Results, sarifResult{
				RuleID: run.Tool.Driver.Rules[i].ID, RuleIndex: i, Level: "error",
				Message: sarifText{problemText(p)}, Locations: sarifPlace(p),
			})
		}
	}
	return sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}}
}

// rule returns the number of the rule for a kind of file, which it adds where it is new.
func (d *sarifDriver) rule(kind string) int {
	if !slices.Contains(sarifKinds, kind) {
		kind = "file" // whatever people wrote there is no rule of ours
	}
	id := "changectl/" + strings.ToLower(strings.ReplaceAll(kind, " ", "-"))
	i := slices.IndexFunc(d.Rules, func(r sarifRule) bool { return r.ID == id })
	if i < 0 {
		d.Rules = append(d.Rules, sarifRule{ID: id, Short: sarifText{"The " + strings.ToLower(kind) + " cannot be used as it is"}})
		i = len(d.Rules) - 1
	}
	return i
}

// sarifPlace is where a problem is; standard input is nowhere.
func sarifPlace(p *document.Problem) []sarifLocation {
	if p.File == inputName("-") {
		return nil
	}
	at := sarifPhysical{Artifact: sarifArtifact{URI: sarifURI(p.File), BaseID: "%SRCROOT%"}}
	if filepath.IsAbs(p.File) {
		at.Artifact.BaseID = ""
	}
	if p.Line > 0 {
		at.Region = &sarifRegion{StartLine: p.Line, StartColumn: max(p.Column, 0)}
	}
	return []sarifLocation{{at}}
}

// sarifURI writes a path as the reference (RFC 3986) that it is.
func sarifURI(file string) string {
	u := url.URL{Path: filepath.ToSlash(file)}
	if filepath.IsAbs(file) {
		u.Scheme = "file"
	}
	return u.String()
}
