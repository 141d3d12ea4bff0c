package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/changectl/changectl/test/ghfake/npm"
)

// download reads GitHub's whole description out of the package.
func download(ctx context.Context) (map[string]any, error) {
	text, err := npm.Fetch(ctx, source, member)
	if err != nil {
		return nil, err
	}
	var whole map[string]any
	decode := json.NewDecoder(bytes.NewReader(text))
	decode.UseNumber()
	if err := decode.Decode(&whole); err != nil {
		return nil, fmt.Errorf("read %s: %w", member, err)
	}
	return whole, nil
}
