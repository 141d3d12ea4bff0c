package identity

import (
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/change"
)

// Person returns the user that the principals name: "user:alice" or just "alice".
// Principals of other shapes, such as mail addresses, are for the catalog to
// resolve; where nothing else is left, the error is Denied.
func (v Verified) Person() (change.Ref, error) {
	users := users(v.Principals)
	switch len(users) {
	case 0:
		return "", change.Denied("the key %s is listed for %s, which names no user of the catalog", v.Fingerprint, strings.Join(v.Principals, ", ")).
			WithHint("write the principal as user:NAME in the allowed signers")
	case 1:
		return users[0], nil
	}
	return "", shared(v.Fingerprint, users)
}

// shared says that a signature could be of any of several people, and so is of
// nobody.
func shared(fingerprint string, users []change.Ref) *change.Error {
	return change.Denied("the key %s stands for both %s and %s; a key is one person's", fingerprint, users[0], users[1])
}

// users returns the different users among principals.
func users(principals []string) []change.Ref {
	var all []change.Ref
	for _, p := range principals {
		ref, err := change.ParseRef(p, "user")
		if err == nil && ref.Kind() == "user" && !slices.Contains(all, ref) {
			all = append(all, ref)
		}
	}
	return all
}
