package check

import (
	"encoding/json"
	"fmt"

	"github.com/changectl/changectl/internal/change"
)

// variables returns what a policy's conditions see: the plan as its JSON, and
// its risk.
func variables(plan change.Plan) (map[string]any, error) {
	b, err := plan.Canonical()
	if err != nil {
		return nil, err
	}
	var p map[string]any
	if err := json.Unmarshal(b, &p); err != nil {
		return nil, fmt.Errorf("decode plan for policy: %w", err)
	}
	risk := map[string]any{"score": plan.Risk.Score, "level": plan.Risk.Level}
	return map[string]any{"plan": p, "risk": risk}, nil
}
