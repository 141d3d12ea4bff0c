package execute

import "syscall"

// groupAttributes puts a program into a process group of its own, and has it
// killed when the worker is: an orphan that worked on while the step is taken up
// again elsewhere would be two hands on one system.
func groupAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
