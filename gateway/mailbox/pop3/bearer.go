package pop3

import (
	"encoding/base64"
	"errors"
	"strings"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/bearer"
	"letterbox/gateway/mailbox/wire"
)

// bear signs in with an access token (RFC 5034). The token goes in a line of its own: a command line may have 255 octets
// only, and Microsoft wants it so.
func (m *Mailbox) bear(token string) error {
	capa, err := askCapa(m.conn)
	if err != nil {
		return err
	}
	offered := strings.Fields(strings.ToUpper(capa["SASL"]))
	c := bearer.New(func(name string) bool {
		for _, o := range offered {
			if o == name {
				return true
			}
		}
		return false
	}, m.account, token)
	if c == nil {
		return bearer.NotOffered(m.account, capa["SASL"])
	}
	name, initial, err := c.Start()
	if err != nil {
		return err
	}
	line, err := m.exchange("AUTH " + name)
	if err == nil && strings.HasPrefix(line, "+ ") {
		line, err = m.exchange(base64.StdEncoding.EncodeToString(initial))
	}
	var refused error
	if err == nil && strings.HasPrefix(line, "+ ") { // What is wrong, in JSON; an empty answer ends the exchange.
		challenge, derr := base64.StdEncoding.DecodeString(strings.TrimSpace(line[2:]))
		if derr != nil {
			challenge = nil
		}
		_, refused = c.Next(challenge)
		end := ""
		if name == "OAUTHBEARER" {
			end = "AQ==" // RFC 7628, 3.2.3.
		}
		line, err = m.exchange(end)
	}
	if err != nil {
		return err
	}
	if strings.HasPrefix(line, "+OK") {
		return nil
	}
	m.link.status = line
	if p, ok := errors.AsType[*mailbox.Problem](m.signInProblem()); ok && p.Code != "E-AUTH-01" {
		return p
	}
	_, text := m.link.code()
	if refused == nil {
		refused = errors.New("server answered -ERR to the access token")
	}
	return bearer.Problem(m.account, wire.Text(m.account, text), refused)
}

// exchange sends one line of a SASL exchange and reads the next one of the server: "+ " goes on, "+OK" and "-ERR" end it.
func (m *Mailbox) exchange(text string) (string, error) {
	if _, err := m.conn.Write([]byte(text + "\r\n")); err != nil {
		return "", err
	}
	b, err := m.conn.Line(maxLine)
	if err != nil {
		return "", err
	}
	line := strings.TrimRight(string(b), "\r\n")
	if line == "+" {
		line = "+ "
	}
	if !strings.HasPrefix(line, "+ ") && !strings.HasPrefix(line, "+OK") && !strings.HasPrefix(line, "-ERR") {
		m.conn.Fail(errStatus)
		return "", errStatus
	}
	return line, nil
}
