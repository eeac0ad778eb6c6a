// Package pop3 reads and empties a POP3 maildrop (RFC 1939, with CAPA of RFC 2449 and STLS of RFC 2595) as a
// [mailbox.Mailbox].
//
// It guarantees that messages are streamed and end only at CRLF.CRLF, that after each of them the dialogue is proved to
// be in step before the message counts as whole, and that nothing is deleted unless Close has been answered: DELE is
// committed by QUIT, and Abort drops the connection without it. Some servers also take QUIT after RETR as leave to hide
// a message, so Close belongs after the message is stored.
package pop3

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	gopop3 "github.com/knadh/go-pop3"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/bearer"
	"letterbox/gateway/mailbox/wire"
)

// Mailbox is one POP3 session. It shows the maildrop as it was at sign-in.
type Mailbox struct {
	account mailbox.Account
	conn    *wire.Conn
	link    *link
	client  *gopop3.Conn

	entries  []entry        // In the order of the server; nil before List.
	byUID    map[string]int // Ref.UID to message number.
	capa     map[string]string
	marked   map[int]bool // DELE was accepted; final with QUIT.
	uidlNote string       // Why refs come from the content: "missing", "incomplete" or "".
}

var _ mailbox.Mailbox = (*Mailbox)(nil)

// Open connects, encrypts and signs in. With progress (which may be nil) it also lists the maildrop and reports the
// finished phases; the note "code" is E-POP-01 when messages have to be recognised by their content. What goes wrong is
// a [*mailbox.Problem].
func Open(ctx context.Context, a mailbox.Account, progress func(mailbox.Step)) (*Mailbox, error) {
	check := progress != nil
	if !check {
		progress = func(mailbox.Step) {}
	}
	// RFC 1939, 3: a line end in an argument would start a second command.
	if strings.ContainsFunc(a.Username+a.Password+a.Host, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return nil, &mailbox.Problem{
			Phase: mailbox.PhaseSignIn, Code: "E-AUTH-01", Args: map[string]string{"text": ""},
			Err: errors.New("control character in host, user name or password"),
		}
	}
	conn, err := wire.Open(ctx, a, protocol, progress)
	if err != nil {
		return nil, err
	}
	m := &Mailbox{account: a, conn: conn, link: &link{Conn: conn}, marked: map[int]bool{}}
	if err := m.start(ctx, check, progress); err != nil {
		m.Abort()
		return nil, err
	}
	return m, nil
}

// handover lets the library take over a connection that is already open, encrypted and guarded.
type handover struct{ conn net.Conn }

func (h handover) Dial(string, string) (net.Conn, error) { return h.conn, nil }

func (m *Mailbox) start(ctx context.Context, check bool, progress func(mailbox.Step)) error {
	token := ""
	if m.account.OAuth() {
		var err error
		if token, err = bearer.Token(ctx, m.account, m.conn.Encrypted(), progress); err != nil {
			return m.problem(mailbox.PhaseToken, err)
		}
		m.account.Password = token // What a server says is shown without it.
	}
	err := m.do(ctx, func() (err error) {
		m.link.reply = true
		m.client, err = gopop3.New(gopop3.Opt{Host: m.account.Host, Port: m.account.Port, Dialer: handover{m.link}}).NewConn()
		if err != nil {
			return err
		}
		if m.account.OAuth() {
			return m.bear(token)
		}
		return m.signIn()
	})
	if err != nil {
		return m.problem(mailbox.PhaseSignIn, err)
	}
	progress(mailbox.Step{Phase: mailbox.PhaseSignIn, Note: map[string]string{"user": m.account.Username}})
	if !check {
		return nil
	}
	entries, err := m.List(ctx)
	if err != nil {
		return err
	}
	note := map[string]string{"messages": strconv.Itoa(len(entries))}
	if m.uidlNote != "" {
		note["uidl"], note["code"] = m.uidlNote, "E-POP-01"
	}
	progress(mailbox.Step{Phase: mailbox.PhaseCounts, Note: note})
	return nil
}

