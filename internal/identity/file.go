package identity

import (
	"bytes"
	"io"
	"os"
	"sync"

	"github.com/changectl/changectl/internal/change"
)

// maxFile is the largest file that is read, in bytes.
const maxFile = 1 << 20

// watched is a parsed file that is read again at each use and parsed again when
// its bytes differ. Comparing bytes, not times, leaves no moment in which a
// removed key still counts.
type watched[T any] struct {
	what  string // for messages: "allowed signers"
	parse func(file string, b []byte) (T, error)

	mu    sync.Mutex
	path  string
	raw   []byte // what value was parsed from; nil before the first success
	value T
}

func (w *watched[T]) load(path string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.path, w.raw = path, nil
	return w.refresh()
}

func (w *watched[T]) get() (T, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var none T
	if w.path == "" {
		return none, change.Unavailable("no file of %s is configured, so nobody can be recognised", w.what)
	}
	if err := w.refresh(); err != nil {
		return none, change.Unavailable("read the %s: %w", w.what, err)
	}
	return w.value, nil
}

func (w *watched[T]) refresh() error {
	b, err := readTrusted(w.path)
	if err != nil {
		return err
	}
	if w.raw != nil && bytes.Equal(b, w.raw) {
		return nil
	}
	v, err := w.parse(w.path, b)
	if err != nil {
		return err
	}
	w.raw, w.value = b, v
	return nil
}

// readTrusted reads a file that decides who somebody is: it must not be writable
// by everybody.
func readTrusted(path string) ([]byte, error) {
	b, mode, err := readRegular(path)
	if err != nil {
		return nil, err
	}
	if mode.Perm()&0o002 != 0 {
		return nil, change.Invalid("%s is writable by everybody (mode %04o), so it proves nothing", path, mode.Perm()).
			WithHint("chmod o-w %s", path)
	}
	return b, nil
}

// readRegular reads a regular file of at most maxFile bytes; the returned slice
// is never nil without an error.
func readRegular(path string) ([]byte, os.FileMode, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close() //nolint:errcheck // only read from
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, change.Invalid("%s is not a regular file", path)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, 0, err
	}
	if len(b) > maxFile {
		return nil, 0, change.Invalid("%s is larger than %d bytes", path, maxFile)
	}
	return b, info.Mode(), nil
}
