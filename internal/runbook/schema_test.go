package runbook_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/changectl/changectl/internal/runbook"
	"github.com/changectl/changectl/runbooks"
)

func schemaOf(t *testing.T, generated func() ([]byte, error)) *jsonschema.Schema {
	t.Helper()
	b, err := generated()
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", v); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func asJSON(t *testing.T, text []byte) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	out, err := jsonschema.UnmarshalJSON(strings.NewReader(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestShippedRunbooksFitTheSchema(t *testing.T) {
	s := schemaOf(t, runbook.Schema)
	for name := range samples {
		b, err := runbooks.Files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(asJSON(t, b)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheSchemaRefuses(t *testing.T) {
	s := schemaOf(t, runbook.Schema)
	good, err := os.ReadFile("testdata/good.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(asJSON(t, good)); err != nil {
		t.Fatalf("the good one: %v", err)
	}
	for name, edit := range map[string][2]string{
		"unknown kind":     {"uses: command", "uses: comand"},
		"unknown key":      {"phase: preflight", "phaze: preflight"},
		"key of another":   {"argv: [echo, hello]", "argv: [echo, hello], query: x"},
		"no timeout":       {"timeout: 10s, ", ""},
		"bad duration":     {"timeout: 10s", "timeout: soon"},
		"unknown phase":    {"phase: preflight", "phase: first"},
		"unknown type":     {"type: int", "type: integer"},
		"another kind":     {"kind: Runbook", "kind: Change"},
		"number for flags": {"console: true", "console: 1"},
	} {
		t.Run(name, func(t *testing.T) {
			bad := strings.Replace(string(good), edit[0], edit[1], 1)
			if bad == string(good) {
				t.Fatal("the edit changes nothing")
			}
			if err := s.Validate(asJSON(t, []byte(bad))); err == nil {
				t.Error("accepted")
			}
		})
	}
}

func TestTheSchemaOfChanges(t *testing.T) {
	s := schemaOf(t, runbook.ChangeSchema)
	const good = `
apiVersion: changectl.dev/v1
kind: Change
metadata: {title: PostgreSQL 15.20 on the orders pair}
spec:
  type: normal
  reason: Security release 15.20
  runbook: postgres-switchover-patch
  parameters: {primary: resource:orders-db-1, count: 3, list: [a]}
  window: {start: '2027-03-06T23:00', duration: 90m, zone: Europe/Berlin}
`
	if err := s.Validate(asJSON(t, []byte(good))); err != nil {
		t.Errorf("the good one: %v", err)
	}
	for name, edit := range map[string][2]string{
		"no reason":        {"  reason: Security release 15.20\n", ""},
		"end and duration": {"duration: 90m", "duration: 90m, end: '2027-03-07T00:00'"},
		"neither":          {"duration: 90m, ", ""},
		"unknown type":     {"type: normal", "type: urgent"},
	} {
		if err := s.Validate(asJSON(t, []byte(strings.Replace(good, edit[0], edit[1], 1)))); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
