// Package sessions_test runs the sessions of testdata: what a person types at a
// terminal, with the real programs and a changectl dev that they all share.
//
// A session looks at what the programs print and at their exit codes, and at
// nothing behind them. Each one has systems of its own, $A, $B and $C, so that all
// of them run at the same time.
package sessions_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/changectl/changectl/internal/app"
	"github.com/changectl/changectl/test/product"
)

// company is what all sessions share: the programs, a catalog, and the product.
type company struct {
	bin, catalog, books string
	dev                 *product.Dev
}

// shared is set by TestMain before any session runs.
var shared company

// sessions is the test run with the product around it.
type sessions struct{ m *testing.M }

func TestMain(m *testing.M) {
	testscript.Main(sessions{m}, map[string]func(){
		"statement": program(statement), "sqlite": program(sqlite), "conforms": program(conforms),
		"forge": program(forge), "big": program(big), "deep": program(deep),
	})
}

// Run runs the sessions, most of which wait for a window to open, beside each other.
func (s sessions) Run() (code int) {
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil {
		return report(err)
	}
	dir, err := os.MkdirTemp("", "sessions")
	if err != nil {
		return report(err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // nothing in it is needed any more
	if err := shared.open(context.Background(), dir); err != nil {
		return report(err)
	}
	code = s.m.Run()
	if err := shared.dev.Stop(); err != nil {
		code = report(err)
	}
	if code != 0 {
		fmt.Fprintf(os.Stderr, "changectl dev printed:\n%s\n", shared.dev.Output())
	}
	return code
}

func report(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

func (c *company) open(ctx context.Context, dir string) (err error) {
	if c.bin = os.Getenv("CHANGECTL_BIN"); c.bin == "" {
		c.bin = "../../bin"
	}
	if c.bin, err = filepath.Abs(c.bin); err != nil {
		return err
	}
	if c.books, err = filepath.Abs("testdata/runbooks"); err != nil {
		return err
	}
	c.catalog = filepath.Join(dir, "catalog")
	if err := c.writeCatalog(); err != nil {
		return err
	}
	c.dev, err = c.start(ctx, filepath.Join(dir, "shared"))
	return err
}

func (c *company) start(ctx context.Context, state string, args ...string) (*product.Dev, error) {
	args = append([]string{"--catalog", c.catalog, "--runbooks", c.books}, args...)
	return product.Start(ctx, product.Options{Bin: c.bin, StateDir: state, Args: args})
}

// writeCatalog is the people of the example company, and three systems for each session.
func (c *company) writeCatalog() error {
	example, err := app.Example()
	if err != nil {
		return err
	}
	people, err := fs.ReadFile(example, "people.yaml")
	if err != nil {
		return err
	}
	scripts, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		return err
	}
	if len(scripts) == 0 {
		return errors.New("there are no sessions in testdata")
	}
	var systems strings.Builder
	for _, file := range scripts {
		for _, name := range systemsOf(strings.TrimSuffix(filepath.Base(file), ".txtar")) {
			fmt.Fprintf(&systems, "---\napiVersion: backstage.io/v1alpha1\nkind: Resource\nmetadata:\n  name: %s\n"+
				"  annotations: {changectl.dev/tier: \"3\"}\nspec: {type: server, owner: group:dba}\n", name)
		}
	}
	if err := os.MkdirAll(c.catalog, 0o700); err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(c.catalog, "people.yaml"), people, 0o600),
		os.WriteFile(filepath.Join(c.catalog, "systems.yaml"), []byte(systems.String()), 0o600))
}

func systemsOf(session string) []string {
	return []string{session + "-a", session + "-b", session + "-c"}
}

func TestSessions(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               func(e *testscript.Env) error { return setUp(t.Context(), e) },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "capture": capture, "soon": soon, "arrange": arrange, "await": await,
			"startdev": startDev, "restartdev": restartDev, "stopdev": stopDev, "agent": agent,
			"mark": mark, "unchanged": unchanged, "killtemporal": killTemporal, "temporal": temporal, "awaitstep": awaitStep,
			"github": gitHub, "pull": pull,
		},
	})
}

// setUp makes the home of a person who has the profiles of all the others too.
func setUp(ctx context.Context, e *testscript.Env) error {
	session := strings.TrimPrefix(filepath.Base(e.WorkDir), "script-")
	for i, name := range systemsOf(session) {
		e.Setenv(string(rune('A'+i)), "resource:"+name)
	}
	e.Setenv("HOME", e.WorkDir)
	e.Setenv("PATH", shared.bin+string(filepath.ListSeparator)+e.Getenv("PATH"))
	e.Setenv("BIN", shared.bin)
	e.Setenv("BOOKS", shared.books)
	e.Setenv("CATALOG", shared.catalog)
	e.Setenv("TZ", "UTC")
	e.Values[stateKey{}] = &state{ctx: ctx, dev: shared.dev}
	return use(e, shared.dev)
}

// use has the session's commands speak to a changectl dev.
func use(e interface{ Setenv(key, value string) }, d *product.Dev) error {
	e.Setenv("CHANGECTL_STATE_DIR", d.StateDir)
	e.Setenv("PEOPLE", filepath.Join(d.StateDir, "dev", "people"))
	e.Setenv("SERVER", d.Server())
	return nil
}
