package mailtest

import (
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Proxy passes TCP connections on to a server on loopback and makes every octet late, as a distant server would be.
type Proxy struct {
	Addr string // Where to connect to instead of the server.

	target   string
	half     time.Duration
	listener net.Listener
	trips    atomic.Int64
	conns    sync.Map
	wait     sync.WaitGroup
}

// Delay starts a proxy in front of target with the round-trip time rtt; with 0 it only counts.
func Delay(target string, rtt time.Duration) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for a proxy: %w", err)
	}
	p := &Proxy{Addr: l.Addr().String(), target: target, half: rtt / 2, listener: l}
	p.wait.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.wait.Go(func() { p.serve(c) })
		}
	})
	return p, nil
}

// RoundTrips returns how often a client has sent something after hearing from the server (or first of all).
func (p *Proxy) RoundTrips() int64 { return p.trips.Load() }

// Cut drops all connections; new ones are accepted.
func (p *Proxy) Cut() {
	p.conns.Range(func(c, _ any) bool {
		_ = c.(net.Conn).Close()
		return true
	})
}

// Close stops the proxy and waits for it.
func (p *Proxy) Close() {
	_ = p.listener.Close()
	p.Cut()
	p.wait.Wait()
}

func (p *Proxy) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer server.Close()
	p.conns.Store(client, nil)
	p.conns.Store(server, nil)
	defer p.conns.Delete(client)
	defer p.conns.Delete(server)
	var heard atomic.Bool // The server has spoken since the client did.
	heard.Store(true)
	var both sync.WaitGroup
	both.Go(func() {
		p.pump(server, client, func() {
			if heard.Swap(false) {
				p.trips.Add(1)
			}
		})
	})
	both.Go(func() { p.pump(client, server, func() { heard.Store(true) }) })
	both.Wait()
}

// late is a piece of the stream and when it may arrive.
type late struct {
	at time.Time
	b  []byte
}

// pump copies one direction; note is called for every piece read.
func (p *Proxy) pump(dst io.WriteCloser, src io.Reader, note func()) {
	pieces := make(chan late, 1024)
	var done sync.WaitGroup
	done.Go(func() {
		defer dst.Close()
		for piece := range pieces {
			time.Sleep(time.Until(piece.at))
			if _, err := dst.Write(piece.b); err != nil {
				for range pieces {
					continue // Let the reader come to its end.
				}
				return
			}
		}
	})
	for {
		b := make([]byte, 32<<10)
		n, err := src.Read(b)
		if n > 0 {
			note()
			pieces <- late{time.Now().Add(p.half), b[:n]}
		}
		if err != nil {
			break
		}
	}
	close(pieces)
	done.Wait()
}
