package audit

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"
)

func TestTreeAgreesWithTlog(t *testing.T) {
	var tree Tree
	var stored []tlog.Hash
	for n := range int64(300) {
		leaf := []byte{byte(n), byte(n >> 8)}
		want, err := tlog.StoredHashes(n, leaf, readerOf(stored))
		if err != nil {
			t.Fatal(err)
		}
		next, got := tree.Append(leaf)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("stored hashes of leaf %d (-tlog +ours):\n%s", n, diff)
		}
		stored, tree = append(stored, got...), next
		root, err := tlog.TreeHash(n+1, readerOf(stored))
		if err != nil {
			t.Fatal(err)
		}
		if tree.Root() != root {
			t.Fatalf("root of %d leaves is %s, tlog says %s", n+1, tree.Root(), root)
		}
		again, err := NewTree(n+1, readerOf(stored))
		if err != nil {
			t.Fatal(err)
		}
		if again.Root() != root || again.Size() != n+1 {
			t.Fatalf("tree of %d leaves taken up again has root %s, want %s", n+1, again.Root(), root)
		}
	}
}

func TestKeyKeepsItsSecretToItself(t *testing.T) {
	for range 200 { // base64 text with a plus in it is rare enough to need many
		k := newKey(t, "example")
		again, err := ParseKey(k.Secret() + "\n")
		if err != nil {
			t.Fatal(err)
		}
		if again.Verifier() != k.Verifier() || again.Instance() != "example" {
			t.Fatalf("got %s, want %s", again.Verifier(), k.Verifier())
		}
		signed := head(t, k, Tree{})
		if _, err := Open(signed, again.Verifier()); err != nil {
			t.Fatalf("its own signature: %v", err)
		}
	}
	k := newKey(t, "example")
	if k.String() != k.Verifier() {
		t.Errorf("prints as %q", k.String())
	}
	for _, bad := range []string{"", "PRIVATE+KEY+x", k.Verifier()} {
		if _, err := ParseKey(bad); err == nil {
			t.Errorf("ParseKey(%q) accepts it", bad)
		}
	}
	for _, bad := range []string{"", "two words", "a+b", "a\nb"} {
		if _, err := GenerateKey(bad); err == nil {
			t.Errorf("GenerateKey(%q) accepts it", bad)
		}
	}
}
