package mailtest

import (
	"context"
	"fmt"
	"net"
	"sync"
)

// The addresses of servers that are piped.
const (
	PipedIMAP = "mail.here.example:143"
	PipedPOP3 = "mail.here.example:110"
	PipedSMTP = "mail.here.example:25"
)

// pipeListener is a listener without a network. Its connections are pipes in memory, so everything above may run in
// virtual time.
type pipeListener struct {
	address string
	conns   chan net.Conn
	once    sync.Once
	closed  chan struct{}
}

func newPipeListener(address string) *pipeListener {
	return &pipeListener{address: address, conns: make(chan net.Conn), closed: make(chan struct{})}
}

// Accept is part of net.Listener.
func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close is part of net.Listener.
func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr is part of net.Listener.
func (l *pipeListener) Addr() net.Addr { return pipeAddr(l.address) }

type pipeAddr string

func (a pipeAddr) Network() string { return "pipe" }
func (a pipeAddr) String() string  { return string(a) }

// Dial connects to one of the servers when they are piped, as net.Dialer.DialContext does.
func (s *Servers) Dial(ctx context.Context, _, address string) (net.Conn, error) {
	for _, l := range s.listeners {
		p, ok := l.(*pipeListener)
		if !ok || p.address != address {
			continue
		}
		ours, theirs := net.Pipe()
		select {
		case p.conns <- theirs:
			return ours, nil
		case <-p.closed:
			return nil, net.ErrClosed
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return nil, fmt.Errorf("dial %s: no server is piped there", address)
}
