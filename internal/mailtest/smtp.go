package mailtest

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// maxSMTP is the largest message that the SMTP server takes, in octets.
const maxSMTP = 100 << 20

func (s *Servers) newSMTP() *smtp.Server {
	srv := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &smtpSession{servers: s, conn: c}, nil
	}))
	srv.Domain = "localhost"
	srv.MaxMessageBytes = maxSMTP
	srv.EnableSMTPUTF8 = s.options.UTF8
	srv.AllowInsecureAuth = !s.options.RequireTLS
	srv.ReadTimeout, srv.WriteTimeout = time.Minute, time.Minute
	srv.ErrorLog = log.New(io.Discard, "", 0)
	if s.options.Certificate != nil {
		srv.TLSConfig = &tls.Config{Certificates: []tls.Certificate{s.options.Certificate.TLS}, MinVersion: tls.VersionTLS12}
	}
	return srv
}

// smtpSession delivers to the users by address.
type smtpSession struct {
	servers *Servers
	conn    *smtp.Conn
	from    string
	to      []string
	users   []*User
	utf8    bool // The client has announced addresses beyond ASCII.
}

func (s *smtpSession) AuthMechanisms() []string {
	switch {
	case s.servers.options.Token == nil:
		return []string{sasl.Plain}
	case s.servers.options.NoBearer:
		return []string{"XOAUTH2"}
	}
	return []string{"XOAUTH2", sasl.OAuthBearer}
}

func (s *smtpSession) Auth(mechanism string) (sasl.Server, error) {
	if valid := s.servers.options.Token; valid != nil {
		return newTokenServer(mechanism, valid), nil
	}
	return sasl.NewPlainServer(func(_, login, password string) error {
		if u := s.servers.store.user(login); u == nil || u.password != password {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

// fault fails at a stage when the options say so.
func (s *smtpSession) fault(stage, address string) error {
	if s.servers.options.Fault == nil {
		return nil
	}
	switch answer := s.servers.options.Fault(stage, address); answer {
	case "":
		return nil
	case "drop":
		_ = s.conn.Conn().Close()
		return io.ErrUnexpectedEOF
	default:
		e := &smtp.SMTPError{EnhancedCode: smtp.NoEnhancedCode}
		code, rest, _ := strings.Cut(answer, " ")
		if e.Code, _ = strconv.Atoi(code); rest == "" {
			return e
		}
		status, text, _ := strings.Cut(rest, " ")
		if _, err := fmt.Sscanf(status, "%d.%d.%d", &e.EnhancedCode[0], &e.EnhancedCode[1], &e.EnhancedCode[2]); err != nil {
			e.EnhancedCode, text = smtp.NoEnhancedCode, rest
		}
		e.Message = text
		return e
	}
}

func (s *smtpSession) Mail(from string, o *smtp.MailOptions) error {
	if err := s.fault("mail", from); err != nil {
		return err
	}
	s.from, s.utf8 = from, o != nil && o.UTF8
	return nil
}

// Rcpt takes known addresses. temperror@, permerror@ and slow@ let a developer see failures.
func (s *smtpSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := s.fault("rcpt", to); err != nil {
		return err
	}
	switch local, _, _ := bytes.Cut([]byte(to), []byte("@")); string(local) {
	case "temperror":
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "try again later"}
	case "permerror":
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"}
	case "slow":
		time.Sleep(5 * time.Second)
	}
	if !s.utf8 && strings.ContainsFunc(to, func(r rune) bool { return r > 0x7f }) {
		return &smtp.SMTPError{Code: 553, EnhancedCode: smtp.EnhancedCode{5, 6, 7}, Message: "announce SMTPUTF8 first"}
	}
	u := s.servers.store.byAddress(to)
	if u == nil {
		u = s.servers.store.user(s.servers.options.CatchAll)
	}
	if u == nil {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"}
	}
	s.to, s.users = append(s.to, to), append(s.users, u)
	return nil
}

func (s *smtpSession) Data(r io.Reader) error {
	if err := s.fault("data", s.from); err != nil {
		return err
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("receive message: %w", err)
	}
	done := map[*User]bool{}
	for _, u := range s.users {
		if done[u] {
			continue
		}
		done[u] = true
		full := append(fmt.Appendf(nil, "Return-Path: <%s>\r\n", s.from), raw...)
		if s.servers.options.Rewrite != nil {
			full = s.servers.options.Rewrite(full)
		}
		if err := u.Append("INBOX", full); err != nil {
			return err
		}
	}
	if err := s.fault("end", s.from); err != nil {
		return err
	}
	if s.servers.options.OnMail != nil {
		s.servers.options.OnMail(s.from, s.to, raw)
	}
	return nil
}

func (s *smtpSession) Reset() { s.from, s.to, s.users = "", nil, nil }

func (s *smtpSession) Logout() error { return nil }

// Mails returns what the INBOX of a login holds, oldest first, as it was delivered; nil when there is no such login.
func (s *Servers) Mails(login string) [][]byte {
	u := s.store.user(login)
	if u == nil {
		return nil
	}
	var out [][]byte
	for _, m := range u.maildrop() {
		out = append(out, m.raw)
	}
	return out
}
