package cli_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/cli"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/httpapi/apitest"
	"github.com/changectl/changectl/internal/identity"
)

// desk is a command line in front of a server in memory.
type desk struct {
	t       *testing.T
	service *apitest.Service
	env     map[string]string
	in      string
	now     time.Time
	// terminal makes standard input and error a terminal.
	terminal bool
	url      string
	http     *http.Client
	program  func(context.Context, string, ...string) (string, error)
}

type ran struct {
	code     int
	out, err string
}

func newDesk(t *testing.T, records ...change.Record) *desk {
	t.Helper()
	s := &apitest.Service{Records: map[change.ID]change.Record{}, Errs: map[string]error{}}
	for _, r := range records {
		s.Records[r.ID] = r
	}
	server := httptest.NewServer(apitest.Handler(s))
	t.Cleanup(server.Close)
	return &desk{
		t: t, service: s, now: apitest.Now, url: server.URL, http: server.Client(),
		env: map[string]string{
			"HOME": t.TempDir(), "CHANGECTL_SERVER": server.URL, "CHANGECTL_TOKEN": apitest.Token, "CHANGECTL_STATE_DIR": t.TempDir(),
		},
	}
}

func (d *desk) run(args ...string) ran { return d.runContext(d.t.Context(), args...) }

func (d *desk) runContext(ctx context.Context, args ...string) ran {
	d.t.Helper()
	var out, errs bytes.Buffer
	env := &cli.Env{
		In: strings.NewReader(d.in), Out: &out, Err: &errs,
		Getenv:     func(k string) string { return d.env[k] },
		Now:        func() time.Time { return d.now },
		IsTerminal: func(v any) bool { return d.terminal && v != any(&out) },
		Local:      time.UTC, HTTP: d.http, Sign: identity.Sign, Program: d.program,
	}
	code := cli.Run(ctx, env, args)
	return ran{code, out.String(), errs.String()}
}

func (d *desk) last(method string) []any {
	d.t.Helper()
	calls := d.service.Calls()
	for i := len(calls) - 1; i >= 0; i-- {
		if calls[i].Method == method {
			return calls[i].Args
		}
	}
	d.t.Fatalf("%s was not called; calls: %v", method, calls)
	return nil
}

func (d *desk) expect(r ran, code int, wants ...string) {
	d.t.Helper()
	if r.code != code {
		d.t.Errorf("exit code %d, want %d\nout: %s\nerr: %s", r.code, code, r.out, r.err)
	}
	for _, w := range wants {
		if !strings.Contains(r.out+r.err, w) {
			d.t.Errorf("no %q in\nout: %s\nerr: %s", w, r.out, r.err)
		}
	}
}

func (d *desk) file(name, text string) string {
	d.t.Helper()
	path := filepath.Join(d.t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
	return path
}

// key makes an SSH key and has the desk sign with it.
func (d *desk) key() {
	d.t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		d.t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "bob")
	if err != nil {
		d.t.Fatal(err)
	}
	d.env["CHANGECTL_KEY"] = d.file("id_ed25519", string(pem.EncodeToMemory(block)))
}

const changeFile = `apiVersion: changectl.dev/v1
kind: Change
metadata: {title: Patch the pair}
spec:
  reason: Security release
  runbook: patch
  parameters: {version: '15.20'}
  window: {start: '2027-03-06T23:00', duration: 90m, zone: Europe/Berlin}
`

func TestSubmitSendsWhatTheFileSays(t *testing.T) {
	d := newDesk(t)
	d.service.Submitted = apitest.Sample(change.AwaitingApproval)
	r := d.run("submit", "-f", d.file("c.yaml", changeFile))
	d.expect(r, 0, "CHG-7 is awaiting-approval", "changectl approve CHG-7", "1 more approval of group:dba")
	req := d.last("Submit")[1].(change.Request)
	if req.Nonce == "" {
		t.Error("no nonce")
	}
	req.Nonce = ""
	want := change.Request{
		Title: "Patch the pair", Type: change.Normal, Reason: "Security release", Runbook: "patch",
		Parameters: map[string]any{"version": "15.20"},
		Window:     change.WindowRequest{Start: "2027-03-06T23:00", Duration: "90m", Zone: "Europe/Berlin"},
	}
	if diff := cmp.Diff(want, req); diff != "" {
		t.Error(diff)
	}
	d.in = changeFile
	d.expect(d.run("submit", "-f", "-", "-o", "name"), 0)
	if r := d.run("submit", "-f", "-", "-o", "name"); r.out != "CHG-7\n" {
		t.Errorf("name output %q", r.out)
	}
}

