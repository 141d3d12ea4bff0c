// Package request reads what people write to ask for a change or a freeze: a file
// of kind Change or Freeze, or flags that say the same.
//
// It checks what can be known without a server: the shape, what must be there,
// what contradicts itself. Whether the runbook exists, its parameters fit or the
// window is free is decided by the service alone; Locate takes its answer back to
// the place in the file. The package must not reach for the network or the clock.
package request
