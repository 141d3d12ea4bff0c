package execute

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/changectl/changectl/internal/change"
)

// digests remembers the digest of plans by their plain JSON. The gate computes a
// digest at every step, inside the transaction of the ledger, and making JSON
// canonical takes ten times as long as hashing it. Two plans with the same JSON
// are the same plan; one that was altered is computed anew.
var digests = struct {
	sync.Mutex
	known map[[sha256.Size]byte]string
}{known: map[[sha256.Size]byte]string{}}

// maxDigests bounds what is remembered; beyond it the memory starts anew.
const maxDigests = 1024

func digestOf(p change.Plan) (string, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("encode the plan: %w", err)
	}
	key := sha256.Sum256(b)
	digests.Lock()
	digest, known := digests.known[key]
	digests.Unlock()
	if known {
		return digest, nil
	}
	if digest, err = p.Digest(); err != nil {
		return "", err
	}
	digests.Lock()
	defer digests.Unlock()
	if len(digests.known) >= maxDigests {
		clear(digests.known)
	}
	digests.known[key] = digest
	return digest, nil
}