func TestSubmitSendsWhatTheFlagsSay(t *testing.T) {
	d := newDesk(t)
	d.service.Submitted = apitest.Sample(change.Scheduled)
	d.expect(d.run("submit", "--title", "T", "--reason", "R", "--runbook", "b", "--param", "n=2", "--param", "v=15.20",
		"--start", "2027-03-06T23:00", "--end", "2027-03-07T00:30", "--zone", "Europe/Berlin", "--type", "emergency"), 0)
	req := d.last("Submit")[1].(change.Request)
	if req.Title != "T" || req.Type != change.Emergency || req.Window.End != "2027-03-07T00:30" || len(req.Parameters) != 2 {
		t.Errorf("%+v", req)
	}
	d.expect(d.run("submit", "--revise", "chg-7", "-f", d.file("c.yaml", changeFile)), 0)
	if id := d.last("Revise")[1]; id != change.ID("CHG-7") {
		t.Errorf("revised %v", id)
	}
}

func TestSubmitTellsWhatIsWrong(t *testing.T) {
	d := newDesk(t)
	bad := d.file("bad.yaml", strings.Replace(changeFile, "reason: Security release", "raison: x", 1))
	d.expect(d.run("submit", "-f", bad), 2, "bad.yaml:5:3", "raison")
	d.expect(d.run("submit", "-f", bad, "--title", "x"), 2, "--title", "--file")
	d.expect(d.run("submit", "-f", "no-such-file"), 1, "no-such-file")
	d.expect(d.run("submit"), 2, "title")
	d.expect(d.run("submit", "--revise", "seven", "-f", d.file("c.yaml", changeFile)), 2, "CHG-17")
	if len(d.service.Calls()) != 0 {
		t.Errorf("the server was asked: %v", d.service.Calls())
	}
	d.service.Errs["Submit"] = change.Invalid("must match 15\\.[0-9]+").At("spec.parameters.version")
	d.expect(d.run("submit", "-f", d.file("c.yaml", changeFile)), 2, "c.yaml:7:", "must match")
}

func TestARefusedChangeIsShownWithItsFindings(t *testing.T) {
	d := newDesk(t)
	d.service.Submitted = apitest.Sample(change.Refused)
	r := d.run("submit", "-f", d.file("c.yaml", changeFile))
	d.expect(r, 3, "CHG-7 is refused", "CHG-5 has resource:orders-db-1", "whose   of user:carol", "the next free slot")
	if strings.Contains(r.err, "whose") {
		t.Error("findings are data and belong on standard output")
	}
}

func TestPlanWritesNothing(t *testing.T) {
	d := newDesk(t)
	sample := apitest.Sample(change.AwaitingApproval)
	d.service.Plan = httpapi.Preview{Plan: sample.Plan, Digest: sample.Digest}
	for _, args := range [][]string{{"plan"}, {"submit", "--dry-run"}} {
		d.expect(d.run(append(args, "-f", d.file("c.yaml", changeFile))...), 0, "WAY BACK", sample.Digest, "1 person of group:dba")
	}
	d.service.Plan.Findings = apitest.Sample(change.Refused).Findings
	d.expect(d.run("plan", "-f", d.file("c.yaml", changeFile)), 3, "in the way: CHG-5", "would be refused")
	for _, c := range d.service.Calls() {
		if c.Method != "Preview" {
			t.Errorf("%s was called", c.Method)
		}
	}
}

func TestValidateNamesEveryProblemWithItsPlace(t *testing.T) {
	d := newDesk(t)
	good, bad := d.file("good.yaml", changeFile), d.file("bad.yaml", "kind: Change\nspec: {colour: red}\n")
	other := d.file("other.yaml", "kind: Component\n")
	d.expect(d.run("validate", good), 0, `Change "Patch the pair" is valid`)
	d.expect(d.run("validate", good, bad), 1, "bad.yaml:2:", "colour", "1 of 2 files")
	d.expect(d.run("validate", other), 1, "other.yaml:1:7: kind", "Runbook, Change, Freeze, Policy or Repository")
	freeze := d.file("freeze.yaml", "apiVersion: changectl.dev/v1\nkind: Freeze\nmetadata: {title: Year end}\nspec: {reason: r, owner: a, scope: {}, window: {start: s, end: e}}\n")
	d.expect(d.run("validate", freeze), 0, `Freeze "Year end" is valid`)
	d.expect(d.run("validate", "../../runbooks"), 0, "postgres-switchover-patch")
	d.expect(d.run("validate", "no-such-file"), 1)
	d.expect(d.run("validate"), 2)
	d.in = changeFile
	d.expect(d.run("validate", "-", "-o", "json"), 0, `"file": "standard input"`)
}

