package imap

import (
	"context"
	"errors"
	"fmt"
	"strings"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-sasl"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/bearer"
	"letterbox/gateway/mailbox/wire"
)

// signIn asks for the capabilities and authenticates.
func (m *Mailbox) signIn(ctx context.Context, progress func(mailbox.Step)) error {
	token := ""
	if m.account.OAuth() {
		var err error
		if token, err = bearer.Token(ctx, m.account, m.conn.Encrypted(), progress); err != nil {
			return m.problem(mailbox.PhaseToken, err)
		}
		m.account.Password = token // What a server says is shown without it.
	}
	err := m.do(ctx, control(m.account), func() error {
		if err := m.client.WaitGreeting(); err != nil {
			return err
		}
		m.caps = m.client.Caps()
		if m.client.State() == goimap.ConnStateAuthenticated {
			return nil
		}
		a := m.account
		if a.Auth == "none" {
			return &mailbox.Problem{Phase: mailbox.PhaseSignIn, Code: "E-AUTH-05", Err: errors.New("server did not let us in without sign-in")}
		}
		if a.OAuth() {
			return m.bear(token)
		}
		plain := m.caps.Has(goimap.AuthCap("PLAIN"))
		if m.caps.Has(goimap.CapLoginDisabled) && !plain {
			return &mailbox.Problem{Phase: mailbox.PhaseSignIn, Code: "E-AUTH-06", Err: errors.New("server announces LOGINDISABLED")}
		}
		var err error
		m.conn.Listen(8 << 10)
		if plain && (m.caps.Has(goimap.CapLoginDisabled) || !ascii(a.Username+a.Password)) {
			err = m.client.Authenticate(sasl.NewPlainClient("", a.Username, a.Password))
		} else {
			err = m.client.Login(a.Username, a.Password).Wait()
		}
		return m.signedIn(err)
	})
	return m.problem(mailbox.PhaseSignIn, err)
}

// signedIn learns the capabilities again, which change with sign-in.
func (m *Mailbox) signedIn(err error) error {
	told := strings.Contains(strings.ToUpper(string(m.conn.Heard())), "CAPABILITY")
	if err != nil {
		return m.signInProblem(err)
	}
	if m.caps = m.client.Caps(); told {
		return nil
	}
	m.caps, err = m.client.Capability().Wait()
	return err
}

// bear signs in with an access token.
func (m *Mailbox) bear(token string) error {
	c := bearer.New(func(name string) bool { return m.caps.Has(goimap.AuthCap(name)) }, m.account, token)
	if c == nil {
		return bearer.NotOffered(m.account, strings.Join(m.caps.AuthMechanisms(), " "))
	}
	m.conn.Listen(8 << 10)
	err := m.client.Authenticate(c)
	if status, ok := errors.AsType[*goimap.Error](err); ok {
		if p, ok := errors.AsType[*mailbox.Problem](m.signInProblem(err)); ok && p.Code != "E-AUTH-01" {
			return p
		}
		return bearer.Problem(m.account, wire.Text(m.account, status.Text), err)
	}
	if _, ok := errors.AsType[*bearer.Refused](err); ok {
		return bearer.Problem(m.account, "", err)
	}
	if err != nil {
		return err
	}
	return m.signedIn(nil)
}

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > 0x7e })
}

// signInProblem tells a refused password from a server that is busy.
func (m *Mailbox) signInProblem(err error) error {
	status, ok := errors.AsType[*goimap.Error](err)
	if !ok {
		return err
	}
	text := wire.Text(m.account, status.Text)
	p := &mailbox.Problem{
		Phase: mailbox.PhaseSignIn, Code: "E-AUTH-01",
		Args: map[string]string{"text": text, "provider": m.account.Host, "host": m.account.Host},
		Err:  fmt.Errorf("sign-in refused: %s [%s] %s", status.Type, status.Code, text),
	}
	lower := strings.ToLower(text)
	switch {
	case wire.TooOften(text):
		p.Code = "E-AUTH-04"
	case status.Code == goimap.ResponseCodeUnavailable || status.Code == goimap.ResponseCodeInUse || status.Code == goimap.ResponseCodeLimit:
		p.Code = "E-NET-05"
	case status.Code == goimap.ResponseCodePrivacyRequired:
		p.Code = "E-AUTH-06"
	case strings.Contains(lower, "application-specific password"):
		p.Code = "E-AUTH-02"
	case strings.Contains(lower, "not enabled for imap"), strings.Contains(lower, "imap is disabled"), strings.Contains(lower, "imap access is disabled"):
		p.Code = "E-AUTH-03"
	}
	return p
}
