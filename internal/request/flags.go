package request

import (
	"errors"
	"strings"

	"github.com/changectl/changectl/internal/change"
)

// Flags are a request as it is given on the command line.
type Flags struct {
	Title   string
	Type    string // empty: normal
	Reason  string
	Runbook string
	// Params are NAME=VALUE. The value is read as a scalar of a file; a list is
	// [A, B] or the same name several times.
	Params   []string
	Start    string
	End      string
	Duration string
	Zone     string
	// Controller is the person in charge of an emergency.
	Controller string
	// Exceptions are freezes, such as FRZ-3.
	Exceptions []string
}

// FromFlags makes the request that the flags describe. All that is wrong is
// returned at once, joined, as Invalid errors whose Field is the flag.
func FromFlags(f Flags) (change.Request, error) { return FromFlagsWithout(f, Missing{}) }

// FromFlagsWithout is FromFlags for a request of which something may be missing.
func FromFlagsWithout(f Flags, may Missing) (change.Request, error) {
	values, problems := params(f.Params)
	r := tidy(change.Request{
		Title: f.Title, Type: change.Type(f.Type), Reason: f.Reason, Runbook: f.Runbook, Parameters: values,
		Window:     change.WindowRequest{Start: f.Start, End: f.End, Duration: f.Duration, Zone: f.Zone},
		Controller: change.Ref(f.Controller), Exceptions: ids(f.Exceptions),
	})
	for _, m := range mistakes(r, may) {
		problems = append(problems, change.Invalid("%s", m.text).At(flagOf(m.field)))
	}
	return r, errors.Join(problems...)
}

func params(given []string) (map[string]any, []error) {
	if len(given) == 0 {
		return nil, nil
	}
	values, count := map[string]any{}, map[string]int{}
	var problems []error
	for _, p := range given {
		name, text, ok := strings.Cut(p, "=")
		if name = strings.TrimSpace(name); !ok || name == "" {
			problems = append(problems, change.Invalid("is %q; expected NAME=VALUE", p).At("--param"))
			continue
		}
		v, err := written("--param "+name, text)
		if err != nil {
			problems = append(problems, change.Invalid("%w", err).At("--param "+name))
			continue
		}
		count[name]++
		values[name] = gathered(values[name], v, count[name])
	}
	return values, problems
}

// gathered makes a list of the values of a name that is given several times.
func gathered(before, v any, count int) any {
	switch count {
	case 1:
		return v
	case 2:
		return append(items(before), items(v)...)
	}
	return append(before.([]any), items(v)...) //nolint:forcetypeassert // the second value made it a list
}

func items(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}

// flagOf names the flag that sets a field of the file.
func flagOf(field string) string {
	switch field {
	case "metadata.title", "spec.type", "spec.reason", "spec.runbook", "spec.controller",
		"spec.window.start", "spec.window.end", "spec.window.duration", "spec.window.zone":
		return "--" + field[strings.LastIndexByte(field, '.')+1:]
	case "spec.window":
		return "--end, --duration"
	}
	if field == "spec.exceptions" || strings.HasPrefix(field, "spec.exceptions[") {
		return "--exception"
	}
	if name, ok := strings.CutPrefix(field, "spec.parameters."); ok {
		return "--param " + name
	}
	return field
}
