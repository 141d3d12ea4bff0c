package audit

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/changectl/changectl/internal/change"
)

// Checkpoint is the head of a log: how many entries it has and the root hash of
// the tree over them.
type Checkpoint struct {
	Instance string
	Size     int64
	Root     tlog.Hash
}

// Text returns the three lines that are signed: origin, size, root hash.
func (c Checkpoint) Text() string {
	return fmt.Sprintf("%s\n%d\n%s\n", Origin(c.Instance), c.Size, c.Root)
}

// Sign returns c as a note signed by k.
func (c Checkpoint) Sign(k Key) (string, error) {
	if k.IsZero() {
		return "", change.Invalid("there is no key to sign the checkpoint of the log with")
	}
	b, err := note.Sign(&note.Note{Text: c.Text()}, k.signer)
	if err != nil {
		return "", fmt.Errorf("sign checkpoint: %w", err)
	}
	return string(b), nil
}

// Open checks the signature of a signed checkpoint and returns what it says. The
// verifier is the text that Key.Verifier returns. A checkpoint that it did not sign,
// or of another instance, is a Denied error.
func Open(signed, verifier string) (Checkpoint, error) {
	v, err := note.NewVerifier(strings.TrimSpace(verifier))
	if err != nil {
		return Checkpoint{}, change.Invalid("%q is not a verifier of log checkpoints: %w", verifier, err)
	}
	n, err := note.Open([]byte(signed), note.VerifierList(v))
	if err != nil {
		var bad *note.InvalidSignatureError
		var other *note.UnverifiedNoteError
		if errors.As(err, &bad) || errors.As(err, &other) {
			return Checkpoint{}, tampered("the checkpoint is not signed by %s", verifier)
		}
		return Checkpoint{}, tampered("the checkpoint is not a signed note: %w", err)
	}
	c, err := parseCheckpoint(n.Text)
	if err != nil {
		return Checkpoint{}, err
	}
	if Origin(c.Instance) != v.Name() {
		return Checkpoint{}, tampered("the checkpoint is of %s and not of %s", Origin(c.Instance), v.Name())
	}
	return c, nil
}

func parseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" || !strings.HasPrefix(lines[0], originPrefix) {
		return Checkpoint{}, tampered("the checkpoint does not consist of origin, size and root hash")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return Checkpoint{}, tampered("the size %q of the checkpoint is not a number of entries", lines[1])
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return Checkpoint{}, tampered("the root hash of the checkpoint is malformed: %w", err)
	}
	return Checkpoint{Instance: strings.TrimPrefix(lines[0], originPrefix), Size: size, Root: root}, nil
}

func tampered(format string, args ...any) error {
	return change.Denied(format, args...).
		WithHint("do not rely on this log; compare it with a checkpoint that was exported earlier")
}
