// Package runbooks holds the runbooks that are shipped: reviewed procedures that
// a change can name. It is data only and must not hold code.
package runbooks

import "embed"

// Files holds every shipped runbook, NAME.yaml.
//
//go:embed *.yaml
var Files embed.FS
