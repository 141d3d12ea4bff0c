package check

import (
	_ "embed"
	"fmt"
	"slices"

	"cel.dev/cel-go/cel"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
)

//go:embed policy.yaml
var standard []byte

// costLimit bounds the evaluation of one condition.
const costLimit = 100_000

// Policy says who must approve a plan.
type Policy struct {
	rules  []policyRule
	digest string
}

type policyRule struct {
	name    string
	when    cel.Program
	require requirement
}

type policyFile struct {
	APIVersion string `yaml:"apiVersion,required"`
	Kind       string `yaml:"kind,required"`
	Metadata   struct {
		Name string `yaml:"name"`
	} `yaml:"metadata"`
	Spec struct {
		Rules []struct {
			Name    string      `yaml:"name,required"`
			When    string      `yaml:"when"`
			Require requirement `yaml:"require,required"`
		} `yaml:"rules,required"`
	} `yaml:"spec,required"`
}

type requirement struct {
	Owners string `yaml:"owners"` // touched
	Group  string `yaml:"group"`
	Count  int    `yaml:"count"`
	Second bool   `yaml:"second"`
	// Signature asks for a signature (changectl approve) also where the change comes
	// from a pull request; a review there does not count for it.
	Signature bool `yaml:"signature"`
}

// StandardPolicy is the policy that holds where none is configured: one person
// of the owning group of each touched system, and a second one from the change
// managers when the risk is high; for an emergency one other person of the operators
// (break-glass) instead of these.
func StandardPolicy() (*Policy, error) { return ParsePolicy("policy.yaml", standard) }

// ParsePolicy reads a policy. Its problems carry file, line and column.
func ParsePolicy(file string, b []byte) (*Policy, error) {
	doc, err := document.One(file, b)
	if err != nil {
		return nil, err
	}
	var f policyFile
	if err := doc.Decode(&f); err != nil {
		return nil, err
	}
	if f.APIVersion != "changectl.dev/v1" || f.Kind != "Policy" {
		return nil, doc.Field("kind", "is %s %s; expected changectl.dev/v1 Policy", f.APIVersion, f.Kind)
	}
	env, err := cel.NewEnv(cel.Variable("plan", cel.DynType), cel.Variable("risk", cel.MapType(cel.StringType, cel.DynType)))
	if err != nil {
		return nil, fmt.Errorf("prepare policy conditions: %w", err)
	}
	p := &Policy{digest: change.DigestOf(b)}
	for i, r := range f.Spec.Rules {
		at := fmt.Sprintf("spec.rules[%d]", i)
		program, err := compile(env, r.When)
		if err != nil {
			return nil, doc.Field(at+".when", "%s", err)
		}
		if (r.Require.Owners == "") == (r.Require.Group == "") || (r.Require.Owners != "" && r.Require.Owners != "touched") {
			return nil, doc.Field(at+".require", "needs exactly one of `owners: touched` and `group: group:NAME`")
		}
		r.Require.Count = max(r.Require.Count, 1)
		p.rules = append(p.rules, policyRule{r.Name, program, r.Require})
	}
	return p, nil
}

func compile(env *cel.Env, when string) (cel.Program, error) {
	if when == "" {
		when = "true"
	}
	ast, issues := env.Compile(when)
	if issues.Err() != nil {
		return nil, issues.Err()
	}
	return env.Program(ast, cel.CostLimit(costLimit))
}

// Digest returns the digest of the policy's text.
func (p *Policy) Digest() string { return p.digest }

// Requirements returns the approvals that the policy asks for, in a stable order.
func (p *Policy) Requirements(plan change.Plan) ([]change.Requirement, error) {
	vars, err := variables(plan)
	if err != nil {
		return nil, err
	}
	list := []change.Requirement{}
	for _, r := range p.rules {
		out, _, err := r.when.Eval(vars)
		if err != nil {
			return nil, fmt.Errorf("evaluate policy rule %s: %w", r.name, err)
		}
		if applies, ok := out.Value().(bool); !ok || !applies {
			continue
		}
		if r.require.Group != "" {
			list = append(list, change.Requirement{Role: change.Ref(r.require.Group), Count: r.require.Count, Second: r.require.Second, Signature: r.require.Signature, Rule: r.name})
			continue
		}
		list = append(list, byOwner(plan, r)...)
	}
	return list, nil
}

func byOwner(plan change.Plan, r policyRule) []change.Requirement {
	var list []change.Requirement
	for _, t := range plan.Targets {
		if !slices.Contains(plan.Footprint.Touch, t.Ref) {
			continue
		}
		i := slices.IndexFunc(list, func(q change.Requirement) bool { return q.Role == t.Owner })
		if i < 0 {
			list = append(list, change.Requirement{Role: t.Owner, Count: r.require.Count, Second: r.require.Second, Signature: r.require.Signature, Rule: r.name})
			i = len(list) - 1
		}
		list[i].Systems = append(list[i].Systems, t.Ref)
	}
	return list
}
