// Package testport finds loopback ports for the servers that tests start and stop.
//
// The ports lie below the range that the kernel takes for outgoing connections. A port of that range may be taken by a
// connection of another test between asking for it and listening on it, or while a server restarts.
package testport

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"time"
)

// Linux takes ports from 32768 on for outgoing connections (ip_local_port_range).
const first, count = 12_000, 20_000

// Free returns n different ports that nobody listens on.
func Free(n int) ([]int, error) {
	taken := map[int]bool{}
	var ports []int
	for range 200 * n {
		port := first + rand.N(count)
		if len(ports) == n {
			break
		}
		if !taken[port] && listen(port) == nil {
			ports = append(ports, port)
		}
		taken[port] = true
	}
	if len(ports) < n {
		return nil, errors.New("look for free ports: there are too few")
	}
	return ports, nil
}

// AwaitFree waits until nobody listens on ports. The processes of a server that has stopped may hold its sockets for a
// moment longer.
func AwaitFree(ctx context.Context, ports ...int) error {
	for _, port := range ports {
		for err := listen(port); err != nil; err = listen(port) {
			select {
			case <-ctx.Done():
				return fmt.Errorf("wait until port %d is free: %w", port, err)
			case <-time.After(2 * time.Millisecond):
			}
		}
	}
	return nil
}

func listen(port int) error {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return err
	}
	return l.Close()
}
