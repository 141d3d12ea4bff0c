package ghfake

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// Repo is a repository. Its fields are for reading.
type Repo struct {
	ID            int64
	Owner         *User
	Name          string
	DefaultBranch string
	Private       bool
	Parent        *Repo // what it was forked from

	s             *Server
	gone          bool
	path          string            // of the bare git repository
	memory        map[string]string // answers of git that never change
	refs          map[string]string // as of the last Sync
	tips          map[string]*record[string]
	hidden        map[string]*Lag // commits that REST does not show yet
	pulls         []*Pull
	comments      []*Comment
	checks        []*record[checkRun]
	suites        []*suite
	deployments   []*deployment
	activities    []*record[activity]
	groups        []*Group
	collaborators map[*User]string
	rules         map[string]Rules
	truncated     map[string]bool
}

// RepoOptions say what a repository is like.
type RepoOptions struct {
	DefaultBranch string // main when empty
	Private       bool
}

// CreateRepo makes an empty repository; its owner is registered when not known.
func (s *Server) CreateRepo(owner, name string, o RepoOptions) (*Repo, error) {
	account := s.User(owner)
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.newRepo(account, name)
	r.Private = o.Private
	if o.DefaultBranch != "" {
		r.DefaultBranch = o.DefaultBranch
	}
	return r, r.initialize()
}

func (s *Server) newRepo(owner *User, name string) *Repo {
	r := &Repo{
		ID: s.nextID(), Owner: owner, Name: name, DefaultBranch: "main", s: s,
		memory: map[string]string{}, refs: map[string]string{}, tips: map[string]*record[string]{},
		hidden: map[string]*Lag{}, collaborators: map[*User]string{owner: "admin"}, rules: map[string]Rules{},
		truncated: map[string]bool{},
	}
	r.path = filepath.Join(s.dir, fmt.Sprintf("%d.git", r.ID))
	s.repos = append(s.repos, r)
	return r
}

func (r *Repo) initialize() error {
	cmd := r.command("init", "--quiet", "--bare", "--initial-branch", r.DefaultBranch, r.path)
	cmd.Dir = r.s.dir
	if _, err := output(cmd, nil); err != nil {
		return fmt.Errorf("make the repository %s: %w", r.FullName(), err)
	}
	_, err := r.git("config", "gc.auto", "0")
	return err
}

// Fork copies the repository to another account, with all of its branches.
func (r *Repo) Fork(owner string) (*Repo, error) {
	account := r.s.User(owner)
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	f := r.s.newRepo(account, r.Name)
	f.Parent, f.Private, f.DefaultBranch = r, r.Private, r.DefaultBranch
	err := f.initialize()
	if err == nil {
		_, err = f.git("fetch", "--quiet", r.path, "+refs/heads/*:refs/heads/*")
	}
	if err != nil {
		return nil, fmt.Errorf("fork %s: %w", r.FullName(), err)
	}
	return f, f.sync(account, "")
}

// Path is where the bare git repository is, for real git to push to. Call Sync after.
func (r *Repo) Path() string { return r.path }

// FullName returns owner/name.
func (r *Repo) FullName() string { return r.Owner.Login + "/" + r.Name }

// Collaborate gives an account a permission: read, triage, write, maintain or admin;
// empty takes it away.
func (r *Repo) Collaborate(u *User, permission string) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	if permission == "" {
		delete(r.collaborators, u)
		return
	}
	r.collaborators[u] = permission
}

// Rename gives the repository another name. Requests to the old one are redirected.
func (r *Repo) Rename(name string, by *User) error {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	if r.s.repoNamed(r.Owner.Login, name) != nil {
		return errors.New("there is a repository with this name")
	}
	old := r.Name
	r.s.moved[strings.ToLower(r.FullName())] = r
	r.Name = name
	r.s.emit(r, "repository", "renamed", by, object{"changes": object{"repository": object{"name": object{"from": old}}}})
	return nil
}

// Delete removes the repository. Pull requests from it have no head repository then.
func (r *Repo) Delete() {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.gone = true
}

// TruncateTree has the recursive tree of a commit be cut off, as GitHub does with more
// than 100,000 entries; empty means every tree.
func (r *Repo) TruncateTree(sha string) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.truncated[sha] = true
}

// Branch returns the commit that a branch points at, empty when there is none.
func (r *Repo) Branch(name string) string {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	return r.refs["refs/heads/"+name]
}

// Pull returns a pull request by its number, nil when there is none.
func (r *Repo) Pull(number int) *Pull {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	if number < 1 || number > len(r.pulls) {
		return nil
	}
	return r.pulls[number-1]
}

func (s *Server) repoNamed(owner, name string) *Repo {
	for _, r := range s.repos {
		if !r.gone && strings.EqualFold(r.Owner.Login, owner) && strings.EqualFold(r.Name, name) {
			return r
		}
	}
	return nil
}

func (s *Server) repoByID(id int64) *Repo {
	for _, r := range s.repos {
		if !r.gone && r.ID == id {
			return r
		}
	}
	return nil
}
