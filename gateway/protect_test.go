package gateway_test

import (
	"bytes"
	"crypto/x509"
	"mime"
	netmail "net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"letterbox/gateway"
	"letterbox/gateway/outbound"
	"letterbox/gateway/smime"
	"letterbox/internal/mailtest"
	"letterbox/internal/testdb"
	"letterbox/models"
)

func opensslOn(t *testing.T, in []byte, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("openssl", args...)
	cmd.Stdin = bytes.NewReader(in)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("openssl %v: %v\n%s", args, err, stderr.Bytes())
	}
	return out
}

func fileWith(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// ownCertificate is the certificate of the support, in PEM, in a file.
func (h *house) ownCertificate() string {
	h.t.Helper()
	keys, err := h.gateway.SMIMEKeys(h.t.Context())
	if err != nil || len(keys) != 1 || keys[0].Source != "self" || keys[0].KeyEnc != "" {
		h.t.Fatalf("SMIMEKeys = %d, %v; want one of our own making without its key", len(keys), err)
	}
	_, pem, err := h.gateway.PublicCertificate(h.t.Context(), keys[0].ID)
	if err != nil {
		h.t.Fatal(err)
	}
	return fileWith(h.t, "support.pem", pem)
}

// houseOfAnna is a house that trusts the certificate of a customer, who has it and its key in the file annas.
func houseOfAnna(t *testing.T) (h *house, anna *smime.Identity, annas string) {
	t.Helper()
	anna, err := smime.SelfSigned("anna@there.example", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	secret, err := anna.PEM()
	if err != nil {
		t.Fatal(err)
	}
	annas = fileWith(t, "anna.pem", []byte(secret))
	roots, err := smime.ParseRoots([]byte(secret[:strings.Index(secret, "-----BEGIN PRIVATE")]))
	if err != nil {
		t.Fatal(err)
	}
	h = newHouseWith(t, testdb.Open(t), mailtest.Options{})
	deps := h.gateway.Deps
	deps.SMIME = &smime.Policy{Roots: roots}
	h.gateway = gateway.New(deps)
	h.servers.AddUser("anna", "x", "anna@there.example")
	return h, anna, annas
}

// TestAnswersAreSignedAndEncrypted walks: an acknowledgement is signed with a certificate that is made on
// demand, is held while there is no certificate of the customer, goes out encrypted once a signed mail has brought it, and
// what the customer encrypts for us is read.
func TestAnswersAreSignedAndEncrypted(t *testing.T) {
	h, _, annas := houseOfAnna(t)
	account := h.sending(func(d *gateway.SendingDraft) { d.Settings.SMIMESign = true })
	in := h.inbox("imap", nil)
	if err := h.gateway.SetAcknowledgement(t.Context(), nil, in.ID, gateway.Acknowledgement{Mode: "everyone"}); err != nil {
		t.Fatal(err)
	}
	h.run()

	h.arrive("support", post("Anna <anna@there.example>", "1@there.example", "Printer", "It is on fire."))
	h.inMailbox("anna", 1)
	raw := h.servers.Mails("anna")[0]
	own := h.ownCertificate()
	text := opensslOn(t, raw, "cms", "-verify", "-CAfile", own)
	if !bytes.Contains(text, []byte("Content-Type:")) || !bytes.Contains(raw, []byte("multipart/signed")) {
		t.Errorf("the signed acknowledgement holds:\n%s", text)
	}

	v, err := h.gateway.SendingAccount(t.Context(), account.ID)
	if err != nil {
		t.Fatal(err)
	}
	v.Settings.SMIMEEncrypt = "required"
	if _, err := h.gateway.UpdateSendingAccount(t.Context(), nil, account.ID, 0, gateway.SendingDraft{Place: "default", Address: v.Address, Settings: v.Settings}); err != nil {
		t.Fatal(err)
	}
	h.arrive("support", post("Anna <anna@there.example>", "2@there.example", "Another printer", "It smokes."))
	var held models.Outgoing
	h.until("the mail is held", func() bool {
		list, _, err := h.gateway.Outbox(t.Context(), gateway.OutboxFilter{Limit: 10})
		if err == nil && len(list) > 0 {
			held = list[0]
		}
		return held.State == models.OutgoingDraft
	})
	if held.Code != "E-SMIME-03" || len(h.servers.Mails("anna")) != 1 {
		t.Errorf("held with %s, anna has %d mails; want E-SMIME-03 and no mail in clear", held.Code, len(h.servers.Mails("anna")))
	}
	if plan, err := h.gateway.PlanAnswer(t.Context(), 2); err != nil || plan.Encrypt != "required" || !plan.Signs || len(plan.Recipients) != 1 || plan.Recipients[0].Locked {
		t.Errorf("PlanAnswer = %+v, %v; want an open lock", plan, err)
	}

	signed := opensslOn(t, []byte("Content-Type: text/plain\r\n\r\nSigned by me.\r\n"), "cms", "-sign", "-signer", annas, "-inkey", annas, "-md", "sha256",
		"-from", "Anna <anna@there.example>", "-to", "support@here.example", "-subject", "Signed")
	h.arrive("support", crlfOf(signed))
	h.until("the held mail has gone out", func() bool { return len(h.servers.Mails("anna")) >= 3 })
	for _, raw := range h.servers.Mails("anna")[1:] {
		m, err := netmail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		if kind := m.Header.Get("Content-Type"); !strings.Contains(kind, "enveloped-data") || bytes.Contains(raw, []byte("smokes")) {
			t.Errorf("a mail has the type %s, want an encrypted one", kind)
			continue
		}
		inner := opensslOn(t, raw, "cms", "-decrypt", "-recip", annas, "-inkey", annas)
		opensslOn(t, inner, "cms", "-verify", "-CAfile", own)
	}
	if plan, err := h.gateway.PlanAnswer(t.Context(), 2); err != nil || !plan.Recipients[0].Locked {
		t.Errorf("PlanAnswer = %+v, %v; want a closed lock", plan, err)
	}

	sealed := opensslOn(t, []byte("Content-Type: text/plain\r\n\r\nThis is only for you.\r\n"), "cms", "-encrypt", "-aes256",
		"-from", "Anna <anna@there.example>", "-to", "support@here.example", "-subject", "Secret", own)
	h.arrive("support", crlfOf(sealed))
	h.until("what was encrypted for us is read", func() bool {
		list, err := h.store.IssueByNumber(t.Context(), 4)
		return err == nil && strings.Contains(list.Description, "only for you")
	})
}

func crlfOf(b []byte) []byte {
	return bytes.ReplaceAll(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
}

// TestForgedSignaturesBringNoCertificate is R-24: a certificate is taken from a mail only when its signature is valid.
func TestForgedSignaturesBringNoCertificate(t *testing.T) {
	mallory, err := smime.SelfSigned("mallory@there.example", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	secret, err := mallory.PEM()
	if err != nil {
		t.Fatal(err)
	}
	file := fileWith(t, "mallory.pem", []byte(secret))
	roots, err := smime.ParseRoots([]byte(secret[:strings.Index(secret, "-----BEGIN PRIVATE")]))
	if err != nil {
		t.Fatal(err)
	}
	h := newHouseWith(t, testdb.Open(t), mailtest.Options{})
	deps := h.gateway.Deps
	deps.SMIME = &smime.Policy{Roots: roots}
	h.gateway = gateway.New(deps)
	h.inbox("imap", nil)
	h.run()
	for i, from := range []string{"anna@there.example", "mallory@there.example"} {
		signed := opensslOn(t, []byte("Content-Type: text/plain\r\n\r\nSigned.\r\n"), "cms", "-sign", "-signer", file, "-inkey", file, "-md", "sha256",
			"-from", from, "-to", "support@here.example", "-subject", "Signed")
		if i == 1 {
			signed = bytes.Replace(signed, []byte("Signed.\r\n"), []byte("Forged.\r\n"), 1)
			if !bytes.Contains(signed, []byte("Forged.")) {
				signed = bytes.Replace(signed, []byte("Signed."), []byte("Forged."), 1)
			}
		}
		h.arrive("support", crlfOf(signed))
	}
	h.until("both are issues", func() bool {
		_, err := h.store.IssueByNumber(t.Context(), 2)
		return err == nil
	})
	all, err := h.gateway.SMIMECertificates(t.Context())
	if err != nil || len(all) != 0 {
		t.Errorf("%d certificates, %v; want none", len(all), err)
	}
}

func TestKeysAndCertificatesAreImportedAndRevoked(t *testing.T) {
	h := newHouse(t, testdb.Open(t))
	id, err := smime.SelfSigned("support@here.example", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	text, err := id.PEM()
	if err != nil {
		t.Fatal(err)
	}
	file := fileWith(t, "id.pem", []byte(text))
	p12 := opensslOn(t, nil, "pkcs12", "-export", "-in", file, "-inkey", file, "-passout", "pass:secret")
	for _, test := range []struct {
		file     []byte
		password string
		want     string
	}{{p12, "wrong", "E-SMIME-02"}, {[]byte("no file"), "", "E-SMIME-05"}, {p12, "secret", ""}, {p12, "secret", "E-SMIME-07"}} {
		if got := code(h.gateway.ImportSMIMEKey(t.Context(), nil, test.file, test.password)); got != test.want {
			t.Errorf("ImportSMIMEKey = %q, want %q", got, test.want)
		}
	}
	other, err := smime.SelfSigned("anna@there.example", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := h.gateway.ImportSMIMECertificate(t.Context(), nil, other.Certificate.Raw); err != nil {
		t.Fatal(err)
	}
	usable := func() bool {
		list, err := h.store.SMIMECertificatesOf(t.Context(), "anna@there.example")
		if err != nil {
			t.Fatal(err)
		}
		return len(list) == 1
	}
	all, err := h.gateway.SMIMECertificates(t.Context())
	if err != nil || len(all) != 1 || all[0].Source != "imported" || !usable() {
		t.Fatalf("SMIMECertificates = %+v, %v", all, err)
	}
	if c, err := x509.ParseCertificate(all[0].Certificate); err != nil || !c.Equal(other.Certificate) {
		t.Errorf("the stored certificate is another one: %v", err)
	}
	if err := h.gateway.RevokeSMIMECertificate(t.Context(), nil, all[0].ID, true); err != nil || usable() {
		t.Errorf("RevokeSMIMECertificate = %v, still used: %t", err, usable())
	}
	if err := h.gateway.ImportSMIMECertificate(t.Context(), nil, other.Certificate.Raw); err != nil || usable() {
		t.Errorf("a revoked certificate that comes again is used: %t, %v", usable(), err)
	}
}

// TestAuthenticatedEncryptionGoesToThoseWhoReadIt: a customer whose program announces AES-256-GCM gets it, one whose program
// announces other methods, later, gets CBC again.
func TestAuthenticatedEncryptionGoesToThoseWhoReadIt(t *testing.T) {
	h, anna, annas := houseOfAnna(t)
	h.sending(func(d *gateway.SendingDraft) { d.Settings.SMIMESign, d.Settings.SMIMEEncrypt = true, "required" })
	in := h.inbox("imap", nil)
	if err := h.gateway.SetAcknowledgement(t.Context(), nil, in.ID, gateway.Acknowledgement{Mode: "everyone"}); err != nil {
		t.Fatal(err)
	}
	h.run()
	kinds := func(n int) (kind string) {
		t.Helper()
		h.inMailbox("anna", n)
		raw := h.servers.Mails("anna")[n-1]
		m, err := netmail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		inner := opensslOn(t, raw, "cms", "-decrypt", "-recip", annas, "-inkey", annas)
		opensslOn(t, inner, "cms", "-verify", "-CAfile", h.ownCertificate())
		_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		return params["smime-type"]
	}

	var signed bytes.Buffer
	err := outbound.Mail{
		From: outbound.Address{Address: "anna@there.example"}, To: []outbound.Address{{Address: "support@here.example"}},
		Subject: "Signed here", Date: time.Now(), MessageID: "1@there.example", Text: "I read everything.",
	}.Protected(outbound.Protection{Sign: func(digest []byte) ([]byte, error) { return anna.Sign(digest, time.Now()) }})(&signed)
	if err != nil {
		t.Fatal(err)
	}
	h.arrive("support", signed.Bytes())
	if got := kinds(1); got != "authEnveloped-data" {
		t.Errorf("who announces GCM gets %q, want authEnveloped-data", got)
	}

	other := opensslOn(t, []byte("Content-Type: text/plain\r\n\r\nSigned with another program.\r\n"), "cms", "-sign", "-signer", annas, "-inkey", annas,
		"-md", "sha256", "-from", "Anna <anna@there.example>", "-to", "support@here.example", "-subject", "Signed there")
	h.arrive("support", crlfOf(other))
	h.inMailbox("anna", 2)
	h.until("the other announcement is kept", func() bool {
		list, err := h.store.SMIMECertificatesOf(t.Context(), "anna@there.example")
		return err == nil && len(list) == 1 && !list[0].ReadsGCM
	})
	h.arrive("support", post("Anna <anna@there.example>", "3@there.example", "In clear", "What do I get?"))
	if got := kinds(3); got != "enveloped-data" {
		t.Errorf("who announces no GCM gets %q, want enveloped-data", got)
	}
}