func approvable(t *testing.T) (*desk, change.Statement) {
	t.Helper()
	rec := apitest.Sample(change.AwaitingApproval)
	d := newDesk(t, rec)
	d.key()
	st := change.Statement{
		Instance: "test", Change: rec.ID, Revision: 1, Plan: rec.Digest, Verb: change.Approve, Role: "group:dba",
		Expires: rec.Plan.Window.End, Nonce: "abcdef",
	}
	d.service.Statements = []change.Statement{st}
	d.service.OnApprove = func(r change.Record, _ []change.SignedStatement) change.Record {
		r.Status = change.Scheduled
		return r
	}
	return d, st
}

func TestApproveSignsWhatItShows(t *testing.T) {
	d, st := approvable(t)
	r := d.run("approve", "CHG-7")
	d.expect(r, 0, "CHG-7 approved as group:dba", "CHG-7 is scheduled")
	if !strings.Contains(r.err, st.Plan) || !strings.Contains(r.err, "Stop the primary") {
		t.Errorf("the plan was not shown:\n%s", r.err)
	}
	signed := d.last("Approve")[2].([]change.SignedStatement)
	want, err := change.Canonical(st)
	if err != nil {
		t.Fatal(err)
	}
	if len(signed) != 1 || !bytes.Equal(signed[0].Statement, want) || !strings.Contains(signed[0].Signature, "BEGIN SSH SIGNATURE") {
		t.Errorf("signed %+v", signed)
	}
}

// A server cannot have something else signed than what it shows.
func TestApproveSignsNothingElse(t *testing.T) {
	for name, alter := range map[string]func(*change.Statement, *change.Record){
		"another change":       func(s *change.Statement, _ *change.Record) { s.Change = "CHG-8" },
		"another revision":     func(s *change.Statement, _ *change.Record) { s.Revision = 2 },
		"another plan":         func(s *change.Statement, _ *change.Record) { s.Plan = "sha256:0" },
		"another instance":     func(s *change.Statement, _ *change.Record) { s.Instance = "prod" },
		"another verb":         func(s *change.Statement, _ *change.Record) { s.Verb = change.Continue },
		"another reason":       func(s *change.Statement, _ *change.Record) { s.Reason = "because" },
		"a plan not its own":   func(_ *change.Statement, r *change.Record) { r.Plan.Title = "harmless" },
		"a digest of it's own": func(s *change.Statement, r *change.Record) { r.Digest, s.Plan = "sha256:0", "sha256:0" },
	} {
		t.Run(name, func(t *testing.T) {
			d, st := approvable(t)
			rec := d.service.Records["CHG-7"]
			alter(&st, &rec)
			d.service.Records["CHG-7"], d.service.Statements = rec, []change.Statement{st}
			d.expect(d.run("approve", "CHG-7"), 4, "nothing was signed")
			for _, c := range d.service.Calls() {
				if c.Method == "Approve" {
					t.Error("something was sent")
				}
			}
		})
	}
}

func TestApproveAsksOnATerminalOnly(t *testing.T) {
	d, _ := approvable(t)
	d.terminal = true
	d.in = "n\n"
	d.expect(d.run("approve", "CHG-7"), 1, "[y/N]", "nothing was signed")
	d.in = "y\n"
	d.expect(d.run("approve", "CHG-7"), 0)
	d.in = ""
	d.expect(d.run("approve", "CHG-7", "--yes"), 0)
}

func TestApproveAndRejectRefuse(t *testing.T) {
	d, _ := approvable(t)
	d.expect(d.run("approve", "CHG-7", "--role", "group:change-managers"), 4, "you could as group:dba")
	d.expect(d.run("reject", "CHG-7"), 2, "--reason")
	d.expect(d.run("approve"), 2, "expected CHG")
	d.expect(d.run("approve", "CHG-99"), 1, "there is no change CHG-99")
	delete(d.env, "CHANGECTL_KEY")
	d.expect(d.run("approve", "CHG-7"), 2, "no key to sign with", "ssh-add")
	d.service.Errs["ToSign"] = change.Denied("nobody approves their own change")
	d.expect(d.run("approve", "CHG-7"), 4, "nobody approves their own change")
}

func held(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t, apitest.Sample(change.Held))
	d.service.OnDecide = func(r change.Record, _ httpapi.DecideRequest) change.Record {
		r.Status, r.Hold = change.Running, nil
		return r
	}
	return d
}

