package inbound

import (
	"net"
	"sync"
	"time"
)

// gate lets a bounded number of connections in, each for a bounded time.
type gate struct {
	net.Listener
	room chan struct{}

	mu     sync.Mutex
	inside map[*visitor]bool
}

func newGate(l net.Listener) *gate {
	return &gate{Listener: l, room: make(chan struct{}, mostConnections), inside: map[*visitor]bool{}}
}

// Accept returns the next connection that there is room for. The others are told to come back later.
func (g *gate) Accept() (net.Conn, error) {
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case g.room <- struct{}{}:
			return g.admit(c), nil
		default:
			go turnAway(c)
		}
	}
}

// Close ends the listener; who is inside stays.
func (g *gate) Close() error { return g.Listener.Close() }

func (g *gate) admit(c net.Conn) *visitor {
	v := &visitor{Conn: c, gate: g}
	v.timer = time.AfterFunc(sessionTime, func() { _ = v.Close() })
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside[v] = true
	return v
}

// clear ends every connection.
func (g *gate) clear() {
	g.mu.Lock()
	var all []*visitor
	for v := range g.inside {
		all = append(all, v)
	}
	g.mu.Unlock()
	for _, v := range all {
		_ = v.Close()
	}
}

// turnAway says that there is no room (RFC 5321, 4.2.3).
func turnAway(c net.Conn) {
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	_, _ = c.Write([]byte("421 4.3.2 too many connections, try again later\r\n"))
	_ = c.Close()
}

// visitor is a connection that was let in.
type visitor struct {
	net.Conn
	gate  *gate
	timer *time.Timer
	once  sync.Once
}

// Close makes room for another connection and ends this one.
func (v *visitor) Close() error {
	v.once.Do(func() {
		v.timer.Stop()
		v.gate.mu.Lock()
		delete(v.gate.inside, v)
		v.gate.mu.Unlock()
		<-v.gate.room
	})
	return v.Conn.Close()
}
