package ghfake

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// changed is a file that differs between two trees.
type changed struct {
	letter         string // A, D, M, R, T
	path, previous string
	blob           string
	added, removed int
}

var statusWords = map[string]string{"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied", "T": "changed"}

// diff lists the files that differ between two commits or trees.
func (r *Repo) diff(from, to string) ([]changed, error) {
	raw, err := r.fixed("diff-tree", "-r", "-z", "-M", "--raw", "--no-abbrev", from, to)
	if err != nil {
		return nil, err
	}
	numbers, err := r.fixed("diff-tree", "-r", "-z", "-M", "--numstat", from, to)
	if err != nil {
		return nil, err
	}
	lines := countLines(numbers)
	fields := strings.Split(strings.TrimSuffix(raw, "\x00"), "\x00")
	var out []changed
	for i := 0; i+1 < len(fields); {
		words := strings.Fields(fields[i])
		c := changed{letter: words[4][:1], blob: words[3], path: fields[i+1]}
		i += 2
		if c.letter == "R" || c.letter == "C" {
			c.previous, c.path = c.path, fields[i]
			i++
		}
		if c.letter == "D" {
			c.blob = words[2]
		}
		c.added, c.removed = lines[c.path][0], lines[c.path][1]
		out = append(out, c)
	}
	return out, nil
}

// countLines reads what git diff-tree --numstat -z writes.
func countLines(numbers string) map[string][2]int {
	out := map[string][2]int{}
	fields := strings.Split(strings.TrimSuffix(numbers, "\x00"), "\x00")
	for i := 0; i < len(fields); i++ {
		words := strings.SplitN(fields[i], "\t", 3)
		if len(words) != 3 {
			continue
		}
		path := words[2]
		if path == "" && i+2 < len(fields) { // renamed: the paths come after
			path = fields[i+2]
			i += 2
		}
		added, _ := strconv.Atoi(words[0])
		removed, _ := strconv.Atoi(words[1])
		out[path] = [2]int{added, removed}
	}
	return out
}

// files renders what differs; GitHub never lists more than 3000.
func (r *Repo) files(from, to string) (list, error) {
	all, err := r.diff(from, to)
	if err != nil {
		return list{}, err
	}
	return listOf(all[:min(len(all), 3000)], func(c changed) (object, error) {
		at := r.url() + "/contents/" + (&url.URL{Path: c.path}).EscapedPath()
		f := object{
			"sha": c.blob, "filename": c.path, "status": statusWords[c.letter], "additions": c.added, "deletions": c.removed,
			"changes": c.added + c.removed, "blob_url": r.html() + "/blob/" + to, "raw_url": r.html() + "/raw/" + to,
			"contents_url": at + "?ref=" + to, "patch": "@@",
		}
		if c.previous != "" {
			f["previous_filename"] = c.previous
		}
		return f, nil
	}), nil
}

// compared is how two commits stand to each other.
type compared struct {
	mergeBase     string
	ahead, behind int
	status        string
	commits       []string
}

func (r *Repo) compare(base, head string) (compared, error) {
	mergeBase, err := r.fixed("merge-base", base, head)
	if err != nil {
		return compared{}, refuse(404, fmt.Sprintf("No common ancestor between %s and %s.", base, head))
	}
	commits, err := r.revisions(base + ".." + head)
	if err != nil {
		return compared{}, err
	}
	behind, err := r.revisions(head + ".." + base)
	if err != nil {
		return compared{}, err
	}
	c := compared{mergeBase: mergeBase, ahead: len(commits), behind: len(behind), commits: commits}
	switch {
	case base == head:
		c.status = "identical"
	case c.behind == 0:
		c.status = "ahead"
	case c.ahead == 0:
		c.status = "behind"
	default:
		c.status = "diverged"
	}
	return c, nil
}
