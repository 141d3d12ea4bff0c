// Command effect is what the steps of the fault tests do to the world: it writes
// into a journal that lies outside the product when it begins and when it ends.
//
//	effect run     DIR STEP do|undo pass|fail WORK   has the effect, which takes the time WORK
//	effect done    DIR STEP do|undo                  exits with 0 if that effect stands, else with 1
//	effect passed  DIR STEP                          exits with 0 once nobody bars the way
//
// Each stops at a bar that a test has put in its way (before the effect, in the
// middle of it, after it) until the bar is lifted. The change is taken from
// CHANGECTL_CHANGE. It knows nothing of the product, and must stay so.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// line is one line of the journal.
type line struct {
	At        time.Time `json:"at"`
	Event     string    `json:"event"` // begin, end, fail
	Change    string    `json:"change"`
	Step      string    `json:"step"`
	Direction string    `json:"direction"`
	PID       int       `json:"pid"`
	Alone     bool      `json:"alone"` // no other effect of the change was at work
}

func main() {
	signal.Ignore(syscall.SIGTERM) // what is under way cannot be talked out of it
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "effect:", err)
		code = 2
	}
	os.Exit(code)
}

func run(args []string) (int, error) {
	if len(args) < 3 {
		return 2, errors.New("expected run, done or passed with their arguments")
	}
	e := effect{dir: args[1], step: args[2], direction: "do", change: os.Getenv("CHANGECTL_CHANGE")}
	switch {
	case args[0] == "passed" && len(args) == 3:
		return e.passed()
	case args[0] == "done" && len(args) == 4:
		e.direction = args[3]
		return e.done()
	case args[0] == "run" && len(args) == 6:
		e.direction = args[3]
		work, err := time.ParseDuration(args[5])
		if err != nil {
			return 2, fmt.Errorf("read how long the work takes: %w", err)
		}
		return e.have(args[4], work)
	}
	return 2, fmt.Errorf("%q is not a call that is understood", args)
}

type effect struct{ dir, step, direction, change string }

// have has the effect.
func (e effect) have(ending string, work time.Duration) (int, error) {
	if err := e.stop("before"); err != nil {
		return 2, err
	}
	alone, err := e.alone()
	if err != nil {
		return 2, err
	}
	if err := e.write("begin", alone); err != nil {
		return 2, err
	}
	if err := e.stop("middle"); err != nil {
		return 2, err
	}
	time.Sleep(work)
	event, code := "end", 0
	if ending == "fail" {
		event, code = "fail", 1
	}
	if err := e.write(event, alone); err != nil {
		return 2, err
	}
	return code, e.stop("after")
}

// alone takes the lock of the change, which the kernel frees when the process
// ends, however it ends, and reports whether it was free.
func (e effect) alone() (bool, error) {
	f, err := os.OpenFile(filepath.Join(e.dir, e.change+".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return false, fmt.Errorf("open the lock: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) // kept until the end
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// stop tells that the place has been reached and waits there while it is barred.
func (e effect) stop(place string) error {
	f, err := e.bar(place)
	if f == nil || err != nil {
		return err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH); err != nil {
		return fmt.Errorf("wait at the bar: %w", err)
	}
	return f.Close()
}

// bar returns the bar at a place, or nil, and tells that it has been reached.
func (e effect) bar(place string) (*os.File, error) {
	name := filepath.Join(e.dir, fmt.Sprintf("%s.%s.%s.%s", e.change, e.step, e.direction, place))
	f, err := os.Open(name + ".bar")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // nil is "no bar"
	}
	if err != nil {
		return nil, fmt.Errorf("open the bar: %w", err)
	}
	return f, os.WriteFile(name+".here", nil, 0o600)
}

func (e effect) passed() (int, error) {
	f, err := e.bar("middle")
	if f == nil || err != nil {
		return 0, err
	}
	return 1, f.Close()
}

// write appends one line and has it reach the disk.
func (e effect) write(event string, alone bool) error {
	b, err := json.Marshal(line{
		At: time.Now().UTC(), Event: event, Change: e.change, Step: e.step, Direction: e.direction, PID: os.Getpid(), Alone: alone,
	})
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(e.dir, "journal"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the journal: %w", err)
	}
	_, err = f.Write(append(b, '\n'))
	return errors.Join(err, f.Sync(), f.Close())
}

// done looks into the journal for whether the effect stands.
func (e effect) done() (int, error) {
	f, err := os.Open(filepath.Join(e.dir, "journal"))
	if errors.Is(err, fs.ErrNotExist) {
		return 1, nil
	}
	if err != nil {
		return 2, fmt.Errorf("open the journal: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	last := ""
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var l line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return 2, fmt.Errorf("read the journal: %w", err)
		}
		if l.Change == e.change && l.Step == e.step && l.Event == "end" {
			last = l.Direction
		}
	}
	if last == e.direction {
		return 0, nil
	}
	return 1, nil
}