// signIn sends USER and PASS. Without sign-in the maildrop must answer at once.
func (m *Mailbox) signIn() error {
	if m.account.Auth == "none" {
		if _, _, err := m.client.Stat(); err != nil && m.link.refused() {
			return &mailbox.Problem{Phase: mailbox.PhaseSignIn, Code: "E-AUTH-05", Err: errors.New("server did not let us in without sign-in")}
		} else if err != nil {
			return err
		}
		return nil
	}
	err := m.client.User(m.account.Username)
	if err == nil {
		err = m.client.Pass(m.account.Password)
	}
	if err != nil && m.link.refused() {
		return m.signInProblem()
	}
	return err
}

// signInProblem reads the response code (RFC 2449, 8; RFC 3206) of a refusal.
func (m *Mailbox) signInProblem() error {
	code, text := m.link.code()
	text = wire.Text(m.account, text)
	p := &mailbox.Problem{
		Phase: mailbox.PhaseSignIn, Code: "E-AUTH-01", Err: fmt.Errorf("sign-in refused: [%s] %s", code, text),
		Args: map[string]string{"text": text, "host": m.account.Host, "provider": m.account.Host},
	}
	lower := strings.ToLower(text)
	switch {
	case wire.TooOften(text):
		p.Code = "E-AUTH-04"
	case code == "IN-USE":
		p.Code = "E-POP-02"
	case code == "LOGIN-DELAY":
		p.Code = "E-POP-03"
		p.Args["minutes"] = "15" // What the providers that answer so ask for; the server does not say.
	case strings.Contains(lower, "plaintext authentication disallowed"), strings.Contains(lower, "use ssl"), strings.Contains(lower, "tls required"):
		p.Code = "E-AUTH-06"
	case strings.Contains(lower, "application-specific password"):
		p.Code = "E-AUTH-02"
	case strings.Contains(lower, "not enabled for pop"), strings.Contains(lower, "pop access is disabled"), strings.Contains(lower, "pop3 is disabled"):
		p.Code = "E-AUTH-03"
	case strings.HasPrefix(code, "SYS"):
		p.Code = "E-NET-05"
	}
	return p
}

// control limits a command whose answer is short.
func (m *Mailbox) control() wire.Limits {
	d := min(wire.FetchTimeout(m.account), 30*time.Second)
	return wire.Limits{Octets: 1 << 20, Idle: d, Total: 2 * d}
}

func (m *Mailbox) do(ctx context.Context, f func() error) error {
	m.link.status = "" // What an earlier command was told does not explain this one.
	return m.conn.Do(ctx, m.control(), f)
}

// Close commits the deletions with QUIT and closes the connection. Its error means that nothing may have been deleted.
func (m *Mailbox) Close(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		m.Abort()
		return fmt.Errorf("close maildrop: %w", err)
	}
	limits := m.control()
	limits.Idle = wire.FetchTimeout(m.account) // Removing many messages takes a server its time.
	limits.Total = 2 * limits.Idle
	err := m.conn.Do(ctx, limits, m.client.Quit)
	_ = m.conn.Close()
	if err != nil && len(m.marked) > 0 {
		return m.problem(mailbox.PhaseSettle, fmt.Errorf("commit deletions: %w", err))
	}
	return nil
}

// Abort drops the connection without QUIT, so that nothing is deleted (RFC 1939, 6). It never blocks.
func (m *Mailbox) Abort() { m.conn.Abort() }

// Greet connects, encrypts as the account asks and reads the greeting, and sends nothing secret: the way to find out
// whether a server is there. progress is told the phases that went well, and what certificate was shown. What goes wrong
// is a [*mailbox.Problem].
func Greet(ctx context.Context, a mailbox.Account, progress func(mailbox.Step)) error {
	return wire.Greet(ctx, a, protocol, progress)
}
