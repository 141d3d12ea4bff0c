package ghfake

import (
	"bytes"
	"compress/gzip"
	_ "embed" // the description
	"fmt"
	"io"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
)

//go:embed openapi/github.json.gz
var packed []byte

// description is GitHub's own description of what is used of its API. It is read once.
var description = sync.OnceValues(func() (*openapi3.T, error) {
	zip, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("unpack GitHub's description: %w", err)
	}
	plain, err := io.ReadAll(zip)
	if err != nil {
		return nil, fmt.Errorf("unpack GitHub's description: %w", err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(plain)
	if err != nil {
		return nil, fmt.Errorf("read GitHub's description: %w", err)
	}
	return doc, nil
})
