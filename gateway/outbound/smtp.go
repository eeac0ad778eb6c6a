package outbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/wire"
)

// How long a server may take: for a command, and for its word after the end of a mail (RFC 5321, 4.5.3.2.6).
const (
	commandTimeout = 2 * time.Minute
	acceptTimeout  = 10 * time.Minute
	answerLimit    = 64 << 10 // Octets of the answer to one command.
	closeTimeout   = 2 * time.Second
)

// Session is a signed-in connection to an SMTP server. It is used by one goroutine.
type Session struct {
	account mailbox.Account
	conn    *wire.Conn
	client  *smtp.Client
	dead    bool
	begun   bool // A mail transaction was begun and not ended.
}

// Open connects, encrypts as the account asks and signs in; hello is the name to greet the server with. What goes wrong
// is a [*mailbox.Problem]. progress is told of each finished phase and may be nil.
func Open(ctx context.Context, a mailbox.Account, hello string, progress func(mailbox.Step)) (*Session, error) {
	if progress == nil {
		progress = func(mailbox.Step) {}
	}
	encrypted := false
	told := a.OnEncrypted
	a.OnEncrypted = func() {
		encrypted = true
		if told != nil {
			told()
		}
	}
	if !validHello(hello) {
		hello = "localhost"
	}
	g := &greeting{hello: hello}
	conn, err := wire.Open(ctx, a, g.protocol(), progress)
	if err != nil {
		return nil, err
	}
	s := &Session{account: a, conn: conn}
	err = conn.Do(ctx, wire.Limits{Octets: answerLimit, Idle: wire.ConnectTimeout(a)}, func() error {
		if err := g.normalise(conn); err != nil {
			return err
		}
		s.client = smtp.NewClient(conn)
		return s.client.Hello(hello)
	})
	if err == nil && a.OAuth() {
		err = s.bear(ctx, progress)
	} else if err == nil {
		err = s.signIn(ctx, encrypted)
	}
	if err != nil {
		conn.Abort()
		return nil, s.problem(err)
	}
	progress(mailbox.Step{Phase: mailbox.PhaseSignIn, Note: map[string]string{"user": a.Username}})
	return s, nil
}

