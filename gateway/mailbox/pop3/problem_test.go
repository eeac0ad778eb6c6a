package pop3_test

import (
	"context"
	"testing"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/mailboxtest"
	"letterbox/gateway/mailbox/pop3"
	"letterbox/internal/mailtest"
)

func open(ctx context.Context, a mailbox.Account) error {
	m, err := pop3.Open(ctx, a, nil)
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
	site.Plain, site.TLS = s.POP3Addr, s.POP3SAddr
	return site
}

func TestProblems(t *testing.T) {
	mailboxtest.Problems(t, mailboxtest.Protocol{Open: open, Start: start, Refusal: "-ERR [SYS/TEMP] too busy\r\n"})
}
