//go:build unix

package execute

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

const (
	// termGrace is how long a process group has between SIGTERM and SIGKILL.
	termGrace = 5 * time.Second
	// drainGrace is how long output is read on after the program has ended, where a
	// child of it holds the pipe open.
	drainGrace = 250 * time.Millisecond
)

// process is a program in a process group of its own.
type process struct {
	cmd            *exec.Cmd
	stdout, stderr io.Writer
	grace          time.Duration
	readers        []*os.File
	drained        chan struct{}
}

// errLeftOpen says that the program has ended but something that it started holds
// its output open.
var errLeftOpen = errors.New("a process that it started holds its output open")

// run starts the program and waits for its end. When ctx ends first, the whole
// group gets SIGTERM, after the grace SIGKILL, and run returns the cause of ctx.
// An error that wraps errNotStarted means that nothing has run.
func (p *process) run(ctx context.Context) error {
	started, ended := make(chan error, 1), make(chan exit, 1)
	go p.own(started, ended)
	if err := <-started; err != nil {
		return fmt.Errorf("%w: %w", errNotStarted, err)
	}
	var end exit
	select {
	case end = <-ended:
	case <-ctx.Done():
		p.stop(ended)
		p.drain()
		return context.Cause(ctx)
	}
	if open := p.drain(); end.err == nil && open {
		return errLeftOpen
	}
	return end.err
}

// exit is how the program ended, as exec.Cmd.Wait tells it.
type exit struct{ err error }

var errNotStarted = errors.New("start the program")

// own starts and reaps the program on one thread: where the system can end a
// program together with its parent, it goes by the parent's thread.
func (p *process) own(started chan<- error, ended chan<- exit) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	writers, err := p.pipes()
	if err != nil {
		started <- err
		return
	}
	p.cmd.SysProcAttr = groupAttributes()
	err = p.cmd.Start()
	for _, w := range writers {
		_ = w.Close()
	}
	if err != nil {
		p.drain()
		started <- err
		return
	}
	started <- nil
	ended <- exit{p.cmd.Wait()}
}

// pipes connects the output and begins to copy it.
func (p *process) pipes() ([]*os.File, error) {
	outR, outW, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("open a pipe: %w", err)
	}
	errR, errW, err := os.Pipe()
	if err != nil {
		_ = outR.Close()
		_ = outW.Close()
		return nil, fmt.Errorf("open a pipe: %w", err)
	}
	p.cmd.Stdout, p.cmd.Stderr = outW, errW
	p.readers, p.drained = []*os.File{outR, errR}, make(chan struct{})
	copied := make(chan struct{}, 2)
	for i, w := range []io.Writer{p.stdout, p.stderr} {
		go func() {
			_, _ = io.Copy(w, p.readers[i]) // ends with the pipe, or when drain gives up
			copied <- struct{}{}
		}()
	}
	go func() {
		<-copied
		<-copied
		close(p.drained)
	}()
	return []*os.File{outW, errW}, nil
}

// drain waits for the rest of the output, a moment at most, and reports whether
// somebody still held the pipe open then.
func (p *process) drain() (open bool) {
	select {
	case <-p.drained:
	case <-time.After(drainGrace):
		open = true
		for _, r := range p.readers {
			_ = r.SetReadDeadline(time.Unix(1, 0))
		}
		<-p.drained
	}
	for _, r := range p.readers {
		_ = r.Close()
	}
	return open
}

// stop ends the whole group: what ignores SIGTERM, or outlives the program that
// was asked, is killed.
func (p *process) stop(ended <-chan exit) {
	group := -p.cmd.Process.Pid
	_ = syscall.Kill(group, syscall.SIGTERM)
	over := time.NewTimer(p.grace)
	defer over.Stop()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	reaped := false
	for {
		select {
		case <-ended:
			reaped, ended = true, nil
		case <-look.C:
		case <-over.C:
			_ = syscall.Kill(group, syscall.SIGKILL)
			if !reaped {
				<-ended
			}
			return
		}
		if reaped && errors.Is(syscall.Kill(group, 0), syscall.ESRCH) {
			return
		}
	}
}
