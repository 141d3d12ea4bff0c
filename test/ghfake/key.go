package ghfake

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"sync"
)

// processKey makes the key once for all servers: it takes long.
var processKey = sync.OnceValues(func() (*rsa.PrivateKey, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("make the App's key: %w", err)
	}
	return key, nil
})

// Key returns the App's key as GitHub hands it out: PKCS#1 in PEM.
func (a *App) Key() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(a.key)})
}

// secret makes a random text with GitHub's prefix for what it is.
func secret(prefix string) string {
	b := make([]byte, 18)
	_, _ = rand.Read(b) // it never fails
	return prefix + hex.EncodeToString(b)
}
