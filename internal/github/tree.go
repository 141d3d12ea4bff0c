package github

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	gh "github.com/google/go-github/v60/github"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
	"github.com/changectl/changectl/internal/proposal"
)

// Tree returns every file of a commit, by path; folders are left out. A tree that
// GitHub cuts off is Invalid. Commits do not change: what was read is kept.
func (c *Client) Tree(ctx context.Context, r proposal.Repository, commit string) ([]proposal.Entry, error) {
	if !objectID(commit) {
		return nil, notAnID(commit)
	}
	key := fmt.Sprintf("tree %d %s", r.ID, commit)
	if kept, ok := c.objects.get(key); ok {
		return slices.Clone(kept.([]proposal.Entry)), nil
	}
	var tree *gh.Tree
	err := c.on(ctx, r, "read tree "+commit, func(api *gh.Client) (err error) {
		tree, _, err = api.Git.GetTree(ctx, r.Owner, r.Name, commit, true)
		return err
	})
	if err != nil {
		return nil, err
	}
	if tree.GetTruncated() {
		return nil, change.Invalid("the tree of %s in %s has more files than GitHub lists", commit, r.FullName()).
			WithHint("move what is proposed to a repository of its own")
	}
	entries, size := filesOf(tree)
	c.objects.put(key, entries, size)
	return slices.Clone(entries), nil
}

// filesOf returns the files of a tree by path, and about how many bytes they take.
func filesOf(tree *gh.Tree) (entries []proposal.Entry, size int) {
	const each = 160 // an Entry with its mode and ID
	for _, e := range tree.Entries {
		if e.GetType() == "tree" {
			continue
		}
		entries = append(entries, proposal.Entry{Path: e.GetPath(), Mode: e.GetMode(), Blob: e.GetSHA(), Size: int64(e.GetSize())})
		size += each + len(e.GetPath())
	}
	slices.SortFunc(entries, func(a, b proposal.Entry) int { return strings.Compare(a.Path, b.Path) })
	return entries, size
}

// blobRoom is how large the answer with a file may be, in bytes: base64 with its line
// breaks, and what is around it.
const blobRoom = document.MaxBytes*4/3 + document.MaxBytes/16 + 16<<10

// Blob returns the bytes of a file, which are what the object ID says. More than
// document.MaxBytes is Invalid.
func (c *Client) Blob(ctx context.Context, r proposal.Repository, id string) ([]byte, error) {
	if !objectID(id) {
		return nil, notAnID(id)
	}
	key := fmt.Sprintf("blob %d %s", r.ID, id)
	if kept, ok := c.objects.get(key); ok {
		return slices.Clone(kept.([]byte)), nil
	}
	var blob *gh.Blob
	err := c.on(ctx, r, "read file "+id, func(api *gh.Client) (err error) {
		blob, _, err = api.Git.GetBlob(atMost(ctx, blobRoom), r.Owner, r.Name, id)
		var large *tooLarge
		if errors.As(err, &large) {
			return tooBig(id)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	b, err := contentOf(blob, id)
	if err != nil {
		return nil, err
	}
	c.objects.put(key, b, len(b))
	return slices.Clone(b), nil
}

func contentOf(blob *gh.Blob, id string) ([]byte, error) {
	if blob.GetSize() > document.MaxBytes {
		return nil, tooBig(id)
	}
	b := []byte(blob.GetContent())
	if blob.GetEncoding() == "base64" {
		var err error
		if b, err = base64.StdEncoding.DecodeString(blob.GetContent()); err != nil {
			return nil, change.Unavailable("decode file %s: %w", id, err)
		}
	}
	if len(b) > document.MaxBytes {
		return nil, tooBig(id)
	}
	if hashOf(b, id) != id {
		return nil, change.Unavailable("GitHub answers with another file than %s", id).WithHint("something between changes its answers")
	}
	return b, nil
}

// hashOf returns the object ID of a file, in the hash that the ID is of.
func hashOf(b []byte, id string) string {
	object := append(fmt.Appendf(nil, "blob %d\x00", len(b)), b...)
	if len(id) == 2*sha256.Size {
		sum := sha256.Sum256(object)
		return hex.EncodeToString(sum[:])
	}
	sum := sha1.Sum(object)
	return hex.EncodeToString(sum[:])
}

func tooBig(id string) error {
	return change.Invalid("file %s has more than %d bytes (%d KiB)", id, document.MaxBytes, document.MaxBytes>>10).WithHint("split it")
}

func notAnID(s string) error {
	return change.Invalid("%q is not the full ID of a git object", cut(s, 80, "..."))
}
