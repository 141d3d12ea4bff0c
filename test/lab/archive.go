package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/sirupsen/logrus"
)

// archive is apt with its state in a directory of its own: it needs no root and
// leaves the machine's package lists as they are.
type archive struct {
	dir string
	log logrus.FieldLogger
}

// build is one version of PostgreSQL as the archives offer it.
type build struct {
	name  string // 15.18
	patch int    // 18
	full  string // 15.18-0+deb12u1
}

type buildList []build

func (l buildList) names() []string {
	var names []string
	for _, b := range l {
		names = append(names, b.name)
	}
	return names
}

func (b build) packages() []string {
	return []string{"postgresql-15=" + b.full, "postgresql-client-15=" + b.full, "libpq5=" + b.full}
}

func openArchive(ctx context.Context, dir string, log logrus.FieldLogger) (*archive, error) {
	for _, sub := range []string{"lists/partial", "cache/archives/partial", "debs"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return nil, fmt.Errorf("make apt's directory: %w", err)
		}
	}
	a := &archive{dir: dir, log: log}
	log.Info("reading the package lists of the Debian archives (about 14 MB)")
	if _, err := a.apt(ctx, "apt-get", "update"); err != nil {
		// Another source of this machine may be broken; what matters is whether ours answered.
		log.WithError(err).Warn("apt-get update was not clean; going on with what it fetched")
	}
	return a, nil
}

// apt runs one of apt's commands on the archive's own state.
func (a *archive) apt(ctx context.Context, name string, args ...string) (string, error) {
	state := []string{
		"-o", "Dir::State::Lists=" + filepath.Join(a.dir, "lists"),
		"-o", "Dir::Cache=" + filepath.Join(a.dir, "cache"),
		"-o", "APT::Sandbox::User=root", "-q",
	}
	return output(ctx, filepath.Join(a.dir, "debs"), name, append(state, args...)...)
}

// versions are the newest two of those in which all three packages are offered, the older first.
func (a *archive) versions(ctx context.Context) (buildList, error) {
	out, err := a.apt(ctx, "apt-cache", "madison", "postgresql-15", "postgresql-client-15", "libpq5")
	if err != nil {
		return nil, err
	}
	found := parseMadison(out)
	if len(found) == 0 {
		return nil, errors.New("find PostgreSQL 15 in the archives: apt offers none; " +
			"look at /etc/apt/sources.list.d: bookworm and bookworm-security of Debian are needed")
	}
	return found[max(0, len(found)-2):], nil
}

var madisonLine = regexp.MustCompile(`(?m)^\s*(\S+) \| ((15\.(\d+))\S*) \|`)

// parseMadison reads the table of apt-cache madison: one build a version, in rising order.
func parseMadison(out string) buildList {
	offered := map[string]map[string]bool{}
	newest := map[string]build{}
	for _, m := range madisonLine.FindAllStringSubmatch(out, -1) {
		pkg, full, name := m[1], m[2], m[3]
		if offered[full] == nil {
			offered[full] = map[string]bool{}
		}
		offered[full][pkg] = true
		if len(offered[full]) < 3 {
			continue
		}
		if _, known := newest[name]; !known {
			patch, _ := strconv.Atoi(m[4])
			newest[name] = build{name: name, patch: patch, full: full}
		}
	}
	var list buildList
	for _, b := range newest {
		list = append(list, b)
	}
	slices.SortFunc(list, func(a, b build) int { return a.patch - b.patch })
	return list
}

// unpack downloads the packages and unpacks them below target, all of them or nothing.
func (a *archive) unpack(ctx context.Context, target string, packages ...string) error {
	a.log.WithField("packages", strings.Join(packages, " ")).Info("downloading and unpacking (nothing is installed)")
	debs := filepath.Join(a.dir, "debs")
	if err := errors.Join(os.RemoveAll(debs), os.RemoveAll(target), os.MkdirAll(debs, 0o755)); err != nil {
		return fmt.Errorf("clear the way for %s: %w", target, err)
	}
	if _, err := a.apt(ctx, "apt-get", append([]string{"download"}, packages...)...); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(debs, "*.deb"))
	if err != nil {
		return fmt.Errorf("list the downloads: %w", err)
	}
	part := target + ".part"
	if err := os.RemoveAll(part); err != nil {
		return fmt.Errorf("clear the way for %s: %w", part, err)
	}
	for _, f := range files {
		if _, err := output(ctx, a.dir, "dpkg", "-x", f, part); err != nil {
			return err
		}
	}
	if err := os.Rename(part, target); err != nil {
		return fmt.Errorf("put %s in place: %w", target, err)
	}
	return nil
}

// output runs a command and returns what it printed; its error carries the last
// lines of what it complained about.
func output(ctx context.Context, dir, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("run %s %s: %w: %s", filepath.Base(name), firstPlain(args), err, tail(complaint.String(), 5))
	}
	return out.String(), nil
}

// firstPlain is the first argument that is neither an option nor an option's value.
func firstPlain(args []string) string {
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "-o":
			i++
		case !strings.HasPrefix(args[i], "-"):
			return args[i]
		}
	}
	return ""
}

func tail(text string, lines int) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "; ")
}
