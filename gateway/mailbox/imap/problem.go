package imap

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"

	goimap "github.com/emersion/go-imap/v2"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/wire"
)

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
	switch status, ok := errors.AsType[*goimap.Error](err); {
	case ok:
		p.Args["text"] = wire.Text(m.account, status.Text)
		// The library's error quotes the server; what is kept must not hold a user name.
		p.Err = fmt.Errorf("server answered %s [%s] %s", status.Type, status.Code, p.Args["text"])
	case errors.Is(err, os.ErrDeadlineExceeded):
		p.Code = "E-NET-04"
		p.Args["seconds"] = strconv.Itoa(int(wire.FetchTimeout(m.account).Seconds()))
	default:
		p.Args["text"] = wire.Text(m.account, farewell(m.conn.Tail()))
	}
	return p
}

// farewell returns the text of a BYE at the end of what the server sent (RFC 3501, 7.1.5), or "". Nothing else is
// quoted: it may be part of a mail.
func farewell(tail []byte) string {
	lines := bytes.Split(bytes.TrimRight(tail, "\r\n"), []byte("\n"))
	if text, ok := bytes.CutPrefix(lines[len(lines)-1], []byte("* BYE ")); ok {
		return string(text)
	}
	return ""
}
