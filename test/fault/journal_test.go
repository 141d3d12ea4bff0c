package fault_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/test/fault/checker"
)

// journal is the directory in which the effects write, with the bars that stop
// them where a test wants them to stand.
type journal struct {
	t   testing.TB
	dir string
}

func newJournal(t testing.TB, dir string) journal {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return journal{t, dir}
}

// bar stands in the way of one effect.
type bar struct {
	name string
	file *os.File
}

// bar puts a bar at a place: before, middle or after.
func (j journal) bar(id change.ID, step string, d change.Direction, place string) *bar {
	j.t.Helper()
	name := filepath.Join(j.dir, fmt.Sprintf("%s.%s.%s.%s", id, step, d, place))
	f, err := os.Create(name + ".new") // it gets its name when it is locked
	if err != nil {
		j.t.Fatal(err)
	}
	err = errors.Join(syscall.Flock(int(f.Fd()), syscall.LOCK_EX), os.Rename(name+".new", name+".bar"))
	if err != nil {
		j.t.Fatal(err)
	}
	return &bar{name, f}
}

// reached reports whether the effect stands at the bar.
func (b *bar) reached() bool {
	_, err := os.Stat(b.name + ".here")
	return err == nil
}

// lift takes the bar away for good.
func (b *bar) lift() {
	_ = os.Remove(b.name + ".bar") // lifted twice is lifted
	_ = b.file.Close()
}

// lines reads the journal.
func (j journal) lines() []checker.Line {
	j.t.Helper()
	f, err := os.Open(filepath.Join(j.dir, "journal"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		j.t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	lines, err := checker.ReadJournal(f)
	if err != nil {
		j.t.Fatal(err)
	}
	return lines
}

// ended reports whether the last effect of a step in a direction came to its
// end: what a person sees who looks at the system.
func (j journal) ended(id change.ID, step string, d change.Direction) bool {
	last := checker.Event("")
	for _, l := range j.lines() {
		if l.Change == id && l.Step == step && l.Direction == d {
			last = l.Event
		}
	}
	return last == checker.End
}
