package pop3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/wire"
)

// maxLine bounds one line of an answer, in octets. RFC 2449, 4 allows 512.
const maxLine = 8 << 10

var (
	errStatus = errors.New("server broke the protocol: a reply begins with neither +OK nor -ERR")
	errDesync = errors.New("server broke the protocol: replies and commands are out of step")
)

// protocol is POP3 up to the point where the client library takes over.
var protocol = wire.Protocol{
	Port: 995,
	Greeting: func(line string) (bool, error) {
		if strings.HasPrefix(line, "+OK") {
			return false, nil
		}
		text, _ := strings.CutPrefix(line, "-ERR")
		p := &mailbox.Problem{
			Phase: mailbox.PhaseConnect, Code: "E-NET-05", Args: map[string]string{"text": wire.Text(mailbox.Account{}, text)},
			Err: errors.New("greeting is no POP3 greeting or a refusal"),
		}
		if strings.Contains(text, "[IN-USE]") {
			p.Code = "E-POP-02"
		}
		return false, p
	},
	OffersTLS: func(c *wire.Conn, _ string) (bool, error) {
		capa, err := askCapa(c)
		_, ok := capa["STLS"]
		return ok, err
	},
	StartTLS: func(c *wire.Conn) error {
		status, err := command(c, "STLS")
		if err == nil && !strings.HasPrefix(status, "+OK") {
			err = &mailbox.Problem{
				Phase: mailbox.PhaseTLS, Code: "E-NET-05", Args: map[string]string{"text": wire.Text(mailbox.Account{}, status)},
				Err: errors.New("STLS was refused"),
			}
		}
		return err
	},
	Fresh: "+OK ready\r\n",
}

// command sends one command and returns its status line.
func command(c *wire.Conn, name string) (string, error) {
	if c.Reader().Buffered() > 0 {
		c.Fail(errDesync)
		return "", errDesync
	}
	if _, err := io.WriteString(c, name+"\r\n"); err != nil {
		return "", fmt.Errorf("send command: %w", err)
	}
	return status(c)
}

// status reads a status line.
func status(c *wire.Conn) (string, error) {
	b, err := c.Line(maxLine)
	if err != nil {
		return "", fmt.Errorf("read reply: %w", err)
	}
	line := strings.TrimRight(string(b), "\r\n")
	if !strings.HasPrefix(line, "+OK") && !strings.HasPrefix(line, "-ERR") {
		c.Fail(errStatus)
		return "", errStatus
	}
	return line, nil
}

// askCapa asks for the capabilities (RFC 2449, 5); a server without CAPA has none.
func askCapa(c *wire.Conn) (map[string]string, error) {
	capa := map[string]string{}
	line, err := command(c, "CAPA")
	if err != nil || !strings.HasPrefix(line, "+OK") {
		return capa, err
	}
	for len(capa) < 100 {
		b, err := c.Line(maxLine)
		if err != nil {
			return nil, fmt.Errorf("read capabilities: %w", err)
		}
		l := strings.TrimRight(string(b), "\r\n")
		if l == "." {
			return capa, nil
		}
		name, args, _ := strings.Cut(l, " ")
		capa[strings.ToUpper(name)] = args
	}
	return nil, wire.ErrTooMuch
}

// link is the connection as the library sees it: one line for each Read, so that the library never holds back octets
// of a message, and every first line after a command must be a status line.
type link struct {
	*wire.Conn
	rest   []byte // Of the line that is being read.
	reply  bool   // The next line is a status line.
	status string // The last status line.
}

func (l *link) Read(p []byte) (int, error) {
	if len(l.rest) == 0 {
		if err := l.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

func (l *link) next() error {
	if !l.reply {
		b, err := l.Line(maxLine)
		l.rest = b
		return err
	}
	line, err := status(l.Conn)
	if err != nil {
		return err
	}
	l.reply, l.status = false, line
	// Seen in practice: a tab or nothing where the library wants a blank.
	head := line[:3]
	if line[0] == '-' {
		head = line[:4]
	}
	l.rest = []byte(head + " " + strings.TrimSpace(line[len(head):]) + "\r\n")
	return nil
}

// Write sends a command. What the server has sent before it belongs to no command.
func (l *link) Write(p []byte) (int, error) {
	if l.Reader().Buffered() > 0 || len(l.rest) > 0 {
		l.Fail(errDesync)
		return 0, errDesync
	}
	l.reply, l.status = true, ""
	return l.Conn.Write(p)
}

// refused reports whether the last command was answered with -ERR.
func (l *link) refused() bool { return strings.HasPrefix(l.status, "-ERR") }

// code splits the last refusal into its response code, without brackets, and its text.
func (l *link) code() (code, text string) {
	text = strings.TrimSpace(strings.TrimPrefix(l.status, "-ERR"))
	if rest, ok := strings.CutPrefix(text, "["); ok {
		if c, after, ok := strings.Cut(rest, "]"); ok {
			return strings.ToUpper(c), strings.TrimSpace(after)
		}
	}
	return "", text
}

// problem explains a failed command; problems and the end of a context stay as they are.
func (m *Mailbox) problem(phase mailbox.Phase, err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if _, ok := errors.AsType[*mailbox.Problem](err); ok {
		return err
	}
	p := &mailbox.Problem{Phase: phase, Code: "E-NET-05", Err: err, Args: map[string]string{
		"host": m.account.Host, "port": strconv.Itoa(m.account.Port),
	}}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		p.Code = "E-NET-04"
		p.Args["seconds"] = strconv.Itoa(int(wire.FetchTimeout(m.account).Seconds()))
	} else if m.link.refused() {
		_, text := m.link.code()
		p.Args["text"] = wire.Text(m.account, text)
		p.Err = fmt.Errorf("server answered -ERR %s", p.Args["text"])
	}
	return p
}
