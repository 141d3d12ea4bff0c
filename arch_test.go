// Package changectl_test holds the house to its plan: who may import whom.
package changectl_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/changectl/changectl/"

// arrows says which packages of this module each package may import. A package
// that is not listed fails the test: make a package when it has something to
// say, and say here whom it may know.
var arrows = map[string][]string{
	// rules: pure, no I/O, no clock
	"internal/change":   {},
	"internal/document": {},
	"internal/schedule": {"internal/change"},
	"internal/catalog":  {"internal/change", "internal/document", "internal/schedule"},
	"internal/runbook":  {"internal/change", "internal/document"},
	"internal/request":  {"internal/change", "internal/document"},
	"internal/audit":    {"internal/change"},
	// What others keep in forms of their own.
	"internal/icalendar": {"internal/change", "internal/schedule"},
	"internal/inventory": {"internal/change", "internal/document"},
	"internal/report":    {"internal/change", "internal/audit", "internal/schedule"},
	"internal/check":     {"internal/change", "internal/catalog", "internal/schedule", "internal/document"},
	// What a pull request proposes, and the rules by which it becomes a change.
	"internal/proposal": {
		"internal/change", "internal/document", "internal/request", "internal/runbook", "internal/catalog", "internal/check",
		"internal/report", "internal/schedule",
	},

	// the story
	"workflows":  {"internal/change", "internal/schedule"},
	"activities": {"workflows", "internal/check", "internal/catalog", "internal/change"},

	// the world: its parts do not know each other
	"internal/ledger":          {"internal/audit", "internal/change"},
	"internal/ledger/pgtest":   {},
	"internal/execute":         {"internal/runbook", "internal/change"},
	"internal/identity":        {"internal/change"},
	"internal/engine":          {"workflows", "internal/change"},
	"internal/github":          {"internal/proposal", "internal/document", "internal/change"},
	"internal/httpapi":         {"workflows", "internal/report", "internal/change", "internal/audit"},
	"internal/httpapi/apitest": {"internal/httpapi", "internal/change", "internal/audit"}, // for tests
	// The desk implements the port of the API, as activities implement that of the workflows.
	"internal/desk": {
		"workflows", "internal/httpapi", "internal/runbook", "internal/catalog", "internal/check",
		"internal/schedule", "internal/audit", "internal/change", "internal/icalendar",
	},
	// The desk at GitHub, as the desk is the one at the API.
	"internal/pullrequest": {
		"workflows", "internal/desk", "internal/httpapi", "internal/proposal", "internal/report", "internal/request", "internal/runbook",
		"internal/catalog", "internal/check", "internal/document", "internal/audit", "internal/change",
	},

	// shells
	"internal/cli": {
		"internal/httpapi", "internal/runbook", "internal/audit", "internal/report", "internal/change",
		"internal/identity", "internal/request", "internal/document", "internal/catalog", "internal/inventory",
		"internal/github", "internal/proposal",
	},
	"internal/app":  {"*"},
	"cmd/worker":    {"internal/app"},
	"cmd/changectl": {"internal/cli", "internal/app"},
	"runbooks":      {},
}

// impure lists what the rules and the workflows must not reach for.
var impure = []string{"net", "net/http", "os", "os/exec", "database/sql", "io/ioutil", "math/rand", "math/rand/v2"}

var pure = []string{
	"internal/change", "internal/document", "internal/schedule", "internal/catalog", "internal/runbook", "internal/request",
	"internal/audit", "internal/report", "internal/check", "internal/icalendar", "internal/inventory", "internal/proposal", "workflows",
}

// imports returns what each package imports outside its tests.
func imports(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (file == "test" || file == "tools" || d.Name() == "testdata" || (strings.HasPrefix(d.Name(), ".") && file != ".")) {
			return fs.SkipDir
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		pkg := path.Dir(filepath.ToSlash(file))
		found[pkg] = append(found[pkg], []string{}...)
		for _, i := range f.Imports {
			name, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			found[pkg] = append(found[pkg], name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestPackagesImportOnlyWhomTheyMay(t *testing.T) {
	for pkg, list := range imports(t) {
		may, listed := arrows[pkg]
		if !listed {
			t.Errorf("%s is not in the table of arrows", pkg)
			continue
		}
		for _, imported := range list {
			inner, ours := strings.CutPrefix(imported, module)
			if ours && !slices.Contains(may, inner) && !slices.Contains(may, "*") && inner != pkg {
				t.Errorf("%s must not import %s", pkg, inner)
			}
		}
	}
}

func TestRulesAndWorkflowsHaveNoReach(t *testing.T) {
	all := imports(t)
	for _, pkg := range pure {
		if len(all[pkg]) == 0 {
			t.Errorf("package %s was not found", pkg)
		}
		for _, imported := range all[pkg] {
			if slices.Contains(impure, imported) {
				t.Errorf("%s imports %s; it must stay without reach", pkg, imported)
			}
		}
	}
}

func TestTheTableNamesOnlyPackagesThatExist(t *testing.T) {
	all := imports(t)
	for pkg := range arrows {
		if _, ok := all[pkg]; !ok {
			t.Errorf("the table of arrows names %s, which does not exist", pkg)
		}
	}
}
