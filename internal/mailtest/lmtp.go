package mailtest

import (
	"fmt"
	"net"
	"net/textproto"
	"strconv"
)

// lmtp speaks just enough LMTP to deliver; the first error sticks.
type lmtp struct {
	conn *textproto.Conn
	err  error
}

func newLMTP(c net.Conn) *lmtp { return &lmtp{conn: textproto.NewConn(c)} }

func (l *lmtp) expect(code string) {
	if l.err != nil {
		return
	}
	want, _ := strconv.Atoi(code)
	_, _, l.err = l.conn.ReadResponse(want)
}

func (l *lmtp) command(code, text string) {
	if l.err != nil {
		return
	}
	if l.err = l.conn.PrintfLine("%s", text); l.err == nil {
		l.expect(code)
	}
}

func (l *lmtp) data(raw []byte) {
	if l.err != nil {
		return
	}
	w := l.conn.DotWriter()
	if _, err := w.Write(raw); err != nil {
		l.err = fmt.Errorf("send message: %w", err)
		return
	}
	l.err = w.Close()
}
