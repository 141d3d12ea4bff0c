package cli

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
)

// settings is where to reach the server and as whom.
type settings struct {
	flags *pflag.FlagSet

	Server    string `mapstructure:"server"`
	TokenFile string `mapstructure:"token-file"`
	Key       string `mapstructure:"key"`
}

var settingKeys = []string{"server", "token-file", "key"}

var profileName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// load reads the settings: flag, then environment, then profile.
func (e *Env) load() (settings, error) {
	fromProfile, err := e.readProfile()
	if err != nil {
		return settings{}, err
	}
	v := viper.New()
	if err := v.MergeConfigMap(fromProfile); err != nil {
		return settings{}, change.Invalid("read profile: %w", err)
	}
	fromEnv := map[string]any{}
	for _, key := range settingKeys {
		if s := e.Getenv("CHANGECTL_" + strings.ToUpper(strings.ReplaceAll(key, "-", "_"))); s != "" {
			fromEnv[key] = s
		}
	}
	if err := v.MergeConfigMap(fromEnv); err != nil {
		return settings{}, change.Invalid("read settings: %w", err)
	}
	for _, key := range settingKeys {
		if f := e.settings.flags.Lookup(key); f != nil && f.Changed {
			v.Set(key, f.Value.String())
		}
	}
	var s settings
	if err := v.UnmarshalExact(&s); err != nil {
		return s, change.Invalid("read settings: %w", err)
	}
	return s, nil
}

// readProfile returns what the profile sets; nothing where none is named and
// there is no default.
func (e *Env) readProfile() (map[string]any, error) {
	name, _ := e.settings.flags.GetString("profile")
	if name == "" {
		name = e.Getenv("CHANGECTL_PROFILE")
	}
	named := name != ""
	if !named {
		name = "default"
	}
	if !profileName.MatchString(name) {
		return nil, change.Invalid("%q is not the name of a profile; it is letters, digits, dots, dashes and underscores", name).At("--profile")
	}
	file, b, err := e.findProfile(name)
	if errors.Is(err, fs.ErrNotExist) {
		if !named {
			return nil, nil
		}
		return nil, change.NotFound("there is no profile %s; looked for %s", name, strings.Join(e.profileFiles(name), " and ")).
			WithHint("start changectl dev, which writes profiles for its example people, or write the file: keys %s", strings.Join(settingKeys, ", "))
	}
	if err != nil {
		return nil, change.FailedTo("read profile: %w", err)
	}
	v := viper.New()
	v.SetConfigType("yaml")
	if err := v.ReadConfig(bytes.NewReader(b)); err != nil {
		return nil, change.Invalid("read profile %s: %w", file, err)
	}
	return checkProfile(v.AllSettings(), file)
}

// checkProfile refuses unknown keys and makes paths relative to the profile.
func checkProfile(all map[string]any, file string) (map[string]any, error) {
	for key := range all {
		if !slices.Contains(settingKeys, key) {
			return nil, change.Invalid("%s: %s is not a setting; expected %s", file, key, strings.Join(settingKeys, ", ")).
				WithHint("correct the profile")
		}
	}
	for _, key := range []string{"token-file", "key"} {
		if path, _ := all[key].(string); path != "" && !filepath.IsAbs(path) && !strings.HasPrefix(path, "~/") {
			all[key] = filepath.Join(filepath.Dir(file), path)
		}
	}
	return all, nil
}

func (e *Env) profileFiles(name string) []string {
	return []string{
		filepath.Join(e.configDir(), "profiles", name+".yaml"),
		filepath.Join(e.StateDir(), "dev", "profiles", name+".yaml"),
	}
}

func (e *Env) findProfile(name string) (file string, b []byte, err error) {
	for _, file = range e.profileFiles(name) {
		if b, err = os.ReadFile(file); !errors.Is(err, fs.ErrNotExist) {
			return file, b, err
		}
	}
	return file, nil, err
}

func (e *Env) home(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		return filepath.Join(e.Getenv("HOME"), rest)
	}
	return path
}

// about opens the server and returns the change that a command is about, as it stands.
func (e *Env) about(ctx context.Context, id string) (*httpapi.Client, settings, change.Record, error) {
	known, err := change.ParseID(id)
	if err != nil {
		return nil, settings{}, change.Record{}, err
	}
	c, s, err := e.client()
	if err != nil {
		return nil, s, change.Record{}, err
	}
	rec, err := c.Get(ctx, known)
	return c, s, rec, err
}

// client returns a client of the server that the settings name.
func (e *Env) client() (*httpapi.Client, settings, error) {
	s, err := e.load()
	if err != nil {
		return nil, s, err
	}
	if s.Server == "" {
		return nil, s, change.Unavailable("no server is named").
			WithHint("start one with changectl dev, which also writes a profile, or set CHANGECTL_SERVER (or --server) to the address of yours")
	}
	token, err := e.token(s)
	if err != nil {
		return nil, s, err
	}
	c := httpapi.NewClient(s.Server, token, e.HTTP)
	c.Agent = "changectl/" + Version
	return c, s, nil
}

func (e *Env) token(s settings) (string, error) {
	flagged := e.settings.flags.Changed("token-file")
	if t := strings.TrimSpace(e.Getenv("CHANGECTL_TOKEN")); t != "" && !flagged {
		return t, nil
	}
	if s.TokenFile == "" {
		return "", nil
	}
	b, err := os.ReadFile(e.home(s.TokenFile))
	if err != nil {
		return "", change.Invalid("read token: %w", err).
			WithHint("name the file that holds your token with --token-file or CHANGECTL_TOKEN_FILE")
	}
	return strings.TrimSpace(string(b)), nil
}
