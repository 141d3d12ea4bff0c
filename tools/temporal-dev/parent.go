package main

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// parentInterval is how often the parent is looked at. PR_SET_PDEATHSIG would be told, but by the death of the
// thread that started us, and threads of a Go program come and go.
const parentInterval = 100 * time.Millisecond

// watchParent calls gone once the process has ended. A child sees that by being given another parent, which
// holds for a parent that nobody has waited for as well.
func watchParent(pid int, gone func()) {
	child := os.Getppid() == pid
	for range time.Tick(parentInterval) {
		if child && os.Getppid() != pid || errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			gone()
			return
		}
	}
}