func TestDecideSendsTheHoldItSaw(t *testing.T) {
	d := held(t)
	d.expect(d.run("decide", "CHG-7", "retry", "--reason", "disk freed"), 0, "CHG-7 is running")
	got := d.last("Decide")[2].(httpapi.DecideRequest)
	if got.Verb != change.RetryIt || got.Hold != 1 || got.Step != "stop" || got.Nonce == "" || got.Reason != "disk freed" || got.Signed.Signature != "" {
		t.Errorf("%+v", got)
	}
}

func TestContinueIsSigned(t *testing.T) {
	d := held(t)
	d.key()
	rec := d.service.Records["CHG-7"]
	d.service.Statements = []change.Statement{{
		Instance: "test", Change: "CHG-7", Revision: 1, Plan: rec.Digest, Verb: change.Continue, Hold: 1, Step: "stop",
		Reason: "seen by hand", Expires: rec.Plan.Window.End, Nonce: "nonce-1",
	}}
	d.expect(d.run("decide", "CHG-7", "continue", "--reason", "seen by hand"), 0)
	got := d.last("Decide")[2].(httpapi.DecideRequest)
	if got.Nonce != "nonce-1" || !strings.Contains(got.Signed.Signature, "SSH SIGNATURE") {
		t.Errorf("%+v", got)
	}
	d.service.Statements[0].Hold = 2
	d.expect(d.run("decide", "CHG-7", "continue", "--reason", "seen by hand"), 3, "nothing was signed")
}

func TestDecideRefusesEarly(t *testing.T) {
	d := held(t)
	d.expect(d.run("decide", "CHG-7", "bless"), 2, "expected retry, continue, back-out, sign-off")
	d.expect(d.run("decide", "CHG-7", "continue"), 2, "--reason")
	d.expect(d.run("decide", "CHG-7"), 2)
	d.expect(d.run("decide", "CHG-7", "retry", "--step", "lag"), 3, "not held at step lag")
	rec := apitest.Sample(change.AwaitingApproval)
	d.service.Do(func(s *apitest.Service) { s.Records["CHG-7"] = rec })
	d.expect(d.run("decide", "CHG-7", "retry"), 5, "awaits approval")
}

func TestCancelSendsTheReason(t *testing.T) {
	d := newDesk(t, apitest.Sample(change.Scheduled))
	d.service.OnDecide = func(r change.Record, _ httpapi.DecideRequest) change.Record { r.Status = change.Cancelled; return r }
	d.expect(d.run("cancel", "CHG-7", "--reason", "not now"), 0, "CHG-7 is cancelled")
	if got := d.last("Decide")[2].(httpapi.DecideRequest); got.Verb != change.Cancel || got.Reason != "not now" || got.Nonce == "" {
		t.Errorf("%+v", got)
	}
}

func TestEveryKindOfErrorHasItsExitCode(t *testing.T) {
	for err, code := range map[*change.Error]int{
		change.Invalid("x"): 2, change.NotFound("x"): 1, change.Conflict("x"): 3, change.Denied("x"): 4,
		change.Awaiting("x"): 5, change.Unavailable("x"): 1, change.FailedTo("x"): 1,
	} {
		d := newDesk(t)
		d.service.Errs["Get"] = err.WithHint("do y")
		d.expect(d.run("show", "CHG-1"), code, "changectl: x\n  do y")
	}
	d := newDesk(t)
	d.env["CHANGECTL_TOKEN"] = "wrong"
	d.expect(d.run("list"), 4, "token is not known")
	delete(d.env, "CHANGECTL_TOKEN")
	d.expect(d.run("list"), 4, "carries no token", "CHANGECTL_TOKEN")
	d.env["CHANGECTL_SERVER"] = "http://127.0.0.1:1"
	d.expect(d.run("list"), 1, "http://127.0.0.1:1", "changectl dev")
	delete(d.env, "CHANGECTL_SERVER")
	d.expect(d.run("list"), 1, "no server is named", "changectl dev")
	d.expect(d.run("lst"), 2, "no command", "list")
	d.expect(d.run("runbook", "lst"), 2, "no command changectl runbook lst")
	d.expect(d.run("list", "--colour"), 2, "--help")
	d.expect(d.run("list", "-o", "xml"), 2, "table, json, yaml, name")
	d.expect(d.run("show"), 2)
	d.expect(d.run("--help"), 0, "Exit codes:", "6  validation failed")
	d.expect(d.run("completion", "bash"), 0, "bash completion")
}

