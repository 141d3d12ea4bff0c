package cli_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/changectl/changectl/internal/httpapi/apitest"
)

func (d *desk) profile(dir, name, text string) string {
	d.t.Helper()
	file := filepath.Join(dir, name+".yaml")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
	return file
}

// A flag goes before the environment, that before the profile, and the user's own
// profiles before those of changectl dev.
func TestSettingsComeFromFlagEnvironmentAndProfile(t *testing.T) {
	d := newDesk(t)
	delete(d.env, "CHANGECTL_SERVER")
	delete(d.env, "CHANGECTL_TOKEN")
	d.env["XDG_CONFIG_HOME"] = t.TempDir()
	own := filepath.Join(d.env["XDG_CONFIG_HOME"], "changectl", "profiles")
	dev := filepath.Join(d.env["CHANGECTL_STATE_DIR"], "dev", "profiles")
	token := d.file("token", apitest.Token+"\n")
	wrong := d.file("wrong", "wrong\n")

	d.profile(dev, "default", "server: "+d.url+"\ntoken-file: "+token+"\n")
	d.expect(d.run("whoami"), 0, "user:bob")
	d.profile(dev, "carol", "server: "+d.url+"\ntoken-file: "+wrong+"\n")
	d.expect(d.run("whoami", "--profile", "carol"), 4, "token is not known")
	d.env["CHANGECTL_PROFILE"] = "carol"
	d.expect(d.run("whoami"), 4)
	d.expect(d.run("whoami", "--profile", "default"), 0)
	d.env["CHANGECTL_TOKEN_FILE"] = token
	d.expect(d.run("whoami"), 0)
	d.expect(d.run("whoami", "--token-file", wrong), 4)
	d.env["CHANGECTL_TOKEN"] = apitest.Token
	d.expect(d.run("whoami"), 0)
	d.expect(d.run("whoami", "--token-file", wrong), 4)
	d.expect(d.run("whoami", "--server", "http://127.0.0.1:1"), 1, "http://127.0.0.1:1")

	delete(d.env, "CHANGECTL_TOKEN")
	delete(d.env, "CHANGECTL_TOKEN_FILE")
	d.profile(own, "carol", "server: "+d.url+"\ntoken-file: tok\n")
	d.profile(own, "tok", "")
	if err := os.WriteFile(filepath.Join(own, "tok"), []byte(apitest.Token), 0o600); err != nil {
		t.Fatal(err)
	}
	d.expect(d.run("whoami"), 0)
}

func TestBadProfilesAreExplained(t *testing.T) {
	d := newDesk(t)
	d.env["XDG_CONFIG_HOME"] = t.TempDir()
	own := filepath.Join(d.env["XDG_CONFIG_HOME"], "changectl", "profiles")
	d.expect(d.run("whoami", "--profile", "nobody"), 1, "no profile nobody", own)
	d.expect(d.run("whoami", "--profile", "../x"), 2, "not the name of a profile")
	file := d.profile(own, "typo", "server: x\ntokenfile: y\n")
	d.expect(d.run("whoami", "--profile", "typo"), 2, file, "tokenfile is not a setting", "token-file")
	d.profile(own, "broken", "server: [\n")
	d.expect(d.run("whoami", "--profile", "broken"), 2, "broken.yaml")
	delete(d.env, "CHANGECTL_TOKEN")
	d.env["CHANGECTL_TOKEN_FILE"] = filepath.Join(own, "absent")
	d.expect(d.run("whoami"), 2, "read token", "absent")
	delete(d.env, "CHANGECTL_TOKEN_FILE")
	d.expect(d.run("whoami", "--server", "nonsense"), 2, "not the address of a server")
}
