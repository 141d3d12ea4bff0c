package cli

import (
	"context"
	"net/url"
	"regexp"
	"strings"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/github"
)

// repoName is a repository as people and git name it. The host is empty where it is
// not said.
type repoName struct{ host, owner, name string }

// base is the address of GitHub's API.
func (o *prOptions) base() string {
	for _, s := range []string{o.url, o.env.Getenv("GITHUB_API_URL")} {
		if s = strings.TrimSpace(s); s != "" {
			return s
		}
	}
	return github.DefaultBaseURL
}

// host is where people find what the API is about: api.github.com is that of github.com.
func (o *prOptions) host() (string, error) {
	u, err := url.Parse(o.base())
	if err != nil || u.Hostname() == "" || u.User != nil || (u.Scheme != "https" && u.Scheme != "http") {
		return "", change.Invalid("is not the address of GitHub's API, such as %s or https://HOST/api/v3/", github.DefaultBaseURL).At("--github-url")
	}
	return strings.TrimPrefix(strings.ToLower(u.Hostname()), "api."), nil
}

// repository returns the repository that is meant.
func (o *prOptions) repository(ctx context.Context, host string) (repoName, error) {
	for _, s := range []struct{ at, text string }{{"--repo", o.repo}, {"GH_REPO", o.env.Getenv("GH_REPO")}} {
		if s.text == "" {
			continue
		}
		r, ok := parseRepo(s.text)
		if !ok {
			return r, change.Invalid("is not the name of a repository; write owner/name").At(s.at)
		}
		return r, r.at(host)
	}
	const hint = "name the repository with -R owner/name, or in GH_REPO"
	remote, err := o.env.program(ctx, "git", "config", "--get", "remote.origin.url")
	if err != nil || remote == "" {
		return repoName{}, change.Invalid("no repository is named, and there is no git remote origin here").WithHint(hint)
	}
	r, ok := parseRepo(remote) // which is not shown: people write passwords into it
	if !ok || r.host == "" {
		return r, change.Invalid("the git remote origin is no repository at GitHub").WithHint(hint)
	}
	return r, r.at(host)
}

// at refuses a repository of another host: the same name there is another repository.
func (r repoName) at(host string) error {
	if r.host == "" || r.host == host || r.host == "ssh."+host || r.host == "www."+host {
		return nil
	}
	return change.Invalid("%s/%s is at %s, and GitHub is looked for at %s", r.owner, r.name, r.host, host).
		WithHint("name the repository with -R owner/name, and another GitHub with --github-url https://HOST/api/v3/")
}

var (
	ownerPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)
	namePattern  = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)
)

// parseRepo reads [host/]owner/name, a URL, or the short form of ssh, user@host:owner/name.
func parseRepo(s string) (repoName, bool) {
	s = strings.TrimSpace(s)
	host, path, ssh := strings.Cut(s, ":")
	switch {
	case strings.Contains(s, "://"):
		u, err := url.Parse(s)
		if err != nil || u.Hostname() == "" {
			return repoName{}, false
		}
		host, path = u.Hostname(), strings.TrimPrefix(u.Path, "/")
	case ssh && !strings.Contains(host, "/"):
		host, path = host[strings.LastIndex(host, "@")+1:], strings.TrimPrefix(path, "/")
	case strings.Count(s, "/") == 2:
		host, path, _ = strings.Cut(s, "/")
		if host == "" {
			return repoName{}, false
		}
	default:
		host, path = "", s
	}
	owner, name, _ := strings.Cut(strings.TrimSuffix(path, "/"), "/")
	r := repoName{host: strings.ToLower(host), owner: owner, name: strings.TrimSuffix(name, ".git")}
	return r, ownerPattern.MatchString(r.owner) && namePattern.MatchString(r.name) && strings.Trim(r.name, ".") != ""
}
