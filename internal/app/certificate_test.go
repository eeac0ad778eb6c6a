package app

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"net"
	"net/smtp"
	"os"
	"path/filepath"
	"testing"
	"time"

	"letterbox/internal/config"
	"letterbox/internal/mailtest"
)

// renew writes a new certificate into the files of the door and returns it. The files are dated after the ones before, as
// they are where they are renewed after months.
func renew(t *testing.T, cert, key string, at time.Time) *mailtest.Certificate {
	t.Helper()
	c, err := mailtest.NewCertificate(mailtest.CertOptions{})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(c.TLS.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	var chain []byte
	for _, der := range c.TLS.Certificate {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	for path, text := range map[string][]byte{cert: chain, key: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func TestRenewedCertificateOfTheDoorNeedsNoRestart(t *testing.T) {
	cfg := config.Default()
	cfg.Data = t.TempDir()
	cfg.DB = "sqlite:" + filepath.Join(cfg.Data, "letterbox.db")
	cfg.SMTPListen, cfg.SMTPProtocol = "127.0.0.1:0", "smtp"
	cfg.SMTPCertificate, cfg.SMTPKey = filepath.Join(cfg.Data, "door.pem"), filepath.Join(cfg.Data, "door.key")
	began := time.Now()
	first := renew(t, cfg.SMTPCertificate, cfg.SMTPKey, began)
	a, err := New(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	door, l, err := a.inbound(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- door.Run(t.Context(), l) }()
	shows := func(c *mailtest.Certificate) error {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		client, err := smtp.NewClient(conn, "127.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		return client.StartTLS(&tls.Config{RootCAs: c.Roots, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12})
	}
	if err := shows(first); err != nil {
		t.Errorf("the first certificate: %v", err)
	}
	second := renew(t, cfg.SMTPCertificate, cfg.SMTPKey, began.Add(time.Hour))
	if err := shows(second); err != nil {
		t.Errorf("the renewed certificate: %v", err)
	}
	if err := shows(first); err == nil {
		t.Error("the first certificate is still shown")
	}
	if err := os.WriteFile(cfg.SMTPKey, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := shows(second); err != nil {
		t.Errorf("with a file that is half written: %v, want the certificate before", err)
	}
	third := renew(t, cfg.SMTPCertificate, cfg.SMTPKey, began.Add(2*time.Hour))
	if err := shows(third); err != nil {
		t.Errorf("once the file is whole: %v", err)
	}
	_ = l.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
