package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/changectl/changectl/internal/app"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/test/product"
)

// switches is the pair of phone switches and the application that its agents use,
// as far as the story needs them: what was done to the switches is in a journal, and
// the application answers or does not.
type switches struct {
	dir string
}

// programs are what the runbook calls; moving the traffic waits for the test.
var programs = map[string]string{
	"switch-patch":    `echo "patch $1" >> journal`,
	"switch-restore":  `echo "restore $1" >> journal`,
	"switch-activate": `echo "activate $1" >> journal; until [ -e go ]; do sleep 0.05; done`,
}

func newSwitches(t *testing.T) *switches {
	t.Helper()
	s := &switches{dir: t.TempDir()}
	for name, text := range programs {
		script := fmt.Sprintf("#!/bin/bash\ncd %q || exit 1\n%s\n", s.dir, text)
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s *switches) mark(t *testing.T, name string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (s *switches) there(name string) bool {
	_, err := os.Stat(filepath.Join(s.dir, name))
	return err == nil
}

// journal returns what was done to the switches so far.
func (s *switches) journal(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(s.dir, "journal"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return strings.Fields(string(bytes.ReplaceAll(b, []byte(" "), []byte(":"))))
}

// phoneCompany writes the example company with the phone switches beside it.
func phoneCompany(t *testing.T, s *switches, health string) string {
	t.Helper()
	dir := t.TempDir()
	files, err := app.Example()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, files); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile("testdata/who-else-is-playing/phone.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("CONTROL", s.dir, "HEALTH", health).Replace(string(b))
	if err := os.WriteFile(filepath.Join(dir, "phone.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// cli runs changectl as a person and returns what it printed and its exit code.
func cli(t *testing.T, d *product.Dev, person string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(binaries(t), "changectl"), args...)
	home := filepath.Join(d.StateDir, "dev", "people", person)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "CHANGECTL_SERVER="+d.Server(), "NO_COLOR=1", "TZ=Europe/Berlin",
		"CHANGECTL_TOKEN_FILE="+filepath.Join(home, "token"), "CHANGECTL_KEY="+filepath.Join(home, "id_ed25519"))
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), problems.String(), cmd.ProcessState.ExitCode()
}

func patchSwitches(start time.Time, length string) change.Request {
	return change.Request{
		Title: "Patch the phone switches", Type: change.Normal, Reason: "Vendor release 12.4", Runbook: "who-else-is-playing",
		Parameters: map[string]any{"active": "resource:phone-switch-1", "standby": "resource:phone-switch-2", "application": "component:agent-desktop"},
		Window:     change.WindowRequest{Start: start.UTC().Format(time.RFC3339), Duration: length},
	}
}

// TestStoryWhoElseIsPlaying is the account of the phone switches: another team works,
// unannounced, on what the validation looks at. Announced, it is a conflict before the
// window; announced late, it is news during it; and when validation fails, it is the
// first thing that the operator reads.
func TestStoryWhoElseIsPlaying(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	s := newSwitches(t)
	health := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if s.there("broken") {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer health.Close()
	d := start(t, "--catalog", phoneCompany(t, s, health.URL))
	alice, bob := as(t, d, "alice"), as(t, d, "bob")

	t.Run("announced in time it is a conflict before the window", func(t *testing.T) { announced(ctx, t, d, alice) })

	rec, err := alice.Submit(ctx, patchSwitches(time.Now().Add(2*time.Second), "90m"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bob.Sign(ctx, rec.ID, httpapi.SignQuery{Verb: change.Approve}); err != nil {
		t.Fatal(err)
	}
	await(t, func() ([]string, bool) {
		done := s.journal(t)
		return done, slices.Contains(done, "activate:switch-2") // the traffic is being moved
	})

	late := announcedLate(t, d, rec.ID)
	rec, err = alice.Get(ctx, rec.ID)
	if err != nil {
		t.Fatal(err)
	}
	if rec.Status != change.Running || !slices.ContainsFunc(rec.Findings, func(f change.Finding) bool { return f.Other != nil && string(f.Other.By) == late }) {
		t.Errorf("a change that is %s does not know at once of %s: %+v", rec.Status, late, rec.Findings)
	}

	s.mark(t, "broken")
	s.mark(t, "go")
	rec, err = alice.AwaitStatus(ctx, rec.ID, change.Held)
	if err != nil {
		t.Fatal(err)
	}
	if rec.Hold.Step != "works-on-standby" || len(rec.Hold.Neighbours) == 0 || string(rec.Hold.Neighbours[0].By) != late {
		t.Errorf("held at %q with the neighbours %+v, want works-on-standby and %s first", rec.Hold.Step, rec.Hold.Neighbours, late)
	}
	asked(t, d, rec.ID, late)

	// The other team is done; the check is tried again; nothing had to go back.
	if err := os.Remove(filepath.Join(s.dir, "broken")); err != nil {
		t.Fatal(err)
	}
	if _, problems, code := cli(t, d, "dave", "decide", string(rec.ID), "retry", "--reason", "the profiles are back"); code != 0 {
		t.Fatalf("retry: exit code %d: %s", code, problems)
	}
	if rec, err = alice.AwaitStatus(ctx, rec.ID, change.Completed); err != nil {
		t.Fatal(err)
	}
	want := []string{"patch:switch-2", "activate:switch-2", "patch:switch-1", "activate:switch-1"}
	if got := s.journal(t); !slices.Equal(got, want) {
		t.Errorf("done to the switches: %v, want %v", got, want)
	}
	if _, problems, code := cli(t, d, "alice", "log", "verify"); code != 0 {
		t.Errorf("the log does not verify: %s", problems)
	}
}

// announced declares the other team's work in time: the patch is refused, and told why.
func announced(ctx context.Context, t *testing.T, d *product.Dev, alice product.Person) {
	night := time.Now().Add(24 * time.Hour).Truncate(time.Hour)
	out, problems, code := cli(t, d, "frank", "declare", "--on", "component:agent-profiles", "--title", "New profile store",
		"--owner", "group:orders-team", "--contact", "frank@nordwind.example", "--start", night.UTC().Format(time.RFC3339), "--duration", "2h")
	if code != 0 {
		t.Fatalf("declare: exit code %d\n%s%s", code, out, problems)
	}
	rec, err := alice.Submit(ctx, patchSwitches(night.Add(time.Hour), "90m"))
	if change.KindOf(err) != change.KindConflict || rec.Status != change.Refused {
		t.Fatalf("it is %s, %v; want refused with a conflict", rec.Status, err)
	}
	f := rec.Findings[0]
	if f.Other == nil || !f.Other.By.Declared() || f.Other.Contact != "frank@nordwind.example" {
		t.Errorf("the finding does not say with whom: %+v", f)
	}
	if want := []change.Ref{"component:agent-desktop", "component:agent-profiles"}; !slices.Equal(f.Path, want) {
		t.Errorf("the way there is %v, want %v", f.Path, want)
	}
	if f.Next == nil || f.Next.Start.Before(night.Add(2*time.Hour)) {
		t.Errorf("next free slot: %v, want one from %s on", f.Next, night.Add(2*time.Hour))
	}
	_, problems, code = cli(t, d, "alice", "submit", "--title", "Patch the phone switches", "--reason", "Vendor release", "--runbook", "who-else-is-playing",
		"--param", "active=resource:phone-switch-1", "--param", "standby=resource:phone-switch-2", "--param", "application=component:agent-desktop",
		"--start", night.Add(time.Hour).UTC().Format(time.RFC3339), "--duration", "90m", "--zone", "Europe/Berlin")
	if code != 3 {
		t.Errorf("submit: exit code %d, want 3: %s", code, problems)
	}
	t.Logf("the refusal:\n%s", problems)
}

// announcedLate declares the other team's work while the change runs, and returns its ID.
func announcedLate(t *testing.T, d *product.Dev, id change.ID) string {
	t.Helper()
	out, problems, code := cli(t, d, "frank", "declare", "--on", "component:agent-profiles", "--title", "Profiles moved tonight after all",
		"--owner", "group:orders-team", "--contact", "frank, +49 4841 1234",
		"--start", time.Now().Add(-time.Minute).UTC().Format(time.RFC3339), "--duration", "1h")
	if code != 0 {
		t.Fatalf("declare: exit code %d\n%s%s", code, out, problems)
	}
	if !strings.Contains(out+problems, string(id)) {
		t.Errorf("whoever declares is not told of %s:\n%s%s", id, out, problems)
	}
	t.Logf("the late declaration:\n%s%s", out, problems)
	i := strings.Index(out, "MNT-")
	if i < 0 {
		t.Fatalf("no ID in:\n%s", out)
	}
	return strings.TrimRight(strings.Fields(out[i:])[0], ".,:;")
}

// asked is what the operator asks at 3 AM.
func asked(t *testing.T, d *product.Dev, id change.ID, late string) {
	t.Helper()
	for _, question := range [][]string{{"sandbox", string(id)}, {"sandbox", "component:agent-desktop"}, {"explain", string(id)}} {
		out, problems, code := cli(t, d, "dave", question...)
		if code != 0 {
			t.Fatalf("%v: exit code %d: %s", question, code, problems)
		}
		for _, want := range []string{late, "+49 4841 1234", "component:agent-profiles", "Profiles moved tonight"} {
			if !strings.Contains(out, want) {
				t.Errorf("%v does not say %q:\n%s", question, want, out)
			}
		}
		t.Logf("changectl %s\n%s", strings.Join(question, " "), out)
	}
}
