package identity_test

import (
	"bytes"
	"crypto/elliptic"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/identity"
)

func TestEveryAcceptedKeyIsRecognised(t *testing.T) {
	tests := map[string]ssh.Signer{
		"ed25519":    ed25519Key(t),
		"ecdsa 256":  ecdsaKey(t, elliptic.P256()),
		"ecdsa 384":  ecdsaKey(t, elliptic.P384()),
		"ecdsa 521":  ecdsaKey(t, elliptic.P521()),
		"rsa 3072":   rsaKey(t, strongRSA),
		"sk-ed25519": securityKeyED25519(t, 1),
		"sk-ecdsa":   securityKeyECDSA(t, 5),
	}
	for name, k := range tests {
		t.Run(name, func(t *testing.T) {
			signers := allowed(t, `user:alice namespaces="git,changectl" `+line(k.PublicKey())+" alice's key")
			got, err := signers.Verify(signedBy(t, k), noon)
			if err != nil {
				t.Fatal(err)
			}
			want := identity.Verified{Statement: statement(), Principals: []string{"user:alice"}, Fingerprint: ssh.FingerprintSHA256(k.PublicKey())}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestASignatureThatDoesNotCountIsDenied(t *testing.T) {
	alice, other, ca := ed25519Key(t), ed25519Key(t), ed25519Key(t)
	weak, dull := rsaKey(t, weakRSA), securityKeyED25519(t, 0)
	dullEC := securityKeyECDSA(t, 4)
	good := signedBy(t, alice)
	signers := allowed(t,
		`alice namespaces="changectl" `+line(alice.PublicKey()),
		`gitter namespaces="git" `+line(weak.PublicKey()),
		`dull namespaces="changectl" `+line(dull.PublicKey()),
		`dullec namespaces="changectl" `+line(dullEC.PublicKey()),
		`* cert-authority,namespaces="changectl" `+line(ca.PublicKey()),
	)
	armor := func(s string) change.SignedStatement {
		return change.SignedStatement{Statement: good.Statement, Signature: s}
	}
	longer, _ := pem.Decode([]byte(good.Signature))
	longer.Bytes = append(longer.Bytes, 0)
	tests := map[string]struct {
		in   change.SignedStatement
		want string
	}{
		"unknown key":         {signedBy(t, other), "the key " + ssh.FingerprintSHA256(other.PublicKey()) + " is not among the allowed signers"},
		"authority itself":    {signedBy(t, ca), "is not among the allowed signers"},
		"other namespace":     {signBytes(t, good.Statement, alice, "git"), `was made for the namespace "git"; expected "changectl"`},
		"altered statement":   {change.SignedStatement{Statement: bytes.Replace(good.Statement, []byte("CHG-17"), []byte("CHG-18"), 1), Signature: good.Signature}, "does not belong to this statement"},
		"truncated statement": {change.SignedStatement{Statement: good.Statement[:len(good.Statement)-1], Signature: good.Signature}, "does not belong to this statement"},
		"forged key":          {armor(forged(t, good, alice, other)), "does not belong to this statement"},
		"nothing":             {armor(""), "is not an armored SSH signature"},
		"truncated":           {armor(good.Signature[:len(good.Signature)/2]), "is damaged or cut off"},
		"two signatures":      {armor(good.Signature + good.Signature), "is damaged or cut off"},
		"headers":             {armor(strings.Replace(good.Signature, "-----\n", "-----\nName: alice\n\n", 1)), "is damaged or cut off"},
		"text before":         {armor("x\n" + good.Signature), "is not an armored SSH signature"},
		"longer blob":         {armor(string(pem.EncodeToMemory(longer))), "the signature cannot be read"},
		"reserved field":      {armor(reserved(t, good)), "carries more than a signature"},
		"short RSA key":       {signedBy(t, weak), "an RSA key of 2048 bits is not accepted"},
		"untouched":           {signedBy(t, dull), "the security key was not touched"},
		"untouched ecdsa":     {signedBy(t, dullEC), "the security key was not touched"},
		"line break at end":   {signBytes(t, append(bytes.Clone(good.Statement), '\n'), alice, "changectl"), "is not canonical JSON"},
		"unknown field":       {signBytes(t, []byte(`{"also":"this"}`), alice, "changectl"), `unknown field "also"`},
		"field in capitals":   {signBytes(t, bytes.Replace(good.Statement, []byte(`"nonce"`), []byte(`"NONCE"`), 1), alice, "changectl"), "is not canonical JSON"},
		"given twice":         {signBytes(t, bytes.Replace(good.Statement, []byte(`"nonce":`), []byte(`"nonce":"x","nonce":`), 1), alice, "changectl"), "is not canonical JSON"},
		"not JSON":            {signBytes(t, []byte("approve it"), alice, "changectl"), "is not a statement"},
		"nothing said":        {signBytes(t, canonical(t, change.Statement{}), alice, "changectl"), "does not say change, decision, expires, instance, nonce, plan, revision"},
		"huge":                {signBytes(t, bytes.Repeat([]byte("x"), 65<<10), alice, "changectl"), "at most 65536 are read"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := signers.Verify(tt.in, noon)
			refused(t, err, change.KindDenied, tt.want)
		})
	}
	if _, err := signers.Verify(good, noon); err != nil {
		t.Errorf("the signature that the others vary does not count itself: %v", err)
	}
}

// forged puts the public key of victim under a signature made by attacker.
func forged(t *testing.T, s change.SignedStatement, victim, attacker ssh.Signer) string {
	t.Helper()
	sig, err := sshsig.Unarmor([]byte(signBytes(t, s.Statement, attacker, "changectl").Signature))
	if err != nil {
		t.Fatal(err)
	}
	sig.PublicKey = victim.PublicKey()
	return string(sshsig.Armor(sig))
}

// reserved fills the field that has no meaning yet, and that no signature covers.
func reserved(t *testing.T, s change.SignedStatement) string {
	t.Helper()
	var blob struct {
		Magic                                     [6]byte
		Version                                   uint32
		Key, Namespace, Reserved, Hash, Signature string
	}
	block, _ := pem.Decode([]byte(s.Signature))
	if err := ssh.Unmarshal(block.Bytes, &blob); err != nil {
		t.Fatal(err)
	}
	blob.Reserved = "pay bob"
	block.Bytes = ssh.Marshal(blob)
	return string(pem.EncodeToMemory(block))
}

func TestARSASignatureWithSHA1IsDenied(t *testing.T) {
	k := rsaKey(t, strongRSA)
	ca := ed25519Key(t)
	cert := certificate(t, k, ca, nil)
	signers := allowed(t, `alice namespaces="changectl" `+line(k.PublicKey()), `alice cert-authority,namespaces="changectl" `+line(ca.PublicKey()))
	sha1 := certified{Signer: k, cert: cert} // Sign of an RSA key is ssh-rsa
	_, err := signers.Verify(signedBy(t, sha1), noon)
	refused(t, err, change.KindDenied, `a signature of the kind "ssh-rsa" by a key of the type ssh-rsa is not accepted; expected rsa-sha2-512`)
}

func TestAKeyCountsOnlyInItsTime(t *testing.T) {
	k := ed25519Key(t)
	signed := signedBy(t, k)
	tests := map[string]struct{ options, want string }{
		"in time":      {`valid-after="20270306Z",valid-before="202703061200Z"`, ""},
		"too early":    {`valid-after="20270306120001Z"`, "is only valid from 2027-03-06T12:00:01Z on"},
		"too late":     {`valid-before="20270306115959Z"`, "was only valid until 2027-03-06T11:59:59Z"},
		"other option": {`VALID-AFTER="20270306Z"`, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := allowed(t, `alice namespaces="changectl",`+tt.options+" "+line(k.PublicKey())).Verify(signed, noon)
			if tt.want != "" {
				refused(t, err, change.KindDenied, tt.want)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestALineForAnotherNamespaceDoesNotCount(t *testing.T) {
	k := ed25519Key(t)
	git, ours := `bob namespaces="git" `+line(k.PublicKey()), `alice namespaces="changectl" `+line(k.PublicKey())
	_, err := allowed(t, git).Verify(signedBy(t, k), noon)
	refused(t, err, change.KindDenied, `of bob is allowed to sign for "git", not for "changectl"`)
	v, err := allowed(t, git, ours).Verify(signedBy(t, k), noon)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"alice"}, v.Principals); diff != "" {
		t.Error(diff)
	}
}

func TestARemovedKeyStopsToCountAtOnce(t *testing.T) {
	alice, bob := ed25519Key(t), ed25519Key(t)
	file := t.TempDir() + "/allowed_signers"
	write(t, file, `alice namespaces="changectl" `+line(alice.PublicKey())+"\n", 0o644)
	var signers identity.Signers
	if err := signers.Load(file); err != nil {
		t.Fatal(err)
	}
	signed := signedBy(t, alice)
	if _, err := signers.Verify(signed, noon); err != nil {
		t.Fatal(err)
	}
	// The same length in the same instant: neither size nor time would tell.
	write(t, file, `alice namespaces="changectl" `+line(bob.PublicKey())+"\n", 0o644)
	_, err := signers.Verify(signed, noon)
	refused(t, err, change.KindDenied, "is not among the allowed signers")

	write(t, file, "alice oops\n", 0o644)
	_, err = signers.Verify(signed, noon)
	refused(t, err, change.KindUnavailable, file+":1: has 2 fields")

	write(t, file, `alice namespaces="changectl" `+line(alice.PublicKey())+"\n", 0o646)
	_, err = signers.Verify(signed, noon)
	refused(t, err, change.KindUnavailable, "is writable by everybody (mode 0646)")

	write(t, file, `alice namespaces="changectl" `+line(alice.PublicKey())+"\n", 0o644)
	if _, err := signers.Verify(signed, noon); err != nil {
		t.Error(err)
	}
	_, err = new(identity.Signers).Verify(signed, noon)
	refused(t, err, change.KindUnavailable, "no file of allowed signers is configured")
}

func TestPrincipalsNameAPerson(t *testing.T) {
	tests := map[string]struct {
		principals []string
		person     change.Ref
		want       string
	}{
		"a name":          {[]string{"alice"}, "user:alice", ""},
		"a reference":     {[]string{"alice@example.com", "User:default/alice", "alice"}, "user:alice", ""},
		"two persons":     {[]string{"alice", "user:bob"}, "", "stands for both user:alice and user:bob"},
		"only an address": {[]string{"alice@example.com"}, "", "is listed for alice@example.com, which names no user"},
		"a group":         {[]string{"group:dba"}, "", "which names no user"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := identity.Verified{Principals: tt.principals}.Person()
			if got != tt.person {
				t.Errorf("got %q, want %q", got, tt.person)
			}
			if tt.want != "" {
				refused(t, err, change.KindDenied, tt.want)
			}
		})
	}
}
