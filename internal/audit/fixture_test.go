package audit

import (
	"encoding/json"
	"fmt"
	"iter"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/changectl/changectl/internal/change"
)

var epoch = time.Date(2027, 3, 6, 22, 0, 0, 123456000, time.UTC)

func entry(n int) Entry {
	return Entry{
		At: epoch.Add(time.Duration(n) * time.Second), Kind: "step.intent", Change: "CHG-7", Revision: 1,
		Who: "user:ada", What: fmt.Sprintf("begins step %d", n), Why: "Security release <15.20>",
		Systems: []change.Ref{"resource:orders-db-1"}, Digests: map[string]string{"plan": "sha256:00", "with": "sha256:01"},
		Data: json.RawMessage(`{"n": ` + fmt.Sprint(n) + `}`),
	}
}

// logOf returns n records, the stored hashes over them and the checkpoint of each size.
func logOf(t *testing.T, k Key, n int) (records []Record, hashes tlog.HashReader, heads []string) {
	t.Helper()
	var tree Tree
	var stored []tlog.Hash
	heads = append(heads, head(t, k, tree))
	for i := range n {
		leaf, err := Leaf(entry(i))
		if err != nil {
			t.Fatal(err)
		}
		e, err := Decode(leaf)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, Record{Number: int64(i), Leaf: leaf, Entry: e})
		var more []tlog.Hash
		tree, more = tree.Append(leaf)
		stored = append(stored, more...)
		heads = append(heads, head(t, k, tree))
	}
	return records, readerOf(stored), heads
}

func head(t *testing.T, k Key, tree Tree) string {
	t.Helper()
	s, err := Checkpoint{Instance: k.Instance(), Size: tree.Size(), Root: tree.Root()}.Sign(k)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func readerOf(stored []tlog.Hash) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			if x >= int64(len(stored)) {
				return nil, fmt.Errorf("hash %d is not stored", x)
			}
			out[i] = stored[x]
		}
		return out, nil
	})
}

func newKey(t *testing.T, instance string) Key {
	t.Helper()
	k, err := GenerateKey(instance)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func each(records []Record) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}
}
