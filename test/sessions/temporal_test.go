package sessions_test

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// temporal start runs a Temporal server that belongs to no changectl dev, at
// $TEMPORAL; temporal kill kills it, and started again it is at the same address.
func temporal(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, "start|kill")
	s := stateOf(ts)
	if args[0] == "kill" {
		ts.Check(s.temporal.Process.Kill())
		_ = s.temporal.Wait() // it was killed
		return
	}
	port := "0"
	if _, before, err := net.SplitHostPort(ts.Getenv("TEMPORAL")); err == nil {
		port = before
	}
	ready := ts.MkAbs("temporal.ready")
	if err := os.Remove(ready); err != nil && !os.IsNotExist(err) {
		ts.Fatalf("%v", err)
	}
	s.temporal = exec.Command(filepath.Join(shared.bin, "temporal-dev"), "--db", ts.MkAbs("temporal.db"),
		"--port", port, "--ui-port", "0", "--namespace", "somebody-elses", "--ready-file", ready)
	s.temporal.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	ts.Check(s.temporal.Start())
	ts.Defer(func() {
		_ = s.temporal.Process.Kill() // it may have been killed
		_ = s.temporal.Wait()
	})
	var r struct{ Address string }
	ts.Check(until(s.ctx, func() bool {
		b, err := os.ReadFile(ready)
		return err == nil && json.Unmarshal(b, &r) == nil
	}))
	ts.Setenv("TEMPORAL", r.Address)
}

// killtemporal NAME kills the Temporal server of a changectl dev, and waits
// until changectl dev has ended too.
func killTemporal(ts *testscript.TestScript, neg bool, args []string) {
	d := ownDev(ts, neg, args)
	pids, err := childrenOf(d.PID())
	ts.Check(err)
	for _, pid := range pids {
		ts.Check(syscall.Kill(pid, syscall.SIGKILL))
	}
	ts.Check(until(stateOf(ts).ctx, func() bool { return syscall.Kill(d.PID(), 0) != nil }))
}

// childrenOf reads the children of a process from what each of its threads started.
func childrenOf(pid int) ([]int, error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return nil, err
	}
	var children []int
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for _, f := range strings.Fields(string(b)) {
			child, err := strconv.Atoi(f)
			if err != nil {
				return nil, err
			}
			children = append(children, child)
		}
	}
	return children, nil
}
