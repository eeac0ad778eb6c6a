package imap_test

import (
	"context"
	"testing"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/imap"
	"letterbox/gateway/mailbox/mailboxtest"
	"letterbox/internal/mailtest"
)

func open(ctx context.Context, a mailbox.Account) error {
	m, err := imap.Open(ctx, a, nil)
	if err == nil {
		m.Abort()
	}
	return err
}

func start(t *testing.T, o mailboxtest.SiteOptions) mailboxtest.Site {
	t.Helper()
	cert, err := mailtest.NewCertificate(mailtest.CertOptions{Hosts: o.Hosts, NotAfter: o.NotAfter})
	if err != nil {
		t.Fatal(err)
	}
	site := mailboxtest.Site{Roots: cert.Roots, Fingerprint: cert.Fingerprint}
	if o.NoTLS {
		cert = nil
	}
	s := startInProcess(t, mailtest.Options{Certificate: cert, RequireTLS: o.RequireTLS}).servers
	site.Plain, site.TLS = s.IMAPAddr, s.IMAPSAddr
	return site
}

func TestProblems(t *testing.T) {
	mailboxtest.Problems(t, mailboxtest.Protocol{Open: open, Start: start, Refusal: "* BYE too busy\r\n"})
}
