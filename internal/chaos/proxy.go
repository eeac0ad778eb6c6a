package main

import (
	"bytes"
	"net"
	"sync"
	"time"
)

// proxy stands between a client and a server and waits for a moment: a word that the client says.
type proxy struct {
	addr     string
	listener net.Listener

	mu    sync.Mutex
	to    string
	armed *ambush
	conns map[net.Conn]bool
}

// ambush is what happens at the next command that holds a word.
type ambush struct {
	word  string
	after bool   // The command is passed on first.
	spare bool   // The process is spared: only its connection is cut.
	kill  func() // Kills who is on the other side.
}

func listen(to string) (*proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{addr: l.Addr().String(), listener: l, to: to, conns: map[net.Conn]bool{}}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(c)
		}
	}()
	return p, nil
}

// point makes new connections go to another server.
func (p *proxy) point(to string) {
	p.mu.Lock()
	p.to = to
	p.mu.Unlock()
	p.cut()
}

func (p *proxy) arm(a *ambush) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed = a
}

// cut drops all connections.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
}

func (p *proxy) close() {
	_ = p.listener.Close()
	p.cut()
}

func (p *proxy) serve(client net.Conn) {
	defer client.Close()
	p.mu.Lock()
	to := p.to
	p.mu.Unlock()
	server, err := net.DialTimeout("tcp", to, 5*time.Second)
	if err != nil {
		return
	}
	defer server.Close()
	p.mu.Lock()
	p.conns[client], p.conns[server] = true, true
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.conns, client)
		delete(p.conns, server)
	}()
	go func() {
		defer client.Close()
		defer server.Close()
		pass(client, server, nil)
	}()
	pass(server, client, p.spring)
}

// pass copies until one side ends; look may end it earlier.
func pass(to, from net.Conn, look func([]byte) (before, after func())) {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			var before, after func()
			if look != nil {
				before, after = look(buf[:n])
			}
			if before != nil {
				before()
				return
			}
			if _, werr := to.Write(buf[:n]); werr != nil {
				return
			}
			if after != nil {
				after()
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// spring is what happens to a command: the trap springs once.
func (p *proxy) spring(command []byte) (before, after func()) {
	p.mu.Lock()
	a := p.armed
	if a == nil || !bytes.Contains(command, []byte(a.word)) {
		p.mu.Unlock()
		return nil, nil
	}
	p.armed = nil
	p.mu.Unlock()
	strike := a.kill
	if a.spare {
		strike = func() {}
	}
	if a.after {
		return nil, func() {
			time.Sleep(2 * time.Millisecond) // The server has done it, most probably; nobody hears of it.
			strike()
		}
	}
	return strike, nil
}
