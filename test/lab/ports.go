package lab

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

const loopback = "127.0.0.1"

// freePorts finds ports that nobody listens on. They lie below the range from
// which the kernel takes the ports of outgoing connections, because a node
// gives its port back while it is stopped and must get it again.
func freePorts(ctx context.Context, n int) ([]int, error) {
	const low, high, tries = 20001, 32000, 200
	var ports []int
	taken := map[int]bool{}
	for range tries {
		if len(ports) == n {
			return ports, nil
		}
		port := low + rand.IntN(high-low)
		if taken[port] {
			continue
		}
		taken[port] = true
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(loopback, strconv.Itoa(port)))
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			return nil, fmt.Errorf("give port %d back: %w", port, err)
		}
		ports = append(ports, port)
	}
	return nil, fmt.Errorf("find %d free ports between %d and %d: %d tries found %d", n, low, high, tries, len(ports))
}