func validHello(name string) bool {
	return name != "" && len(name) < 255 && !strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

// signIn authenticates with what the server offers.
func (s *Session) signIn(ctx context.Context, encrypted bool) error {
	if s.account.Auth == "none" {
		return nil
	}
	_, offered := s.client.Extension("AUTH")
	m, err := mechanism(strings.Fields(offered), s.account.Username, s.account.Password, encrypted, s.account.Security == mailbox.SecurityNone)
	switch {
	case errors.Is(err, errPlainOnly), errors.Is(err, errNoMechanism) && !encrypted && s.account.Security != mailbox.SecurityNone:
		return &mailbox.Problem{Phase: mailbox.PhaseSignIn, Code: "E-AUTH-06", Err: err}
	case err != nil:
		return &mailbox.Problem{Phase: mailbox.PhaseSignIn, Code: "E-SMTP-11", Args: map[string]string{"list": offered}, Err: err}
	}
	err = s.do(ctx, func() error { return s.client.Auth(m) })
	if status, ok := errors.AsType[*smtp.SMTPError](err); ok {
		p := &mailbox.Problem{
			Phase: mailbox.PhaseSignIn, Code: "E-AUTH-01", Args: map[string]string{"text": s.words(status), "provider": s.account.Host},
			Err: fmt.Errorf("sign-in refused with %d", status.Code),
		}
		switch lower := strings.ToLower(status.Message); {
		case status.Code/100 == 4:
			p.Code = "E-NET-05"
		case status.Code == 538 || status.Code == 530 && !encrypted:
			p.Code = "E-AUTH-06"
		case status.Code == 534 || strings.Contains(lower, "application-specific password"):
			p.Code = "E-AUTH-02"
		}
		return p
	}
	if errors.Is(err, errScram) {
		return &mailbox.Problem{Phase: mailbox.PhaseSignIn, Code: "E-AUTH-01", Args: map[string]string{"text": errScram.Error()}, Err: err}
	}
	return err
}

func (s *Session) do(ctx context.Context, f func() error) error {
	return s.conn.Do(ctx, wire.Limits{Octets: answerLimit, Idle: commandTimeout}, f)
}

// words are a server's words as a page may show them, with the codes in front.
func (s *Session) words(e *smtp.SMTPError) string {
	text := strconv.Itoa(e.Code)
	if c := e.EnhancedCode; c[0] > 0 {
		text += fmt.Sprintf(" %d.%d.%d", c[0], c[1], c[2])
	}
	return text + " " + wire.Text(s.account, e.Message)
}

// problem explains what went wrong before a mail was begun.
func (s *Session) problem(err error) error {
	if p, ok := errors.AsType[*mailbox.Problem](err); ok {
		if p.Args == nil {
			p.Args = map[string]string{}
		}
		p.Args["host"], p.Args["port"] = s.account.Host, strconv.Itoa(s.account.Port)
		return p
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	p := &mailbox.Problem{Phase: mailbox.PhaseConnect, Code: "E-NET-05", Err: err, Args: map[string]string{
		"host": s.account.Host, "port": strconv.Itoa(s.account.Port), "text": wire.Text(s.account, err.Error()),
		"seconds": strconv.Itoa(int(commandTimeout.Seconds())),
	}}
	if errors.Is(err, wire.ErrTimeout) || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
		p.Code = "E-NET-03"
	}
	if status, ok := errors.AsType[*smtp.SMTPError](err); ok {
		p.Args["text"] = s.words(status)
	}
	return p
}

// MaxSize returns the largest mail that the server takes, in octets; 0 when it does not say.
func (s *Session) MaxSize() int64 {
	n, _ := s.client.MaxMessageSize()
	return int64(n)
}

// UTF8 reports whether the server takes mail to addresses beyond ASCII (RFC 6531, 3.1: never without 8BITMIME).
func (s *Session) UTF8() bool {
	offered, _ := s.client.Extension("SMTPUTF8")
	eight, _ := s.client.Extension("8BITMIME")
	return offered && eight
}

// Usable reports whether another mail can be sent with the connection.
func (s *Session) Usable() bool { return !s.dead }

// Close says goodbye, without waiting long for an answer.
func (s *Session) Close() {
	if !s.dead {
		_ = s.conn.Do(context.Background(), wire.Limits{Octets: answerLimit, Idle: closeTimeout, Total: closeTimeout}, s.client.Quit)
	}
	s.conn.Abort()
}

// Check ends a connection that was only opened to be tried: it asks whether the server takes mail from the address.
func (s *Session) Check(ctx context.Context, from string) error {
	err := s.do(ctx, func() error {
		if err := s.client.Mail(from, nil); err != nil {
			return err
		}
		return s.client.Reset()
	})
	if status, ok := errors.AsType[*smtp.SMTPError](err); ok {
		return s.problem(s.refusedSender(status, from))
	}
	if err != nil {
		return s.problem(err)
	}
	return nil
}

func (s *Session) refusedSender(status *smtp.SMTPError, from string) *mailbox.Problem {
	p := &mailbox.Problem{Phase: PhaseSender, Code: "E-SMTP-01", Args: map[string]string{"address": from, "text": s.words(status)}, Err: fmt.Errorf("sender refused with %d", status.Code)}
	if status.Code == 530 || status.Code == 535 {
		p.Phase, p.Code = mailbox.PhaseSignIn, "E-AUTH-05"
	}
	return p
}

// PhaseSender is the phase of a check in which the server is asked whether it takes mail from the address.
const PhaseSender mailbox.Phase = "sender"

// Writer writes the octets of a mail.
type Writer func(w io.Writer) error
