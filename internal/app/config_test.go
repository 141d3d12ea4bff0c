package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/changectl/changectl/internal/app"
)

const whole = `
ledger: {dsn: 'sqlite:/tmp/l.db', key-file: /tmp/k}
catalog: {path: /tmp/c}
identity: {allowed-signers: /tmp/s, tokens: /tmp/t}
`

func load(t *testing.T, file string, args ...string) (app.Config, error) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "worker.yaml")
	if err := os.WriteFile(name, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := pflag.NewFlagSet("worker", pflag.ContinueOnError)
	app.Flags(flags)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return app.Load(flags, name)
}

func TestAFlagWinsOverTheEnvironmentAndThatOverTheFile(t *testing.T) {
	text := whole + "instance: of-the-file\ntemporal: {namespace: of-the-file}\nworker: {heartbeat-timeout: 3s}\n"
	t.Setenv("CHANGECTL_INSTANCE", "of-the-environment")
	t.Setenv("CHANGECTL_TEMPORAL_NAMESPACE", "of-the-environment")
	c, err := load(t, text, "--instance", "of-the-flag")
	if err != nil {
		t.Fatal(err)
	}
	if c.Instance != "of-the-flag" || c.Temporal.Namespace != "of-the-environment" || c.Worker.HeartbeatTimeout != 3*time.Second || c.Worker.Steps != 20 {
		t.Errorf("got instance %q, namespace %q, heartbeat %s, steps %d", c.Instance, c.Temporal.Namespace, c.Worker.HeartbeatTimeout, c.Worker.Steps)
	}
}

func TestTheEnvironmentReachesEveryKey(t *testing.T) {
	t.Setenv("CHANGECTL_LEDGER_DSN", "sqlite:/elsewhere.db")
	t.Setenv("CHANGECTL_WORKER_STEPS", "7")
	t.Setenv("CHANGECTL_API_LISTEN", "127.0.0.1:1")
	c, err := load(t, whole)
	if err != nil {
		t.Fatal(err)
	}
	if c.Ledger.DSN != "sqlite:/elsewhere.db" || c.Worker.Steps != 7 || c.API.Listen != "127.0.0.1:1" {
		t.Errorf("got %+v", c)
	}
}

func TestAVariableNamedAsASectionIsRefused(t *testing.T) {
	t.Setenv("CHANGECTL_LEDGER", "sqlite:/elsewhere.db")
	if _, err := load(t, whole); err == nil || !strings.Contains(err.Error(), "CHANGECTL_LEDGER") {
		t.Errorf("it was taken, and hides what the file says: %v", err)
	}
}

func TestTheDSNMayStandInAFile(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "dsn")
	if err := os.WriteFile(secret, []byte("postgres://u:p@h/d\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := load(t, whole, "--ledger-dsn-file", secret)
	if err != nil || c.Ledger.DSN != "postgres://u:p@h/d" {
		t.Errorf("got %q %v", c.Ledger.DSN, err)
	}
}

func TestConfigurationThatCannotBeUsed(t *testing.T) {
	tests := map[string]struct {
		file string
		args []string
		want []string
	}{
		"an unknown key":          {whole + "legder: {dsn: x}\n", nil, []string{"legder"}},
		"an unknown nested key":   {whole + "temporal: {adress: x}\n", nil, []string{"adress"}},
		"a duration":              {whole + "worker: {heartbeat-timeout: soon}\n", nil, []string{"heartbeat-timeout", "invalid duration"}},
		"everything is missing":   {"instance: x\n", nil, []string{"ledger.dsn", "ledger.key-file", "catalog.path", "identity.allowed-signers", "identity.tokens", "CHANGECTL_LEDGER_DSN"}},
		"too short a heartbeat":   {whole, []string{"--worker-heartbeat-timeout", "10ms"}, []string{"worker.heartbeat-timeout", "below three seconds"}},
		"half a certificate":      {whole, []string{"--api-tls-cert", "x"}, []string{"api.tls-key"}},
		"an address without port": {whole, []string{"--api-listen", "localhost"}, []string{"api.listen", "host:port"}},
		"a level that is none":    {whole, []string{"--log-level", "loud"}, []string{"log.level", "debug, info, warn or error"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, tt.file, tt.args...)
			if err == nil {
				t.Fatal("it was taken")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the message does not say %q: %v", want, err)
				}
			}
		})
	}
}

func TestAFileThatIsNotThere(t *testing.T) {
	flags := pflag.NewFlagSet("worker", pflag.ContinueOnError)
	app.Flags(flags)
	if _, err := app.Load(flags, "/does/not/exist.yaml"); err == nil || !strings.Contains(err.Error(), "/does/not/exist.yaml") {
		t.Errorf("got %v", err)
	}
}

func TestTheExampleCompanyIsWhole(t *testing.T) {
	files, err := app.Example()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := files.Open("people.yaml"); err != nil {
		t.Error(err)
	}
}
