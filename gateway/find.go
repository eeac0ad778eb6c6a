package gateway

import (
	"context"
	"time"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/imap"
	"letterbox/gateway/mailbox/pop3"
	"letterbox/gateway/mailbox/preset"
	"letterbox/models"
)

// FindServers proposes servers that may hold the mail of an address, best first; none is no error. It takes about five
// seconds at most and sends no password.
func (g *Gateway) FindServers(ctx context.Context, address string) ([]preset.Proposal, error) {
	return preset.New(preset.Deps{Resolver: g.Resolver, Dial: g.Dial, DialWeb: g.DialWeb, Greet: greet}).Find(ctx, address)
}

// greet finds out whether a server is there.
func greet(ctx context.Context, receive string, a mailbox.Account) error {
	return hello(ctx, receive, a, func(mailbox.Step) {})
}

func hello(ctx context.Context, receive string, a mailbox.Account, progress func(mailbox.Step)) error {
	if receive == doorPOP3 {
		return pop3.Greet(ctx, a, progress)
	}
	return imap.Greet(ctx, a, progress)
}

// Certificate is what a server showed of itself.
type Certificate struct {
	Subject, Issuer     string
	Names               string // Whom it is for, separated by commas.
	Fingerprint         string // SHA-256 in lower-case hex.
	NotBefore, NotAfter time.Time
}

// CertificateOf reads a certificate from what a mail source has noted of it; ok is false when it noted none.
func CertificateOf(note map[string]string) (c Certificate, ok bool) {
	c = Certificate{Subject: note["subject"], Issuer: note["issuer"], Names: note["names"], Fingerprint: note["fingerprint"]}
	c.NotBefore, _ = time.Parse(time.RFC3339, note["not_before"]) // Zero when it is not told.
	c.NotAfter, _ = time.Parse(time.RFC3339, note["not_after"])
	return c, c.Fingerprint != ""
}

// ShownCertificate asks the server of an inbox for its certificate, whatever is wrong with it. Nothing secret is sent.
// A failure is a [*mailbox.Problem].
func (g *Gateway) ShownCertificate(ctx context.Context, s models.InboxSettings) (Certificate, error) {
	a, err := accountOf(s, "", g.Dial)
	if err != nil {
		return Certificate{}, err
	}
	a.Verify, a.Username = mailbox.VerifyOff, ""
	var c Certificate
	err = hello(ctx, s.Receive, a, func(st mailbox.Step) {
		if st.Phase == mailbox.PhaseTLS {
			c, _ = CertificateOf(st.Note)
		}
	})
	return c, err
}
