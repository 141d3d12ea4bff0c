package request_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
	"github.com/changectl/changectl/internal/request"
)

func TestAnAnswerIsTakenBackToItsPlace(t *testing.T) {
	_, doc, err := request.Parse("c.yaml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	version := change.Invalid("is %q; expected 15.x", "15.20").At("spec.parameters.version")
	zone := change.NotFound("there is no zone").At("spec.window.zone").WithHint("write Europe/Berlin")
	standby := change.Invalid("is missing").At("spec.parameters.standby")
	busy := change.Conflict("CHG-3 holds it")
	tests := map[string]struct {
		err                   error
		inFile, inFlags, kind string
	}{
		"value":         {version, `c.yaml:10:14: spec.parameters.version: is "15.20"; expected 15.x`, `--param version: is "15.20"; expected 15.x`, "invalid"},
		"flow and hint": {zone, "c.yaml:18:58: spec.window.zone: there is no zone; write Europe/Berlin", "--zone: there is no zone; write Europe/Berlin", "not-found"},
		"missing":       {standby, "c.yaml:9:5: spec.parameters.standby: is missing", "--param standby: is missing", "invalid"},
		"wrapped":       {fmt.Errorf("submit: %w", version), `c.yaml:10:14: spec.parameters.version: is "15.20"; expected 15.x`, `--param version: is "15.20"; expected 15.x`, "invalid"},
		"no field":      {busy, "CHG-3 holds it", "CHG-3 holds it", "conflict"},
		"not ours":      {errors.New("torn cable"), "torn cable", "torn cable", ""},
		"several": {
			errors.Join(busy, standby), "CHG-3 holds it\nc.yaml:9:5: spec.parameters.standby: is missing",
			"CHG-3 holds it\n--param standby: is missing", "conflict",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for d, want := range map[*document.Document]string{doc: tt.inFile, nil: tt.inFlags} {
				got := request.Locate(d, tt.err)
				if diff := cmp.Diff(want, got.Error()); diff != "" {
					t.Error(diff)
				}
				if k := change.KindOf(got); string(k) != tt.kind {
					t.Errorf("the kind is %q, want %q", k, tt.kind)
				}
			}
		})
	}
	if err := request.Locate(doc, nil); err != nil {
		t.Errorf("nothing became %v", err)
	}
	want := []*document.Problem{{File: "c.yaml", Line: 10, Column: 14, Path: "spec.parameters.version", Message: `is "15.20"; expected 15.x`}}
	if diff := cmp.Diff(want, document.Problems(request.Locate(doc, version))); diff != "" {
		t.Error(diff)
	}
}
