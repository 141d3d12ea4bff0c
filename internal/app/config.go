package app

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
	"github.com/sirupsen/logrus"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/workflows"
)

// Config is everything that an installation is told. A flag wins over the
// environment (CHANGECTL_ and the key in capitals, with _ for . and -), and that
// over the file. Unknown keys are errors.
type Config struct {
	Instance  string         `mapstructure:"instance"`
	Operators string         `mapstructure:"operators"`
	Ledger    LedgerConfig   `mapstructure:"ledger"`
	Temporal  TemporalConfig `mapstructure:"temporal"`
	Catalog   PathConfig     `mapstructure:"catalog"`
	Runbooks  PathConfig     `mapstructure:"runbooks"`
	Policy    PathConfig     `mapstructure:"policy"`
	Identity  IdentityConfig `mapstructure:"identity"`
	Secrets   PathConfig     `mapstructure:"secrets"`
	Calendars PathConfig     `mapstructure:"calendars"`
	API       APIConfig      `mapstructure:"api"`
	GitHub    GitHubConfig   `mapstructure:"github"`
	Worker    WorkerConfig   `mapstructure:"worker"`
	Log       LogConfig      `mapstructure:"log"`
}

// LedgerConfig says where the ledger is. A DSN with a password belongs into the
// environment or into a file of its own.
type LedgerConfig struct {
	DSN     string `mapstructure:"dsn"`
	DSNFile string `mapstructure:"dsn-file"`
	KeyFile string `mapstructure:"key-file"` // signs the checkpoints of the audit log
}

// TemporalConfig says where Temporal is. What it leaves empty is taken from
// Temporal's own environment configuration (TEMPORAL_ADDRESS, its profiles, TLS, API key).
type TemporalConfig struct {
	Address   string `mapstructure:"address"`
	Namespace string `mapstructure:"namespace"`
	TaskQueue string `mapstructure:"task-queue"`
	SetUp     bool   `mapstructure:"set-up"`
}

// PathConfig is a file or a directory.
type PathConfig struct {
	Path string `mapstructure:"path"`
}

// IdentityConfig says who people are.
type IdentityConfig struct {
	AllowedSigners string `mapstructure:"allowed-signers"`
	Tokens         string `mapstructure:"tokens"`
}

// APIConfig says where the API listens.
type APIConfig struct {
	Listen  string `mapstructure:"listen"` // host:port, or empty for none
	TLSCert string `mapstructure:"tls-cert"`
	TLSKey  string `mapstructure:"tls-key"`
}

// GitHubConfig says which GitHub App the installation is. Without an App ID there is
// none. Secrets stand in files; that of the webhook may come from the environment too.
type GitHubConfig struct {
	AppID             int64  `mapstructure:"app-id"`
	PrivateKeyFile    string `mapstructure:"private-key-file"`
	WebhookSecretFile string `mapstructure:"webhook-secret-file"`
	APIURL            string `mapstructure:"api-url"`
	// Repositories are those served, owner/name, separated by commas.
	Repositories string        `mapstructure:"repositories"`
	Every        time.Duration `mapstructure:"compare-every"`
	// ServerURL and TemporalURL are where people reach API and Temporal UI, for links.
	ServerURL   string `mapstructure:"server-url"`
	TemporalURL string `mapstructure:"temporal-url"`

	key, secret []byte
}

// WorkerConfig tunes the worker.
type WorkerConfig struct {
	HeartbeatTimeout time.Duration `mapstructure:"heartbeat-timeout"`
	Steps            int           `mapstructure:"steps"` // steps at the same time, at most
	StopTimeout      time.Duration `mapstructure:"stop-timeout"`
}

// LogConfig says what is logged to standard error.
type LogConfig struct {
	Level  string `mapstructure:"level"`
	Format string `mapstructure:"format"` // text or json
}

// setting is one key with its default and what the help says.
type setting struct {
	key   string
	value any
	help  string
}

