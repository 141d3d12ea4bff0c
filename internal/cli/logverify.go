package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
)

type logVerifyOptions struct {
	env      *Env
	verifier string
}

// remembered is what is kept of a server's log between commands.
type remembered struct {
	Server     string    `json:"server"`
	Verifier   string    `json:"verifier"`
	Checkpoint string    `json:"checkpoint"`
	Seen       time.Time `json:"seen"`
}

// verified is what log verify found.
type verified struct {
	Server   string `json:"server"`
	Entries  int64  `json:"entries"`
	Root     string `json:"root"`
	Verifier string `json:"verifier"`
	// Since is the number of entries that were known before, 0 the first time.
	Since int64 `json:"since"`
}

func newLogVerify(env *Env, run func(context.Context, *logVerifyOptions) error) *cobra.Command {
	o := &logVerifyOptions{env: env}
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Recompute the audit log here and check its signed checkpoint",
		Long: `Download the whole audit log, recompute its Merkle tree here, and hold it against
the signed checkpoint. The key of the checkpoint and the last checkpoint seen are
remembered for each server from the first time on: another key, or a log that
does not begin with what was seen before, is an alarm. Exit code 1 if anything
does not fit.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o) },
	}
	cmd.Flags().StringVar(&o.verifier, "verifier", "", "key of the checkpoint, as you got it from somewhere else than the server")
	return cmd
}

func runLogVerify(ctx context.Context, o *logVerifyOptions) error {
	c, _, err := o.env.client()
	if err != nil {
		return err
	}
	file := o.file(c.Base())
	known, err := recall(file)
	if err != nil {
		return err
	}
	head, err := c.Checkpoint(ctx)
	if err != nil {
		return err
	}
	verifier, err := o.pinned(known, head, file)
	if err != nil {
		return alarm(err)
	}
	v, err := verify(ctx, c, known, head, verifier)
	if err != nil {
		return alarm(err)
	}
	if err := remember(file, remembered{Server: c.Base(), Verifier: verifier, Checkpoint: head.Note, Seen: o.env.Now().UTC()}); err != nil {
		return err
	}
	return o.env.print(view{data: v, text: v.text, names: func() []string { return []string{v.Root} }})
}

func verify(ctx context.Context, c *httpapi.Client, known remembered, head httpapi.Checkpoint, verifier string) (verified, error) {
	opened, err := audit.Open(head.Note, verifier)
	if err != nil {
		return verified{}, err
	}
	v := verified{Server: c.Base(), Entries: opened.Size, Root: opened.Root.String(), Verifier: verifier}
	var earlier []string
	if known.Checkpoint != "" {
		earlier = append(earlier, known.Checkpoint)
		old, err := audit.Open(known.Checkpoint, verifier)
		if err != nil {
			return v, err
		}
		v.Since = old.Size
	}
	return v, audit.VerifyFrom(earlier, head.Note, verifier, entries(ctx, c, httpapi.LogFilter{Limit: logPage}))
}

// pinned returns the key that the checkpoint must be signed with.
func (o *logVerifyOptions) pinned(known remembered, head httpapi.Checkpoint, file string) (string, error) {
	if o.verifier != "" {
		return o.verifier, nil
	}
	if known.Verifier == "" {
		o.env.say("the key of this log is new here and is remembered in %s: %s", file, head.Verifier)
		return head.Verifier, nil
	}
	if known.Verifier != head.Verifier {
		return "", change.Denied("the key of the log was %s and is %s now", known.Verifier, head.Verifier).
			WithHint("somebody has replaced log and key; only if the installation really was set up anew, delete %s", file)
	}
	return known.Verifier, nil
}

// alarm keeps the errors of the network and makes of all others exit code 1,
// loudly.
func alarm(err error) error {
	switch change.KindOf(err) {
	case change.KindUnavailable, change.KindNotFound:
		return err
	case change.KindInvalid, change.KindConflict, change.KindDenied, change.KindAwaiting, change.KindFailed:
	}
	return &codedError{ExitFailed, fmt.Errorf("THE AUDIT LOG DOES NOT VERIFY: %w", err)}
}

func (v verified) text() string {
	s := fmt.Sprintf("the audit log verifies: %d entries\nroot hash  %s\nsigned by  %s\n", v.Entries, v.Root, v.Verifier)
	if v.Since > 0 {
		s += fmt.Sprintf("it begins with the %d entries seen before\n", v.Since)
	}
	return s
}

func (o *logVerifyOptions) file(server string) string {
	sum := sha256.Sum256([]byte(server))
	return filepath.Join(o.env.StateDir(), "logs", hex.EncodeToString(sum[:8])+".json")
}

func recall(file string) (remembered, error) {
	var r remembered
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &r)
	}
	if err != nil {
		return r, change.FailedTo("read what is remembered of the log in %s: %w", file, err)
	}
	return r, nil
}

// remember replaces the file whole, or not at all.
func remember(file string, r remembered) error {
	text, err := asJSON(r)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return change.FailedTo("remember the log: %w", err)
	}
	if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
		return change.FailedTo("remember the log: %w", err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		return change.FailedTo("remember the log: %w", err)
	}
	return nil
}
