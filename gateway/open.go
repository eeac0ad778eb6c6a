package gateway

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strconv"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/imap"
	"letterbox/gateway/mailbox/pop3"
	"letterbox/models"
)

// mostMessageSize bounds what a server may send as one message, whatever an inbox takes: a person may have a message
// fetched that is larger than the inbox' own limit.
const mostMessageSize = 150 << 20

// openBox signs in at the server of an inbox. A failure is a *mailbox.Problem. A server that was encrypted once, as
// status says, and is not any more is refused; nil status knows of none.
func (g *Gateway) openBox(ctx context.Context, ib models.Inbox, status *models.InboxStatus) (mailbox.Mailbox, error) {
	if g.box != nil {
		return g.box(ctx, ib)
	}
	a, err := g.account(ib)
	if err != nil {
		return nil, err
	}
	tokens := g.bear(&a, OAuthInbox(ib.ID), ib.Settings.OAuth, ib.Settings.Receive, false)
	at := net.JoinHostPort(a.Host, strconv.Itoa(a.Port))
	leave, err := g.doorway.enter(ctx, at)
	if err != nil {
		return nil, fmt.Errorf("wait for a turn at the server: %w", err)
	}
	defer leave()
	if status != nil {
		a.Encrypted = status.EncryptedWith == at
		a.OnEncrypted = func() { status.EncryptedWith = at }
	}
	box, err := openAccount(ctx, ib.Settings.Receive, a, nil)
	if tokens.refused(ctx, err) {
		return openAccount(ctx, ib.Settings.Receive, a, nil)
	}
	return box, err
}

// openAccount opens a connection. With progress it looks at every folder and reports each phase that is over.
func openAccount(ctx context.Context, receive string, a mailbox.Account, progress func(mailbox.Step)) (mailbox.Mailbox, error) {
	switch receive {
	case "imap":
		box, err := imap.Open(ctx, a, progress)
		if err != nil {
			return nil, err
		}
		return box, nil
	case "pop3":
		box, err := pop3.Open(ctx, a, progress)
		if err != nil {
			return nil, err
		}
		return box, nil
	default:
		return nil, fmt.Errorf("receiving %q has no server", receive)
	}
}

// account collects what a dialer needs; it decrypts the password.
func (g *Gateway) account(ib models.Inbox) (mailbox.Account, error) {
	password := ""
	if ib.PasswordEnc != "" {
		var err error
		if password, err = g.Secrets.Open(ib.PasswordEnc, InboxSecretPlace(ib.ID)); err != nil {
			return mailbox.Account{}, &mailbox.Problem{Phase: mailbox.PhaseSignIn, Code: "E-KEY-01", Err: err}
		}
	}
	if g.ForbidUnverified && mailbox.Verify(ib.Settings.TLSVerify) == mailbox.VerifyOff {
		return mailbox.Account{}, unverified()
	}
	return accountOf(ib.Settings, password, g.Dial)
}

// unverified says that a connection without a check of the certificate is not allowed in this installation.
func unverified() *mailbox.Problem {
	return &mailbox.Problem{Phase: mailbox.PhaseTLS, Code: "E-TLS-10", Err: errors.New("certificates must be verified")}
}

func accountOf(s models.InboxSettings, password string, dial mailbox.DialFunc) (mailbox.Account, error) {
	a := mailbox.Account{
		Host: s.Host, Port: s.Port, Security: mailbox.Security(s.Security), Verify: mailbox.Verify(s.TLSVerify),
		Fingerprint: s.Fingerprint, Auth: s.Auth, Username: s.Username, Password: password, Folders: s.Folders,
		ConnectTimeout: s.ConnectTimeout, FetchTimeout: s.FetchTimeout, MaxMessageSize: mostMessageSize, Dial: dial,
	}
	if s.TrustedAt != nil {
		a.TrustedAt = *s.TrustedAt
	}
	if a.Verify == mailbox.VerifyCA {
		a.RootCAs = x509.NewCertPool() // HoldsCertificate tells beforehand what is refused here.
		if !a.RootCAs.AppendCertsFromPEM([]byte(s.CAPEM)) {
			return a, &mailbox.Problem{Phase: mailbox.PhaseTLS, Code: "E-TLS-09", Err: fmt.Errorf("no certificate in the CA setting")}
		}
	}
	return a, nil
}

// HoldsCertificate reports whether a text has a certificate in PEM, as the setting of an own issuer needs one.
func HoldsCertificate(pem string) bool { return x509.NewCertPool().AppendCertsFromPEM([]byte(pem)) }

// InboxSecretPlace is what the password of an inbox is bound to.
func InboxSecretPlace(inbox int64) string { return "inboxes/" + itoa(inbox) + "/password" }
