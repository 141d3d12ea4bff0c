package runbook

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/changectl/changectl/internal/change"
)

// check reports what is wrong with the declaration itself.
func (p Parameter) check(fail func(key, format string, args ...any)) {
	if !slices.Contains(parameterTypes, p.Type) {
		fail("type", "%q is not a type; expected one of %s", p.Type, strings.Join(parameterTypes, ", "))
		return
	}
	if (p.Type == typeList) != (p.Of != "") {
		fail("of", "belongs to a list, which needs it: {type: list, of: system}")
	}
	if p.Of != "" && (p.Of == typeList || !slices.Contains(parameterTypes, p.Of)) {
		fail("of", "%q is not a type of an element; expected one of %s", p.Of, strings.Join(parameterTypes[:5], ", "))
	}
	if p.Role != "" && (!p.isSystem() || (p.Role != change.Touch && p.Role != change.Observe)) {
		fail("role", "%q does not fit; expected touch or observe, for a system", p.Role)
	}
	if _, err := regexp.Compile(p.Pattern); err != nil {
		fail("pattern", "is not a regular expression (RE2): %s", err)
	}
	p.checkBound("min", p.Min, fail)
	p.checkBound("max", p.Max, fail)
	if p.Default != nil {
		if _, err := p.initial(); err != nil {
			fail("default", "%s", err)
		}
	}
}

func (p Parameter) checkBound(key string, n *yaml.Node, fail func(key, format string, args ...any)) {
	if n == nil {
		return
	}
	if p.Type == typeBool || p.Type == typeSystem {
		fail(key, "does not fit the type %s; leave it out", p.Type)
	} else if _, err := p.bound(n); err != nil {
		fail(key, "%s", err)
	}
}
