package ghfake

import (
	"path"
	"strings"
)

// getContents shows a file, or what is in a folder.
func (s *Server) getContents(c *call) (any, error) {
	ref := c.query("ref")
	if ref == "" {
		ref = c.repo.DefaultBranch
	}
	sha, err := c.commitOf(ref)
	if err != nil {
		return nil, notFound
	}
	name := strings.Trim(c.http.PathValue("path"), "/")
	all, err := c.repo.tree(sha, true)
	if err != nil {
		return nil, err
	}
	inside := []any{}
	found := name == ""
	for _, e := range all {
		switch {
		case e.path == name && e.kind != "tree":
			return c.content(e, ref)
		case e.path == name:
			found = true
		case path.Dir(e.path) == name || (name == "" && !strings.Contains(e.path, "/")):
			inside = append(inside, c.entry(e, ref))
		}
	}
	if !found {
		return nil, notFound
	}
	return inside, nil
}

var contentTypes = map[string]string{"120000": "symlink", "160000": "submodule", "040000": "dir"}

func (c *call) entry(e treeEntry, ref string) object {
	kind := contentTypes[e.mode]
	if kind == "" {
		kind = "file"
	}
	at := c.repo.url() + "/contents/" + e.path + "?ref=" + ref
	page, git := c.repo.html()+"/blob/"+ref+"/"+e.path, c.repo.url()+"/git/"+e.kind+"s/"+e.sha
	return object{
		"type": kind, "name": path.Base(e.path), "path": e.path, "sha": e.sha, "size": e.size, "url": at, "html_url": page,
		"git_url": git, "download_url": nil, "_links": object{"self": at, "git": git, "html": page},
	}
}

// content shows one file. GitHub leaves out what is longer than a megabyte.
func (c *call) content(e treeEntry, ref string) (any, error) {
	out := c.entry(e, ref)
	switch out["type"] {
	case "submodule":
		out["submodule_git_url"] = ""
		return out, nil
	case "symlink":
		text, err := c.repo.blob(e.sha)
		out["target"] = string(text)
		return out, err
	}
	out["encoding"], out["content"] = "none", ""
	if e.size > 1<<20 {
		return out, nil
	}
	text, err := c.repo.blob(e.sha)
	out["encoding"], out["content"] = "base64", encoded(text)
	return out, err
}
