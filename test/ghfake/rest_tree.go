package ghfake

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// treeEntry is a line of git ls-tree --long.
type treeEntry struct {
	mode, kind, sha, path string
	size                  int64
}

func (r *Repo) tree(sha string, recursive bool) ([]treeEntry, error) {
	args := []string{"ls-tree", "-z", "--long"}
	if recursive {
		args = append(args, "-r", "-t")
	}
	out, err := r.fixed(append(args, sha)...)
	if err != nil {
		return nil, err
	}
	var all []treeEntry
	for line := range strings.SplitSeq(strings.TrimSuffix(out, "\x00"), "\x00") {
		head, path, ok := strings.Cut(line, "\t")
		words := strings.Fields(head)
		if !ok || len(words) != 4 {
			continue
		}
		size, _ := strconv.ParseInt(words[3], 10, 64)
		all = append(all, treeEntry{words[0], words[1], words[2], path, size})
	}
	return all, nil
}

// getTree shows a tree, of a commit too. It is cut off where that is ordered, and
// after 100,000 entries.
func (s *Server) getTree(c *call) (any, error) {
	name := c.http.PathValue("tree_sha")
	sha, err := c.treeOf(name)
	if err != nil {
		return nil, err
	}
	all, err := c.repo.tree(sha, c.query("recursive") != "")
	if err != nil {
		return nil, err
	}
	limit := 100_000
	if c.repo.truncated[""] || c.repo.truncated[name] || c.repo.truncated[sha] {
		limit = len(all) / 2
	}
	entries := []any{}
	for _, e := range all[:min(limit, len(all))] {
		o := object{"path": e.path, "mode": e.mode, "type": e.kind, "sha": e.sha, "url": c.repo.url() + "/git/" + e.kind + "s/" + e.sha}
		if e.kind == "blob" {
			o["size"] = e.size
		}
		entries = append(entries, o)
	}
	return object{"sha": sha, "url": c.repo.url() + "/git/trees/" + sha, "tree": entries, "truncated": len(all) > limit}, nil
}

// treeOf finds the tree that a name means: of a commit, a branch, or itself.
func (c *call) treeOf(name string) (string, error) {
	if commit := c.repo.resolve(name); commit != "" {
		if !c.repo.knows(commit) {
			return "", notFound
		}
		name = commit
	}
	if !fullSHA.MatchString(name) {
		return "", notFound
	}
	sha, err := c.repo.fixed("rev-parse", "--verify", "--quiet", name+"^{tree}")
	if err != nil {
		return "", notFound
	}
	return sha, nil
}

func (s *Server) getBlob(c *call) (any, error) {
	sha := c.http.PathValue("file_sha")
	if !fullSHA.MatchString(sha) {
		return nil, refuse(http.StatusUnprocessableEntity, "The sha parameter must be exactly 40 characters and contain only [0-9a-f].")
	}
	text, err := c.repo.blob(sha)
	if err != nil {
		return nil, notFound
	}
	return object{
		"sha": sha, "node_id": "B_" + sha, "size": len(text), "encoding": "base64", "content": encoded(text),
		"url": c.repo.url() + "/git/blobs/" + sha,
	}, nil
}

// blob reads a file's bytes.
func (r *Repo) blob(sha string) ([]byte, error) {
	cmd := r.command("cat-file", "blob", sha)
	return cmd.Output()
}

// encoded is base64 in lines of 60, as GitHub writes it.
func encoded(text []byte) string {
	whole := base64.StdEncoding.EncodeToString(text)
	var b strings.Builder
	for part := range slices.Chunk([]byte(whole), 60) {
		b.Write(part)
		b.WriteByte('\n')
	}
	return b.String()
}
