package outbound

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/wire"
)

// maxReplyLine bounds a line of an answer before sign-in, in octets. RFC 5321, 4.5.3.1.5 allows 512.
const maxReplyLine = 8 << 10

// greeting reads what a server says before the client library takes over.
type greeting struct {
	hello   string
	pending bool // The first line of the greeting says that more follow, and they have not been read.
}

// fresh is the greeting that the library is shown, whatever the server said.
const fresh = "220 ready\r\n"

func (g *greeting) protocol() wire.Protocol {
	return wire.Protocol{
		Port: 465,
		Greeting: func(line string) (bool, error) {
			if strings.HasPrefix(line, "220") {
				g.pending = strings.HasPrefix(line, "220-")
				return false, nil
			}
			return false, &mailbox.Problem{
				Phase: mailbox.PhaseConnect, Code: "E-NET-05", Args: map[string]string{"text": wire.Text(mailbox.Account{}, line)},
				Err: errors.New("greeting is no SMTP greeting or a refusal"),
			}
		},
		OffersTLS: func(c *wire.Conn, _ string) (bool, error) {
			if err := g.rest(c); err != nil {
				return false, err
			}
			lines, err := ask(c, "EHLO "+g.hello)
			for _, l := range lines {
				if strings.EqualFold(strings.TrimSpace(l[min(4, len(l)):]), "STARTTLS") {
					return true, err
				}
			}
			return false, err
		},
		StartTLS: func(c *wire.Conn) error {
			lines, err := ask(c, "STARTTLS")
			if err == nil && !strings.HasPrefix(lines[0], "220") {
				err = &mailbox.Problem{
					Phase: mailbox.PhaseTLS, Code: "E-NET-05", Args: map[string]string{"text": wire.Text(mailbox.Account{}, lines[0])},
					Err: errors.New("STARTTLS was refused"),
				}
			}
			return err
		},
		Fresh: fresh,
	}
}

// rest reads the lines of the greeting after the first.
func (g *greeting) rest(c *wire.Conn) error {
	if !g.pending {
		return nil
	}
	g.pending = false
	_, err := answer(c)
	return err
}

// normalise replaces the greeting, which wire has put back, by one of a single line.
func (g *greeting) normalise(c *wire.Conn) error {
	if _, err := c.Line(maxReplyLine); err != nil {
		return fmt.Errorf("read greeting: %w", err)
	}
	if err := g.rest(c); err != nil {
		return err
	}
	c.Replay([]byte(fresh))
	return nil
}

// ask sends a command and returns the lines of its answer.
func ask(c *wire.Conn, command string) ([]string, error) {
	if _, err := io.WriteString(c, command+"\r\n"); err != nil {
		return nil, fmt.Errorf("send command: %w", err)
	}
	return answer(c)
}

// answer reads the lines up to the one that has no hyphen after its code (RFC 5321, 4.2.1).
func answer(c *wire.Conn) ([]string, error) {
	var lines []string
	for len(lines) < 200 {
		b, err := c.Line(maxReplyLine)
		if err != nil {
			return nil, fmt.Errorf("read answer: %w", err)
		}
		line := strings.TrimRight(string(b), "\r\n")
		if len(line) < 3 {
			return nil, errors.New("server broke the protocol: a line without a code")
		}
		lines = append(lines, line)
		if len(line) == 3 || line[3] != '-' {
			return lines, nil
		}
	}
	return nil, wire.ErrTooMuch
}
