package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"syscall"
)

// ports are those that the program listens on. The last three serve the inside of the server.
type ports struct {
	frontend, ui              int
	history, matching, worker int
}

// address is host:port of the frontend.
func (p ports) address(ip string) string { return hostPort(ip, p.frontend) }

// uiURL is where the Web UI answers, empty if there is none.
func (p ports) uiURL(ip string) string {
	if p.ui == 0 {
		return ""
	}
	return "http://" + hostPort(ip, p.ui)
}

// choosePorts makes sure that the wanted ports are free, before anything is written, and picks the others. All are
// held until the last is found, so that no two are the same.
func choosePorts(ctx context.Context, o options) (p ports, err error) {
	claims := []struct {
		port           *int
		wanted         int
		who, otherwise string
	}{
		{&p.frontend, o.port, "the Temporal frontend", "choose another with --port"},
		{&p.ui, o.uiPort, "the Web UI", "choose another with --ui-port (0 for none)"},
		{&p.history, 0, "the history service", "try again"},
		{&p.matching, 0, "the matching service", "try again"},
		{&p.worker, 0, "the worker service", "try again"},
	}
	for _, c := range claims {
		if c.port == &p.ui && o.uiPort == 0 {
			continue
		}
		l, refused := claim(ctx, o.ip, c.wanted, c.who, c.otherwise)
		if refused != nil {
			err = errors.Join(err, refused)
			continue
		}
		defer func() { _ = l.Close() }()
		*c.port = l.Addr().(*net.TCPAddr).Port
	}
	return p, err
}

// The inner ports lie below those that the kernel hands out by itself: between this look
// and the server's own listening nobody is given one of them.
const (
	firstInner, lastInner = 20_000, 30_000
	tries                 = 100
)

// claim listens on the wanted port, or for 0 on a free one of the inner ports.
func claim(ctx context.Context, ip string, wanted int, who, otherwise string) (l net.Listener, err error) {
	if wanted != 0 {
		return listen(ctx, ip, wanted, who, otherwise)
	}
	for range tries {
		if l, err = listen(ctx, ip, firstInner+rand.IntN(lastInner-firstInner), who, otherwise); err == nil {
			return l, nil
		}
	}
	return nil, err
}

// listen refuses a port that cannot be listened on, saying who needs it and what to do.
func listen(ctx context.Context, ip string, port int, who, otherwise string) (net.Listener, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", hostPort(ip, port))
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("port %d on %s is taken (wanted for %s): stop what listens there or %s", port, ip, who, otherwise)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("port %d on %s is not ours to use (wanted for %s): %s", port, ip, who, otherwise)
	case err != nil:
		return nil, fmt.Errorf("listen on port %d of %s for %s: %w", port, ip, who, err)
	}
	return l, nil
}

func hostPort(ip string, port int) string { return net.JoinHostPort(ip, strconv.Itoa(port)) }
