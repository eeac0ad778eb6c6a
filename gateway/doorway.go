package gateway

import (
	"context"
	"sync"
)

// mostOpening is how many connections are opened to one server at the same time. A process that starts with a thousand
// inboxes at one provider would otherwise ask it for a thousand handshakes at once and give up on most of them; inboxes
// of other servers do not wait for these.
const mostOpening = 32

// doorway lets a few at a time through to each server.
type doorway struct {
	mu      sync.Mutex
	servers map[string]chan struct{} // By HOST:PORT.
}

// enter waits for its turn at a server; leave must be called once the connection is open or has failed. An error is that
// of ctx.
func (d *doorway) enter(ctx context.Context, server string) (leave func(), err error) {
	d.mu.Lock()
	if d.servers == nil {
		d.servers = map[string]chan struct{}{}
	}
	inside := d.servers[server]
	if inside == nil {
		inside = make(chan struct{}, mostOpening)
		d.servers[server] = inside
	}
	d.mu.Unlock()
	select {
	case inside <- struct{}{}:
		return func() { <-inside }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
