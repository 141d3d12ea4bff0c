//go:build unix && !linux

package execute

import "syscall"

// groupAttributes puts a program into a process group of its own.
func groupAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
