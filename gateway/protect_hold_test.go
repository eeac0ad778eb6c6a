package gateway_test

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"letterbox/gateway"
	"letterbox/gateway/smime"
	"letterbox/internal/testdb"
	"letterbox/models"
)

// TestExpiredKeyHoldsTheMailUntilThereIsANewOne is F73: nothing goes out unsigned because a certificate has run out.
func TestExpiredKeyHoldsTheMailUntilThereIsANewOne(t *testing.T) {
	h := newHouse(t, testdb.Open(t))
	h.servers.AddUser("erika", "x", "erika@kunde.example")
	h.sending(func(d *gateway.SendingDraft) { d.Settings.SMIMESign = true })
	in := h.inbox("imap", nil)
	if err := h.gateway.SetAcknowledgement(t.Context(), nil, in.ID, gateway.Acknowledgement{Mode: "everyone"}); err != nil {
		t.Fatal(err)
	}
	old, err := smime.SelfSigned("support@here.example", time.Now().AddDate(-3, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	text, err := old.PEM()
	if err != nil {
		t.Fatal(err)
	}
	k := models.SMIMEKey{
		Address: "support@here.example", Fingerprint: smime.Fingerprint(old.Certificate), Source: "imported", Certificate: old.Certificate.Raw,
		NotBefore: old.Certificate.NotBefore, NotAfter: old.Certificate.NotAfter, CreatedAt: h.now(),
	}
	if k.KeyEnc, err = h.gateway.Secrets.Seal(text, gateway.SMIMESecretPlace(k.Fingerprint)); err != nil {
		t.Fatal(err)
	}
	if err := h.store.AddSMIMEKey(t.Context(), &k); err != nil {
		t.Fatal(err)
	}
	h.run()
	h.arrive("support", post("erika@kunde.example", "1@kunde.example", "Drucker", "Er brennt."))
	held := func(o models.Outgoing) bool { return o.State == models.OutgoingDraft && o.Code == "E-SMIME-04" }
	h.until("the mail is held", func() bool { return slices.ContainsFunc(h.outbox(), held) })
	if n := len(h.servers.Mails("erika")); n != 0 {
		t.Fatalf("the customer has %d mails, want none", n)
	}
	renewed, err := smime.SelfSigned("support@here.example", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if text, err = renewed.PEM(); err != nil {
		t.Fatal(err)
	}
	if err := h.gateway.ImportSMIMEKey(t.Context(), nil, []byte(text), ""); err != nil {
		t.Fatal(err)
	}
	h.inMailbox("erika", 1)
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: renewed.Certificate.Raw})
	opensslOn(t, h.servers.Mails("erika")[0], "cms", "-verify", "-CAfile", fileWith(t, "support.pem", certificate))
}

// TestPrivateKeysLieEncryptedInTheDatabase is SEC-58: a copy of the database, which a backup is, holds no private key.
func TestPrivateKeysLieEncryptedInTheDatabase(t *testing.T) {
	h := newHouse(t, testdb.Open(t))
	id, err := smime.SelfSigned("support@here.example", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	text, err := id.PEM()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.gateway.ImportSMIMEKey(t.Context(), nil, []byte(text), ""); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := h.store.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	octets, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(octets, id.Certificate.Raw[:64]) {
		t.Fatal("the certificate is not in the copy: the test looks at the wrong place")
	}
	var key []byte
	for block, rest := pem.Decode([]byte(text)); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "PRIVATE KEY" {
			key = block.Bytes
		}
	}
	if _, err := x509.ParsePKCS8PrivateKey(key); err != nil {
		t.Fatal(err)
	}
	// Its second half is secret; the first holds the public key as well.
	for part := range slices.Chunk(key[len(key)/2:], 48) {
		if bytes.Contains(octets, part) || bytes.Contains(octets, []byte(base64.StdEncoding.EncodeToString(part))) {
			t.Fatal("the copy holds a piece of the private key")
		}
	}
	if bytes.Contains(octets, []byte("PRIVATE KEY")) {
		t.Error("the copy holds a private key in PEM")
	}
}
