package mailtest

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"net"
	"strconv"
	"strings"

	goimap "github.com/emersion/go-imap/v2"
)

// servePOP3 accepts connections until the listener is closed.
func (s *Servers) servePOP3(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns[c] = struct{}{}
		s.mu.Unlock()
		s.wait.Go(func() {
			_, secured := c.(*tls.Conn)
			p := &popSession{servers: s, conn: c, r: bufio.NewReader(c), secured: secured, deleted: map[int]bool{}}
			p.run()
			_ = p.conn.Close()
			s.mu.Lock()
			delete(s.conns, c)
			s.mu.Unlock()
		})
	}
}

// popSession is one POP3 connection (RFC 1939, STLS of RFC 2595, CAPA of RFC 2449).
type popSession struct {
	servers *Servers
	conn    net.Conn
	r       *bufio.Reader
	secured bool
	login   string
	user    *User // nil before sign-in.
	drop    []dropMessage
	deleted map[int]bool
}

func (p *popSession) run() {
	p.say("+OK Letterbox test server ready")
	for {
		line, err := p.r.ReadString('\n')
		if err != nil {
			return // Dropped without QUIT: nothing is deleted.
		}
		verb, rest, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		if !p.command(strings.ToUpper(verb), rest) {
			return
		}
	}
}

func (p *popSession) say(format string, args ...any) {
	_, _ = fmt.Fprintf(p.conn, format+"\r\n", args...)
}

// command runs one command and reports whether the session goes on.
func (p *popSession) command(verb, rest string) bool {
	switch verb {
	case "CAPA":
		p.capa()
		return true
	case "QUIT":
		return p.quit()
	case "NOOP":
		p.say("+OK")
		return true
	}
	if p.user == nil {
		p.authorize(verb, rest)
		return true
	}
	f := strings.Fields(rest)
	switch verb {
	case "STAT":
		n, size := 0, 0
		for i, m := range p.drop {
			if !p.deleted[i+1] {
				n, size = n+1, size+len(m.raw)
			}
		}
		p.say("+OK %d %d", n, size)
	case "LIST":
		p.list(f, func(m dropMessage) string { return strconv.Itoa(len(m.raw)) })
	case "UIDL":
		if p.servers.options.NoUIDL {
			p.say("-ERR unknown command")
			return true
		}
		p.list(f, func(m dropMessage) string { return fmt.Sprintf("uid%08x", uint32(m.uid)) })
	case "RETR", "TOP":
		p.retrieve(verb, f)
	case "DELE":
		if n, ok := p.number(f); ok {
			p.deleted[n] = true
			p.say("+OK marked")
		}
	case "RSET":
		clear(p.deleted)
		p.say("+OK")
	default:
		p.say("-ERR unknown command")
	}
	return true
}

func (p *popSession) capa() {
	p.say("+OK")
	if p.servers.options.Certificate != nil && !p.secured {
		p.say("STLS")
	}
	if !p.servers.options.RequireTLS || p.secured {
		p.say("USER")
	}
	if !p.servers.options.NoUIDL {
		p.say("UIDL")
	}
	if !p.servers.options.NoTOP {
		p.say("TOP")
	}
	p.say("RESP-CODES")
	if !p.servers.options.NoPipelining {
		p.say("PIPELINING")
	}
	p.say(".")
}

func (p *popSession) authorize(verb, rest string) {
	switch verb {
	case "STLS":
		if p.servers.options.Certificate == nil || p.secured {
			p.say("-ERR not available")
			return
		}
		p.say("+OK begin TLS")
		p.conn = tls.Server(p.conn, &tls.Config{Certificates: []tls.Certificate{p.servers.options.Certificate.TLS}, MinVersion: tls.VersionTLS12})
		p.r, p.secured, p.login = bufio.NewReader(p.conn), true, ""
	case "USER", "PASS":
		if p.servers.options.RequireTLS && !p.secured {
			p.say("-ERR [AUTH] Plaintext authentication disallowed on non-secure connections.")
			return
		}
		if verb == "USER" {
			p.login = rest
			p.say("+OK")
			return
		}
		u := p.servers.store.user(p.login)
		if u == nil || u.password != rest {
			p.say("-ERR [AUTH] Authentication failed.")
			return
		}
		p.user, p.drop = u, u.maildrop()
		p.say("+OK %d messages", len(p.drop))
	default:
		p.say("-ERR sign in first")
	}
}

// number returns the message that a command names, or says what is wrong with it.
func (p *popSession) number(f []string) (int, bool) {
	if len(f) > 0 {
		if n, err := strconv.Atoi(f[0]); err == nil && n >= 1 && n <= len(p.drop) && !p.deleted[n] {
			return n, true
		}
	}
	p.say("-ERR no such message")
	return 0, false
}

func (p *popSession) list(f []string, column func(dropMessage) string) {
	if len(f) > 0 {
		if n, ok := p.number(f); ok {
			p.say("+OK %d %s", n, column(p.drop[n-1]))
		}
		return
	}
	var b bytes.Buffer
	b.WriteString("+OK\r\n")
	for i, m := range p.drop {
		if !p.deleted[i+1] {
			fmt.Fprintf(&b, "%d %s\r\n", i+1, column(m))
		}
	}
	b.WriteString(".\r\n")
	_, _ = p.conn.Write(b.Bytes())
}

// retrieve sends a message, or with TOP its header and some lines, with dots stuffed.
func (p *popSession) retrieve(verb string, f []string) {
	if verb == "TOP" && (p.servers.options.NoTOP || len(f) < 2) {
		p.say("-ERR unknown command")
		return
	}
	n, ok := p.number(f)
	if !ok {
		return
	}
	raw := p.drop[n-1].raw
	if verb == "TOP" {
		lines, _ := strconv.Atoi(f[1])
		raw = top(raw, lines)
	}
	var b bytes.Buffer
	b.WriteString("+OK\r\n")
	for line := range bytes.SplitAfterSeq(raw, []byte("\r\n")) {
		if bytes.HasPrefix(line, []byte(".")) {
			b.WriteByte('.')
		}
		b.Write(line)
	}
	if !bytes.HasSuffix(raw, []byte("\r\n")) {
		b.WriteString("\r\n")
	}
	b.WriteString(".\r\n")
	_, _ = p.conn.Write(b.Bytes())
}

// top returns the header section and the first lines of the body.
func top(raw []byte, lines int) []byte {
	head, body, found := bytes.Cut(raw, []byte("\r\n\r\n"))
	if !found {
		return raw
	}
	out := append(bytes.Clone(head), "\r\n\r\n"...)
	for line := range bytes.SplitAfterSeq(body, []byte("\r\n")) {
		if lines--; lines < 0 {
			break
		}
		out = append(out, line...)
	}
	return out
}

// quit removes what was marked (RFC 1939, 6) and ends the session.
func (p *popSession) quit() bool {
	var uids []goimap.UID
	for n := range p.deleted {
		uids = append(uids, p.drop[n-1].uid)
	}
	if p.user != nil {
		if err := p.user.remove(uids); err != nil {
			p.say("-ERR some messages were not removed")
			return false
		}
	}
	p.say("+OK bye")
	return false
}
