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
	line     Line
	listener net.Listener
	trips    atomic.Int64
	accepted atomic.Int64
	conns    sync.Map
	wait     sync.WaitGroup
}

// Line is what lies between a client and a distant server.
type Line struct {
	RoundTrip time.Duration
	Rate      int64              // Octets a second in each direction; 0: no limit.
	Window    int64              // Octets on their way or not yet acknowledged, in each direction (RFC 9293, 3.8.6); 0: no limit.
	Heard     func(piece []byte) // Called for each piece that the server sends, before it is passed on; may be nil.
}

// Delay starts a proxy in front of target with the round-trip time rtt; with 0 it only counts.
func Delay(target string, rtt time.Duration) (*Proxy, error) {
	return Through(target, Line{RoundTrip: rtt})
}

// Through starts a proxy in front of target with a line between them.
func Through(target string, line Line) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for a proxy: %w", err)
	}
	p := &Proxy{Addr: l.Addr().String(), target: target, line: line, listener: l}
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

// Connections returns how many connections there have been.
func (p *Proxy) Connections() int64 { return p.accepted.Load() }

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
	p.accepted.Add(1)
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
		p.pump(server, client, func([]byte) {
			if heard.Swap(false) {
				p.trips.Add(1)
			}
		})
	})
	both.Go(func() {
		p.pump(client, server, func(piece []byte) {
			heard.Store(true)
			if p.line.Heard != nil {
				p.line.Heard(piece)
			}
		})
	})
	both.Wait()
}

// late is a piece of the stream and when it may arrive.
type late struct {
	at time.Time
	b  []byte
}

// pump copies one direction; note is called for every piece read.
func (p *Proxy) pump(dst io.WriteCloser, src io.Reader, note func(piece []byte)) {
	pieces := make(chan late, 1024)
	way := window{limit: p.line.Window, acks: make(chan ack, 2048)}
	var done sync.WaitGroup
	done.Go(func() {
		defer dst.Close()
		defer close(way.acks)
		for piece := range pieces {
			time.Sleep(time.Until(piece.at))
			if _, err := dst.Write(piece.b); err != nil {
				for range pieces {
					continue // Let the reader come to its end.
				}
				return
			}
			if p.line.Window > 0 {
				way.acks <- ack{time.Now().Add(p.line.RoundTrip / 2), int64(len(piece.b))}
			}
		}
	})
	var free time.Time // When the line has sent what came before.
	for {
		b := make([]byte, 32<<10)
		n, err := src.Read(b)
		if n > 0 {
			note(b[:n])
			way.room(int64(n))
			if now := time.Now(); free.Before(now) {
				free = now
			}
			if p.line.Rate > 0 {
				free = free.Add(time.Duration(int64(n) * int64(time.Second) / p.line.Rate))
			}
			pieces <- late{free.Add(p.line.RoundTrip / 2), b[:n]}
		}
		if err != nil {
			break
		}
	}
	close(pieces)
	done.Wait()
}

// window is how much a sender of TCP has under way before it waits for an acknowledgement.
type window struct {
	limit, under int64
	acks         chan ack // Holds all of the pieces that can wait, so that who delivers them need not.
	heard        []ack
}

// ack says when the sender hears that so many octets have arrived.
type ack struct {
	at time.Time
	n  int64
}

// room waits until n more octets may be sent, and counts them.
func (w *window) room(n int64) {
	if w.limit == 0 {
		return
	}
	for len(w.acks) > 0 {
		a, ok := <-w.acks
		if !ok {
			return
		}
		w.heard = append(w.heard, a)
	}
	for w.under > 0 && w.under+n > w.limit {
		if len(w.heard) == 0 {
			a, ok := <-w.acks
			if !ok { // The other end is gone.
				return
			}
			w.heard = append(w.heard, a)
		}
		time.Sleep(time.Until(w.heard[0].at))
		w.under -= w.heard[0].n
		w.heard = w.heard[1:]
	}
	w.under += n
}
