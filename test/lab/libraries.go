package lab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// completeLibraries unpacks the shared libraries that the servers need and the
// machine lacks. Which packages those are, apt says itself: what it would
// install for ours, and nothing is installed.
func (a *archive) completeLibraries(ctx context.Context, dir string, versions []string) error {
	libs := filepath.Join(dir, "libs")
	if err := makeDir(libs); err != nil {
		return err
	}
	missing, err := missingLibraries(ctx, dir, versions)
	if err != nil || len(missing) == 0 {
		return err
	}
	a.log.WithField("libraries", strings.Join(missing, " ")).Info("the machine lacks shared libraries of the servers: unpacking them beside")
	out, err := a.apt(ctx, "apt-get", "-s", "--no-install-recommends", "install", "postgresql-15", "postgresql-client-15", "libpq5", "pgbouncer")
	if err != nil {
		return err
	}
	packages := wantedLibraries(out)
	if len(packages) == 0 {
		return fmt.Errorf("find the packages of %s: apt names none; install them by hand and fetch again", strings.Join(missing, ", "))
	}
	if err := a.unpack(ctx, libs, packages...); err != nil {
		return err
	}
	missing, err = missingLibraries(ctx, dir, versions)
	if err == nil && len(missing) > 0 {
		err = fmt.Errorf("complete the shared libraries: still missing %s; install them by hand and fetch again", strings.Join(missing, ", "))
	}
	return err
}

// wantedLibraries picks the libraries out of apt's simulation; LLVM (jit is off),
// Perl (Debian's wrappers are not used) and headers stay out.
func wantedLibraries(simulation string) []string {
	var packages []string
	for line := range strings.Lines(simulation) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != "Inst" || !strings.HasPrefix(fields[1], "lib") {
			continue
		}
		name := fields[1]
		if name == "libpq5" || strings.HasSuffix(name, "-dev") || strings.HasPrefix(name, "libllvm") || strings.Contains(name, "perl") {
			continue
		}
		packages = append(packages, name)
	}
	return packages
}

// libraryPath is what LD_LIBRARY_PATH must be for a build: its own libpq first.
func libraryPath(dir, build string) string {
	var found []string
	for _, root := range []string{filepath.Join(dir, build), filepath.Join(dir, "libs")} {
		for _, pattern := range []string{"usr/lib/*-linux-gnu*", "lib/*-linux-gnu*"} {
			dirs, _ := filepath.Glob(filepath.Join(root, pattern))
			found = append(found, dirs...)
		}
	}
	return strings.Join(found, ":")
}

// missingLibraries asks ldd about every binary that the lab starts.
func missingLibraries(ctx context.Context, dir string, versions []string) ([]string, error) {
	missing := map[string]bool{}
	ask := func(build string, files ...string) error {
		cmd := exec.CommandContext(ctx, "ldd", files...)
		cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+libraryPath(dir, build))
		out, err := cmd.Output()
		if err != nil {
			return fmt.Errorf("ask ldd what %s needs: %w", build, err)
		}
		for line := range strings.Lines(string(out)) {
			if name, ok := strings.CutSuffix(strings.TrimSpace(line), " => not found"); ok {
				missing[name] = true
			}
		}
		return nil
	}
	for _, v := range versions {
		root := filepath.Join(dir, v, "usr", "lib", "postgresql", "15")
		files := []string{filepath.Join(root, "lib", "libpqwalreceiver.so")}
		for _, name := range []string{"postgres", "initdb", "pg_ctl", "pg_controldata", "pg_basebackup", "psql"} {
			files = append(files, filepath.Join(root, "bin", name))
		}
		if err := ask(v, files...); err != nil {
			return nil, err
		}
	}
	if err := ask(versions[0], filepath.Join(dir, "pgbouncer", "usr", "sbin", "pgbouncer")); err != nil {
		return nil, err
	}
	var names []string
	for name := range missing {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}
