package gateway_test

import (
	"testing"

	"letterbox/gateway"
	"letterbox/internal/mailtest"
	"letterbox/internal/testdb"
	"letterbox/models"
)

func TestServerThatWasEncryptedOnceIsRefusedWithoutEncryption(t *testing.T) {
	h := newHouse(t, testdb.Open(t))
	cert, err := mailtest.NewCertificate(mailtest.CertOptions{})
	if err != nil {
		t.Fatal(err)
	}
	at := h.servers.IMAPAddr
	h.servers.Close()
	start := func(c *mailtest.Certificate) *mailtest.Servers {
		s, err := mailtest.NewServers(mailtest.Options{Certificate: c, IMAPAddress: at})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		s.AddUser("support", "s3cret", "support@here.example")
		return s
	}
	encrypted := start(cert)
	ib := h.inbox("imap", func(d *gateway.InboxDraft) {
		d.Settings.Security, d.Settings.TLSVerify, d.Settings.Fingerprint = "starttls_if_available", "pinned", cert.Fingerprint
	})
	h.run()
	h.await(ib.ID, "connected and encrypted", func(s models.InboxStatus) bool { return s.State == models.InboxActive && s.EncryptedWith == at })
	encrypted.Close()
	start(nil)
	h.await(ib.ID, "E-TLS-06", func(s models.InboxStatus) bool {
		if err := h.gateway.Poll(t.Context(), ib.ID); err != nil {
			t.Fatal(err)
		}
		return s.Code == "E-TLS-06"
	})
}
