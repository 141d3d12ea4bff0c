package product

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/changectl/changectl/test/ghfake"
)

// Forge is a GitHub with the people of the example company, a repository of theirs, and
// the App of an installation.
type Forge struct {
	*ghfake.Server
	Repo         *ghfake.Repo
	Installation *ghfake.Installation
	Files        map[string]string // of the default branch at first, by path
	dir          string
}

// webhookSecret signs what the forge sends.
const webhookSecret = "the secret of the example's webhook"

// Instance is the name of an installation that changectl dev brings up.
const Instance = "dev"

// StartForge brings a GitHub up. The repository nordwind/operations has the files on its
// default branch.
func StartForge(ctx context.Context, dir string, o ghfake.Options, files map[string]string) (*Forge, error) {
	s, err := ghfake.New(ctx, o)
	if err != nil {
		return nil, err
	}
	f := &Forge{Server: s, Files: files, dir: dir}
	return f, f.settle(files)
}

func (f *Forge) settle(files map[string]string) error {
	company := f.AddUser(ghfake.User{Login: "nordwind", Type: "Organization"})
	for _, name := range []string{"alice", "bob", "carol", "dave", "erin", "frank"} {
		f.AddUser(ghfake.User{Login: "nordwind-" + name, Email: name + "@nordwind.example"})
	}
	var err error
	if f.Repo, err = f.CreateRepo("nordwind", "operations", ghfake.RepoOptions{Private: true}); err != nil {
		return err
	}
	if _, err := f.Repo.Commit("main", files, ghfake.CommitOptions{Pusher: f.Person("erin"), Message: "As it is"}); err != nil {
		return err
	}
	f.Installation = f.Install(company, nil, f.Repo)
	key := os.WriteFile(filepath.Join(f.dir, "app.pem"), f.App().Key(), 0o600)
	secret := os.WriteFile(filepath.Join(f.dir, "webhook"), []byte(webhookSecret+"\n"), 0o600)
	return errors.Join(key, secret)
}

// Person is the account of one of the people.
func (f *Forge) Person(name string) *ghfake.User { return f.User("nordwind-" + name) }

// Config is what stands in the configuration file of a worker that is the back end of the
// App; the secret of the webhook comes from the environment, see SecretEnv.
func (f *Forge) Config() string {
	return fmt.Sprintf("github: {app-id: %d, private-key-file: %s, api-url: '%s/api/v3/', repositories: %s}\n",
		f.App().ID, filepath.Join(f.dir, "app.pem"), f.URL(), f.Repo.FullName())
}

// SecretEnv is the variable with the secret of the webhook.
func (f *Forge) SecretEnv() string { return "CHANGECTL_GITHUB_WEBHOOK_SECRET=" + webhookSecret }

// Env makes changectl dev the back end of the App.
func (f *Forge) Env() []string {
	return []string{
		"CHANGECTL_GITHUB_APP_ID=" + strconv.FormatInt(f.App().ID, 10),
		"CHANGECTL_GITHUB_PRIVATE_KEY_FILE=" + filepath.Join(f.dir, "app.pem"),
		"CHANGECTL_GITHUB_WEBHOOK_SECRET_FILE=" + filepath.Join(f.dir, "webhook"),
		"CHANGECTL_GITHUB_API_URL=" + f.URL() + "/",
		"CHANGECTL_GITHUB_REPOSITORIES=" + f.Repo.FullName(),
	}
}

// Deliver has the webhooks go to a changectl dev.
func (f *Forge) Deliver(d *Dev) { f.DeliverTo(d.Server()) }

// DeliverTo has the webhooks go to a server.
func (f *Forge) DeliverTo(server string) { f.SetHook(server+"/github/webhook", webhookSecret) }

// ExampleRepository returns the files of the example repository of the documentation,
// for an installation that changectl dev brings up.
func ExampleRepository(docs string) (map[string]string, error) {
	return ExampleRepositoryOf(docs, Instance)
}

// ExampleRepositoryOf returns them for an installation of any name.
func ExampleRepositoryOf(docs, instance string) (map[string]string, error) {
	files := map[string]string{}
	root := filepath.Join(docs, "github-example")
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, p)
		files[filepath.ToSlash(name)] = strings.Replace(string(b), "instance: production", "instance: "+instance, 1)
		return err
	})
	if err == nil && files[".changectl.yaml"] == "" {
		err = fmt.Errorf("there is no example repository in %s", root)
	}
	return files, err
}