var settings = []setting{
	{"instance", "changectl", "name of this installation, as signatures and the audit log carry it"},
	{"operators", "group:operators", "group whose members may decide about any held change"},
	{"ledger.dsn", "", "ledger: sqlite:/path/ledger.db or postgres://... (a password belongs into CHANGECTL_LEDGER_DSN or ledger.dsn-file)"},
	{"ledger.dsn-file", "", "file that holds ledger.dsn"},
	{"ledger.key-file", "", "file with the key that signs the audit log; made if absent"},
	{"temporal.address", "", "host:port of Temporal; empty: Temporal's own environment configuration"},
	{"temporal.namespace", "changectl", "namespace of Temporal"},
	{"temporal.task-queue", workflows.TaskQueue, "task queue of the workers"},
	{"temporal.set-up", true, "register namespace and search attributes at start"},
	{"catalog.path", "", "file or directory of the catalog (Backstage entities)"},
	{"runbooks.path", "", "directory of runbooks besides the shipped ones"},
	{"policy.path", "", "file of the approval policy; empty: the standard policy"},
	{"identity.allowed-signers", "", "file of the SSH keys whose signatures count"},
	{"identity.tokens", "", "file of the API's bearer tokens (digests)"},
	{"calendars.path", "", "file that lists the iCalendar feeds of declared maintenance"},
	{"secrets.path", "", "directory of secrets, a file each"},
	{"api.listen", "127.0.0.1:7800", "address of the HTTP API; empty: none"},
	{"api.tls-cert", "", "certificate file of the API"},
	{"api.tls-key", "", "key file of the API"},
	{"github.app-id", 0, "ID of the GitHub App whose back end this is; 0: none"},
	{"github.private-key-file", "", "file with the App's private key (PEM)"},
	{"github.webhook-secret-file", "", "file with the secret of the App's webhook; or CHANGECTL_GITHUB_WEBHOOK_SECRET"},
	{"github.api-url", "", "address of GitHub's API; empty: github.com's"},
	{"github.repositories", "", "repositories that are served, owner/name, separated by commas; empty: all in which the App is installed"},
	{"github.compare-every", 5 * time.Minute, "how often everything is compared with GitHub, besides webhooks"},
	{"github.server-url", "", "address at which people reach the API, for links"},
	{"github.temporal-url", "", "address of Temporal's Web UI, for links"},
	{"worker.heartbeat-timeout", 10 * time.Second, "silence after which a running step counts as lost"},
	{"worker.steps", 20, "steps that run at the same time, at most"},
	{"worker.stop-timeout", 30 * time.Second, "how long running steps may take to end when the worker is told to stop"},
	{"log.level", "info", "debug, info, warn or error"},
	{"log.format", "text", "text or json"},
}

// Flags adds a flag for every setting: key ledger.dsn is --ledger-dsn.
func Flags(fs *pflag.FlagSet) {
	for _, s := range settings {
		name := strings.ReplaceAll(s.key, ".", "-")
		switch v := s.value.(type) {
		case bool:
			fs.Bool(name, v, s.help)
		case int:
			fs.Int(name, v, s.help)
		case time.Duration:
			fs.Duration(name, v, s.help)
		default:
			fs.String(name, fmt.Sprint(v), s.help)
		}
	}
}

// Load reads the configuration: flags that were given, then the environment,
// then the file, which may be empty for none. All problems are reported at once.
func Load(fs *pflag.FlagSet, file string) (Config, error) {
	v := environment()
	for _, s := range settings {
		if f := fs.Lookup(strings.ReplaceAll(s.key, ".", "-")); f != nil && f.Changed {
			v.Set(s.key, f.Value.String())
		}
	}
	if file != "" {
		v.SetConfigFile(file)
		if err := v.ReadInConfig(); err != nil {
			return Config{}, fmt.Errorf("read configuration %s: %w", file, err)
		}
	}
	c, err := decode(v)
	if err != nil {
		return c, change.Invalid("configuration %s: %w", file, err).WithHint("worker --help lists the keys")
	}
	return c, c.complete()
}

