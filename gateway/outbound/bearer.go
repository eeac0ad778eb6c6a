package outbound

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/emersion/go-smtp"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/bearer"
)

// bear signs in with an access token (RFC 4954 with RFC 7628 or XOAUTH2).
func (s *Session) bear(ctx context.Context, progress func(mailbox.Step)) error {
	token, err := bearer.Token(ctx, s.account, s.conn.Encrypted(), progress)
	if err != nil {
		return err
	}
	s.account.Password = token // What a server says is shown without it.
	_, offered := s.client.Extension("AUTH")
	list := strings.Fields(strings.ToUpper(offered))
	c := bearer.New(func(name string) bool { return slices.Contains(list, name) }, s.account, token)
	if c == nil {
		return bearer.NotOffered(s.account, offered)
	}
	err = s.do(ctx, func() error { return s.client.Auth(c) })
	if status, ok := errors.AsType[*smtp.SMTPError](err); ok {
		if status.Code/100 == 4 {
			return &mailbox.Problem{Phase: mailbox.PhaseSignIn, Code: "E-NET-05", Args: map[string]string{"text": s.words(status)}, Err: errors.New("server cannot sign in now")}
		}
		return bearer.Problem(s.account, s.words(status), err)
	}
	if _, ok := errors.AsType[*bearer.Refused](err); ok {
		return bearer.Problem(s.account, "", err)
	}
	return err
}
