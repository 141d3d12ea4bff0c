package main

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

//go:embed runbooks/*.yaml
var embedded embed.FS

func ownRunbooks() fs.FS {
	files, err := fs.Sub(embedded, "runbooks")
	if err != nil {
		panic(err) // the directory is embedded above
	}
	return files
}

const patchFile = `apiVersion: changectl.dev/v1
kind: Change
metadata: {title: %s}
spec:
  type: normal
  reason: %s
  runbook: postgres-switchover-patch
  parameters:
    primary: resource:orders-db-1
    standby: resource:orders-db-2
    pooler: resource:orders-pool
    application: component:orders-api
    version: '%s'
    probe: %s
    secret: %s
  window: %s
`

const stopFile = `apiVersion: changectl.dev/v1
kind: Change
metadata: {title: Move orders-db-2 to another rack}
spec:
  type: normal
  reason: Rack 7 is to be emptied
  runbook: postgres-clean-shutdown
  parameters: {server: resource:orders-db-2, pooler: resource:orders-pool, secret: %[1]s}
  window: %[2]s
`

const naiveFile = `apiVersion: changectl.dev/v1
kind: Change
metadata: {title: 'Quickly: make orders-db-2 the primary'}
spec:
  type: normal
  reason: It looks quicker than the long runbook
  runbook: naive-promotion
  parameters: {primary: resource:orders-db-1, standby: resource:orders-db-2, pooler: resource:orders-pool, secret: %[1]s}
  window: %[2]s
`

// window is a window that opens at a moment, in the company's zone. The offset
// is written out, so that it holds in the hour in which the clocks are set back.
func window(opens time.Time) (string, error) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("{start: '%s', duration: 1h, zone: Europe/Berlin}", opens.In(zone).Format(time.RFC3339)), nil
}

// file writes a change file and shows it.
func (d *demo) file(name, text string) (string, error) {
	path := filepath.Join(d.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return "", fmt.Errorf("write %s: %w", name, err)
	}
	fmt.Fprintf(d.show.out, "\n$ cat %s\n", path)
	c := &cutter{out: d.show.out}
	for line := range lines(text) {
		c.line(line)
	}
	return path, nil
}
