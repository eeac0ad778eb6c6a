package imap

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/wire"
)

// protocol is IMAP up to the point where the client library takes over. The upgrade to TLS is done here, because
// nothing that was said in clear may be believed after it (RFC 3501, 6.2.1).
var protocol = wire.Protocol{
	Port:     993,
	Greeting: greeting,
	OffersTLS: func(c *wire.Conn, _ string) (bool, error) {
		lines, err := command(c, "A1", "CAPABILITY")
		if err != nil {
			return false, err
		}
		for _, l := range lines {
			f := strings.Fields(strings.ToUpper(l))
			if len(f) > 1 && f[1] == "CAPABILITY" && slices.Contains(f, "STARTTLS") {
				return true, nil
			}
		}
		return false, nil
	},
	StartTLS: func(c *wire.Conn) error {
		_, err := command(c, "A2", "STARTTLS")
		return err
	},
	Fresh: "* OK ready\r\n",
}

func greeting(line string) (preauth bool, err error) {
	f := strings.Fields(strings.ToUpper(line))
	switch {
	case len(f) > 1 && f[0] == "*" && f[1] == "OK":
		return false, nil
	case len(f) > 1 && f[0] == "*" && f[1] == "PREAUTH":
		return true, nil
	}
	return false, &mailbox.Problem{
		Phase: mailbox.PhaseConnect, Code: "E-NET-05",
		Args: map[string]string{"text": wire.Text(mailbox.Account{}, strings.TrimPrefix(line, "* BYE "))},
		Err:  errors.New("greeting is no IMAP greeting or a refusal"),
	}
}

// command sends one command before sign-in and returns the untagged lines of its answer.
func command(c *wire.Conn, tag, name string) ([]string, error) {
	if _, err := c.Write([]byte(tag + " " + name + "\r\n")); err != nil {
		return nil, fmt.Errorf("send %s: %w", name, err)
	}
	var lines []string
	for len(lines) < 100 {
		b, err := c.Line(maxLine)
		if err != nil {
			return nil, fmt.Errorf("read the answer to %s: %w", name, err)
		}
		line := strings.TrimRight(string(b), "\r\n")
		rest, tagged := strings.CutPrefix(line, tag+" ")
		if !tagged {
			lines = append(lines, line)
			continue
		}
		if f := strings.Fields(strings.ToUpper(rest)); len(f) > 0 && f[0] == "OK" {
			return lines, nil
		}
		return nil, &mailbox.Problem{
			Phase: mailbox.PhaseTLS, Code: "E-NET-05", Args: map[string]string{"text": wire.Text(mailbox.Account{}, rest)},
			Err: fmt.Errorf("%s was refused", name),
		}
	}
	return nil, fmt.Errorf("read the answer to %s: %w", name, wire.ErrTooMuch)
}

// maxLine bounds a line before sign-in, in octets.
const maxLine = 8 << 10