func TestListsComeInEveryOutput(t *testing.T) {
	rec := apitest.Sample(change.Running)
	d := newDesk(t, rec)
	d.service.Summaries = []change.Summary{{ID: "CHG-7", Title: "Patch: on", Status: change.Running, Window: rec.Plan.Window, Submitter: "user:alice"}}
	d.expect(d.run("list", "--status", "running,held", "--mine", "--open", "--limit", "3", "--system", "orders-db-1"), 0, "CHANGE", "CHG-7   running")
	want := httpapi.Filter{Status: []change.Status{change.Running, change.Held}, System: "resource:orders-db-1", Mine: "user:bob", Open: true, Limit: 3}
	if diff := cmp.Diff(want, d.last("List")[0]); diff != "" {
		t.Error(diff)
	}
	if r := d.run("list", "-o", "name"); r.out != "CHG-7\n" {
		t.Errorf("name: %q", r.out)
	}
	var back []change.Summary
	if err := json.Unmarshal([]byte(d.run("list", "-o", "json").out), &back); err != nil || !cmp.Equal(back, d.service.Summaries) {
		t.Errorf("json: %v", err)
	}
	d.expect(d.run("list", "-o", "yaml"), 0, "- id: CHG-7\n", `title: 'Patch: on'`, `start: "2027-03-06T22:00:00Z"`)
	d.expect(d.run("list", "--status", "asleep"), 2, "--status")
	d.service.Do(func(s *apitest.Service) { s.Summaries = nil })
	if r := d.run("list"); r.out != "" || r.code != 0 {
		t.Errorf("an empty list prints %q", r.out)
	}
	if r := d.run("list", "-o", "json"); r.out != "[]\n" {
		t.Errorf("an empty list in JSON is %q", r.out)
	}
	d.expect(d.run("show", "chg-7"), 0, "Status      running", "BEGAN")
	d.expect(d.run("explain", "CHG-7"), 0, "Waits for step 2 of 3")
	d.expect(d.run("whoami"), 0, "user:bob", "group:dba")
	d.expect(d.run("version", "-o", "name"), 0, "dev")
}

func TestCalendarAndRunbooks(t *testing.T) {
	d := newDesk(t)
	d.service.Holdings = []change.Holding{{System: "resource:a", Mode: change.Touch, By: "CHG-7", Status: change.Running, Window: apitest.Sample(change.Running).Plan.Window}}
	d.service.Books = []httpapi.RunbookInfo{{
		Name: "patch", Title: "Patch it", Owner: "group:dba", YAML: "kind: Runbook\n",
		Parameters: []httpapi.RunbookParameter{{Name: "primary", Type: "system", Required: true}, {Name: "n", Type: "int", Default: 3}},
		Steps:      []httpapi.RunbookStep{{Name: "lag", Title: "Lag", Phase: change.Preflight, Uses: "sql"}},
	}}
	d.expect(d.run("calendar", "--from", "2027-03-06", "--to", "48h"), 0, "CHG-7", "resource:a")
	from := time.Date(2027, 3, 6, 0, 0, 0, 0, time.UTC)
	if args := d.last("Calendar"); args[0] != from || args[1] != from.Add(48*time.Hour) {
		t.Errorf("span %v", args)
	}
	d.expect(d.run("calendar", "--from", "someday"), 2, "--from")
	d.expect(d.run("calendar", "--from", "2027-03-06", "--to", "2027-03-05"), 2, "--to")
	d.expect(d.run("runbook", "list"), 0, "patch", "primary [n]")
	d.expect(d.run("runbook", "show", "patch"), 0, "PARAMETER", "Lag")
	if r := d.run("runbook", "show", "patch", "--source"); r.out != "kind: Runbook\n" {
		t.Errorf("source %q", r.out)
	}
	d.expect(d.run("runbook", "show", "nothing"), 1, "no runbook nothing")
}

func TestCatalogAndSchemaNeedNoServer(t *testing.T) {
	d := newDesk(t)
	d.env = map[string]string{"HOME": t.TempDir()}
	d.expect(d.run("catalog", "check", "../app/example/catalog"), 0, "systems", "sha256:")
	bad := d.file("catalog-info.yaml", `apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: web}
spec: {type: service, lifecycle: production, owner: group:nobody}
`)
	d.expect(d.run("catalog", "check", filepath.Dir(bad)), 1, "catalog-info.yaml:4:", "group:nobody")
	d.expect(d.run("catalog", "check", "--lenient", bad), 0, "group:nobody")
	d.expect(d.run("catalog", "check", "no-such-dir"), 1)
	for _, name := range []string{"runbook", "change"} {
		if r := d.run("schema", name); r.code != 0 || !json.Valid([]byte(r.out)) {
			t.Errorf("schema %s: %d %s", name, r.code, r.err)
		}
	}
}
