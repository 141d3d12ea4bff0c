package lab

import (
	"context"
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

//go:embed scripts baseline.sh naive.sh
var scripts embed.FS

// writeHelpers puts the helper programs into the lab's bin directory, with
// absolute paths in them, so that a step can call them from anywhere.
func (l *Lab) writeHelpers() error {
	if err := l.writeEnv(); err != nil {
		return err
	}
	entries, err := scripts.ReadDir("scripts")
	if err != nil {
		return fmt.Errorf("list the helpers: %w", err)
	}
	for _, e := range entries {
		text, err := scripts.ReadFile("scripts/" + e.Name())
		if err != nil {
			return fmt.Errorf("read the helper %s: %w", e.Name(), err)
		}
		if e.Name() != "common.sh" {
			head := fmt.Sprintf("#!/bin/sh\n. %s\n. %s\n", quote(l.EnvFile), quote(filepath.Join(l.Bin, "common.sh")))
			text = append([]byte(head), text...)
		}
		if err := makeProgram(filepath.Join(l.Bin, e.Name()), text); err != nil {
			return err
		}
	}
	return nil
}

// writeEnv writes the values that the helpers and the scripts by hand share.
func (l *Lab) writeEnv() error {
	drop := ""
	if l.who.drop {
		drop = "yes"
	}
	var b strings.Builder
	for _, v := range [][2]string{
		{"LAB_HOME", l.Home},
		{"LAB_UID", fmt.Sprint(l.who.uid)},
		{"LAB_GID", fmt.Sprint(l.who.gid)},
		{"LAB_DROP", drop},
		{"LAB_BUILDS", l.builds.Dir},
		{"LAB_LIBS", l.builds.Libs},
		{"LAB_LIBRARY_PATH", libraryPath(l.builds.Dir, l.builds.Older())},
		{"LAB_PGBOUNCER", l.builds.PgBouncer},
		{"LAB_VERSIONS", strings.Join(l.Versions, " ")},
		{"LAB_PORT_n1", fmt.Sprint(l.Nodes[0].Port)},
		{"LAB_PORT_n2", fmt.Sprint(l.Nodes[1].Port)},
		{"LAB_POOLER_PORT", fmt.Sprint(l.Pooler.Port)},
		{"LAB_ADMIN_PASSWORD", l.AdminPassword},
		{"LAB_REPLICATION_PASSWORD", l.replicationPassword},
	} {
		fmt.Fprintf(&b, "%s=%s\n", v[0], quote(v[1]))
	}
	return l.place(l.EnvFile, b.String())
}

// place writes a file that only the servers' user and root can read.
func (l *Lab) place(path, text string) error {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	return l.who.give(path)
}

// Run calls one of the lab's helpers, as in Run(ctx, "node-stop", "n1"), and
// returns what it printed.
func (t *Topology) Run(ctx context.Context, helper string, args ...string) (string, error) {
	out, err := output(ctx, "/", filepath.Join(t.Bin, helper), args...)
	return strings.TrimSpace(out), err
}

// quote makes a word for sh.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