// environment knows every setting with its default, and what the environment says of it.
func environment() *viper.Viper {
	v := viper.New()
	v.SetEnvPrefix("CHANGECTL")
	v.SetEnvKeyReplacer(strings.NewReplacer(".", "_", "-", "_"))
	v.AutomaticEnv()
	for _, s := range settings {
		v.SetDefault(s.key, s.value)
	}
	return v
}

// sections refuses a variable that is named as a whole section: it would hide every
// setting in it, in the file too.
func sections() error {
	for _, s := range settings {
		section, _, nested := strings.Cut(s.key, ".")
		name := "CHANGECTL_" + strings.ToUpper(section)
		if _, set := os.LookupEnv(name); set && nested {
			return change.Invalid("the environment holds %s, which is no setting but the section of %s and others", name, s.key).
				WithHint("unset it; worker --help lists the keys")
		}
	}
	return nil
}

func decode(v *viper.Viper) (c Config, err error) {
	if err := sections(); err != nil {
		return c, err
	}
	err = v.UnmarshalExact(&c, viper.DecodeHook(mapstructure.StringToTimeDurationHookFunc()))
	return c, err
}

// complete reads what stands in files and checks the whole.
func (c *Config) complete() error {
	var problems []error
	need := func(ok bool, key, what string) {
		if !ok {
			problems = append(problems, change.Invalid("%s", what).At(key).
				WithHint("give --%s, CHANGECTL_%s or the file", strings.ReplaceAll(key, ".", "-"), strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(key))))
		}
	}
	if c.Ledger.DSNFile != "" {
		b, err := os.ReadFile(c.Ledger.DSNFile)
		problems = append(problems, err)
		c.Ledger.DSN = strings.TrimSpace(string(b))
	}
	need(c.Ledger.DSN != "", "ledger.dsn", "is missing; expected sqlite:/path/ledger.db or postgres://...")
	need(c.Ledger.KeyFile != "", "ledger.key-file", "is missing; expected a file")
	need(c.Catalog.Path != "", "catalog.path", "is missing; expected a file or directory of Backstage entities")
	need(c.Identity.AllowedSigners != "", "identity.allowed-signers", "is missing; expected a file")
	need(c.Identity.Tokens != "", "identity.tokens", "is missing; expected a file")
	need(c.Worker.HeartbeatTimeout >= 3*time.Second, "worker.heartbeat-timeout", "is below three seconds; a worker is heard of once a second")
	need(c.Worker.Steps > 0, "worker.steps", "is not above 0")
	need((c.API.TLSCert == "") == (c.API.TLSKey == ""), "api.tls-key", "certificate and key come together")
	if c.API.Listen != "" {
		_, _, err := net.SplitHostPort(c.API.Listen)
		need(err == nil, "api.listen", fmt.Sprintf("%q is not host:port", c.API.Listen))
	}
	problems = append(problems, c.GitHub.complete(need, c.API.Listen)...)
	_, err := logrus.ParseLevel(c.Log.Level)
	need(err == nil, "log.level", fmt.Sprintf("%q is not a level; expected debug, info, warn or error", c.Log.Level))
	need(c.Log.Format == "text" || c.Log.Format == "json", "log.format", fmt.Sprintf("%q is not a format; expected text or json", c.Log.Format))
	return errors.Join(problems...)
}

func (c *Config) logger(out io.Writer) *logrus.Entry {
	l := logrus.New()
	l.SetOutput(out)
	level, err := logrus.ParseLevel(c.Log.Level)
	if err == nil {
		l.SetLevel(level)
	}
	if c.Log.Format == "json" {
		l.SetFormatter(&logrus.JSONFormatter{})
	} else {
		l.SetFormatter(&logrus.TextFormatter{FullTimestamp: true, DisableColors: true})
	}
	return logrus.NewEntry(l)
}
