package audit

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/changectl/changectl/internal/change"
)

func TestAnUntouchedLogOfAnySizeVerifies(t *testing.T) {
	k := newKey(t, "example")
	records, _, heads := logOf(t, k, 70)
	for size, head := range heads {
		if err := VerifyFrom(heads[:size], head, k.Verifier(), each(records)); err != nil {
			t.Fatalf("size %d: %v", size, err)
		}
	}
}

func TestEveryAlterationIsFound(t *testing.T) {
	k := newKey(t, "example")
	for _, tc := range []struct {
		name  string
		alter func(r []Record) []Record
	}{
		{"a changed byte", func(r []Record) []Record {
			r[5].Leaf = bytes.Replace(r[5].Leaf, []byte("step 5"), []byte("step 6"), 1)
			return r
		}},
		{"a changed byte and entry", func(r []Record) []Record {
			r[5].Leaf = bytes.Replace(r[5].Leaf, []byte("ada"), []byte("eve"), 1)
			r[5].Entry.Who = "user:eve"
			return r
		}},
		{"an entry that reads differently from its leaf", func(r []Record) []Record { r[5].Entry.Who = "user:eve"; return r }},
		{"the first dropped", func(r []Record) []Record { return r[1:] }},
		{"one dropped", func(r []Record) []Record { return slices.Delete(r, 5, 6) }},
		{"one dropped and renumbered", func(r []Record) []Record {
			r = slices.Delete(r, 5, 6)
			for i := range r {
				r[i].Number = int64(i)
			}
			return r
		}},
		{"two swapped", func(r []Record) []Record { r[5], r[6] = r[6], r[5]; return r }},
		{"two swapped and renumbered", func(r []Record) []Record {
			r[5], r[6] = r[6], r[5]
			r[5].Number, r[6].Number = 5, 6
			return r
		}},
		{"the last cut off", func(r []Record) []Record { return r[:len(r)-1] }},
		{"all cut off", func([]Record) []Record { return nil }},
		{"one repeated", func(r []Record) []Record { return slices.Insert(r, 5, r[5]) }},
		{"one slipped in", func(r []Record) []Record {
			r = slices.Insert(r, 5, r[9])
			for i := range r {
				r[i].Number = int64(i)
			}
			return r
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			records, _, heads := logOf(t, k, 21)
			err := Verify(heads[21], k.Verifier(), each(tc.alter(records)))
			if change.KindOf(err) != change.KindDenied {
				t.Fatalf("got %v, want a Denied error", err)
			}
		})
	}
}

func TestAForgedCheckpointIsFound(t *testing.T) {
	k, other := newKey(t, "example"), newKey(t, "example")
	records, _, heads := logOf(t, k, 9)
	_, _, forged := logOf(t, other, 9)
	stranger := newKey(t, "elsewhere")
	_, _, foreign := logOf(t, stranger, 9)
	for name, head := range map[string]string{
		"another key of the same name": forged[9],
		"another instance":             foreign[9],
		"a changed size":               strings.Replace(heads[9], "\n9\n", "\n8\n", 1),
		"no signature":                 strings.SplitAfter(heads[9], "\n\n")[0],
		"nothing":                      "",
		"an older one with newer size": strings.Replace(heads[8], "\n8\n", "\n9\n", 1),
	} {
		if err := Verify(head, k.Verifier(), each(records)); change.KindOf(err) != change.KindDenied {
			t.Errorf("%s: got %v, want a Denied error", name, err)
		}
	}
}

func TestALogThatWasRewrittenDoesNotExtendWhatWasSeenEarlier(t *testing.T) {
	k := newKey(t, "example")
	records, hashes, heads := logOf(t, k, 40)
	for older := range heads {
		for newer := older; newer < len(heads); newer++ {
			proof, err := ProveGrowth(int64(newer), int64(older), hashes)
			if err != nil {
				t.Fatal(err)
			}
			if err := Extends(heads[older], heads[newer], k.Verifier(), proof); err != nil {
				t.Fatalf("%d of %d: %v", older, newer, err)
			}
		}
	}
	rewritten := slices.Clone(records)
	rewritten[3].Entry.Why = "nothing happened"
	leaf, err := Leaf(rewritten[3].Entry)
	if err != nil {
		t.Fatal(err)
	}
	rewritten[3].Leaf = leaf
	var tree Tree
	for _, r := range rewritten {
		tree, _ = tree.Append(r.Leaf)
	}
	resigned := head(t, k, tree)
	if err := Verify(resigned, k.Verifier(), each(rewritten)); err != nil {
		t.Fatalf("whoever owns database and key can make a log that verifies by itself: %v", err)
	}
	if err := VerifyFrom(heads[20:21], resigned, k.Verifier(), each(rewritten)); change.KindOf(err) != change.KindDenied {
		t.Errorf("an earlier checkpoint: got %v, want a Denied error", err)
	}
	proof, err := ProveGrowth(40, 20, hashes)
	if err != nil {
		t.Fatal(err)
	}
	if err := Extends(heads[20], resigned, k.Verifier(), proof); change.KindOf(err) != change.KindDenied {
		t.Errorf("by proof: got %v, want a Denied error", err)
	}
	if err := Extends(heads[20], heads[10], k.Verifier(), nil); change.KindOf(err) != change.KindDenied {
		t.Errorf("a shortened log: got %v, want a Denied error", err)
	}
}

func TestAProofHoldsForItsEntryAlone(t *testing.T) {
	k := newKey(t, "example")
	records, hashes, heads := logOf(t, k, 23)
	for n, r := range records {
		path, err := Prove(23, int64(n), hashes)
		if err != nil {
			t.Fatal(err)
		}
		p := Proof{Number: int64(n), Leaf: r.Leaf, Checkpoint: heads[23], Hashes: path}
		if err := p.Check(k.Verifier()); err != nil {
			t.Fatalf("entry %d: %v", n, err)
		}
		p.Leaf = records[(n+1)%23].Leaf
		if err := p.Check(k.Verifier()); change.KindOf(err) != change.KindDenied {
			t.Fatalf("entry %d with another leaf: got %v, want a Denied error", n, err)
		}
	}
}
