package ledger

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheWriteAheadLogDoesNotGrow(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, "sqlite:"+file)
	before := walSize(t, file)
	scheduled(t, l, plan("Patch", window(1), "resource:a"))
	if after := walSize(t, file); after != before || before < 1<<20 {
		t.Errorf("the write-ahead log has %d bytes after opening and %d after a change; want as many, and more than a few transactions need", before, after)
	}
}

// What a crash leaves behind is database and log as they are, zeros and all.
func TestACrashFindsWhatWasCommittedBeforeTheZeros(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, "sqlite:"+file)
	want := scheduled(t, l, plan("Patch", window(1), "resource:a"))
	crashed := filepath.Join(t.TempDir(), "ledger.db")
	for _, end := range []string{"", "-wal"} {
		b, err := os.ReadFile(file + end)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(crashed+end, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	again := open(t, "sqlite:"+crashed)
	verified(t, again)
	got, err := again.Change(t.Context(), want.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("after the crash (-want +got):\n%s", diff)
	}
}

func walSize(t *testing.T, file string) int64 {
	t.Helper()
	info, err := os.Stat(file + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
