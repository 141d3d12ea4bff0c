package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
)

// options is what the command line says.
type options struct {
	db         string
	ip         string
	port       int // 0: any free one
	uiPort     int // 0: no Web UI
	namespace  string
	attributes map[string]enumspb.IndexedValueType
	logLevel   string
	readyFile  string
	parent     int // 0: nobody to wait for
	version    bool
}

var logLevels = []string{"debug", "info", "warn", "error"}

// parse reads the command line. Flags are reported with what was expected.
func parse(args []string, stderr io.Writer) (options, error) {
	o := options{attributes: map[string]enumspb.IndexedValueType{}}
	f := flag.NewFlagSet("temporal-dev", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&o.db, "db", "", "SQLite `file` that holds everything; made, with its directories, if absent (required)")
	f.StringVar(&o.ip, "ip", "127.0.0.1", "loopback `address` to listen on")
	f.IntVar(&o.port, "port", 7233, "`port` of the Temporal frontend; 0 takes any free one")
	f.IntVar(&o.uiPort, "ui-port", 8233, "`port` of the Web UI; 0 for none")
	f.StringVar(&o.namespace, "namespace", "changectl", "`name` of the namespace to register if absent")
	f.Func("search-attribute", "`Name=Type` to register if absent; may be repeated. Types: "+strings.Join(attributeTypeNames(), ", "),
		func(s string) error { return addAttribute(o.attributes, s) })
	f.StringVar(&o.logLevel, "log-level", "warn", "`level` to log from, on stderr: "+strings.Join(logLevels, ", "))
	f.StringVar(&o.readyFile, "ready-file", "", "`file` to write address, UI and process ID to once requests are accepted")
	f.IntVar(&o.parent, "parent", 0, "stop when the process of this `PID` is gone")
	f.BoolVar(&o.version, "version", false, "print the versions and stop")
	err := f.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		f.SetOutput(stderr)
		f.PrintDefaults()
		return o, err
	}
	if err == nil && f.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q: everything is given by flags, see --help", f.Arg(0))
	}
	if err != nil || o.version {
		return o, err
	}
	return o, o.check()
}

// check reports all that is wrong with the options at once, and makes the file names absolute.
func (o *options) check() error {
	var errs []error
	if o.db == "" {
		errs = append(errs, errors.New("--db is missing: name the SQLite file that holds the server's state"))
	}
	if ip := net.ParseIP(o.ip); ip == nil || !ip.IsLoopback() {
		errs = append(errs, fmt.Errorf("--ip %s is not a loopback address: this server has no authentication and listens on 127.0.0.1 or ::1 only", o.ip))
	}
	errs = append(errs, checkPortNumber("--port", o.port), checkPortNumber("--ui-port", o.uiPort))
	if o.port != 0 && o.port == o.uiPort {
		errs = append(errs, fmt.Errorf("--port and --ui-port are both %d: give the Web UI a port of its own, or 0 for none", o.port))
	}
	if o.namespace == "" || o.namespace == "temporal-system" {
		errs = append(errs, fmt.Errorf("--namespace %q cannot be used: choose another name", o.namespace))
	}
	if !slices.Contains(logLevels, o.logLevel) {
		errs = append(errs, fmt.Errorf("--log-level %q is not known: choose one of %s", o.logLevel, strings.Join(logLevels, ", ")))
	}
	if o.parent < 0 {
		errs = append(errs, fmt.Errorf("--parent %d is not a process ID", o.parent))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return o.absolute()
}

// absolute makes file names independent of the working directory.
func (o *options) absolute() (err error) {
	if o.db, err = filepath.Abs(o.db); err != nil {
		return fmt.Errorf("resolve --db: %w", err)
	}
	if o.readyFile == "" {
		return nil
	}
	if o.readyFile, err = filepath.Abs(o.readyFile); err != nil {
		return fmt.Errorf("resolve --ready-file: %w", err)
	}
	return nil
}

func checkPortNumber(name string, port int) error {
	if port < 0 || port > 65535 {
		return fmt.Errorf("%s %d is not a port: expected 0 to 65535", name, port)
	}
	return nil
}

// writeFile puts data into a file that appears whole or not at all.
func writeFile(name string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	_, err = tmp.Write(data)
	if err := errors.Join(err, tmp.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := os.Rename(tmp.Name(), name); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
