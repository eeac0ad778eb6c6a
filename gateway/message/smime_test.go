package message

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/smallstep/pkcs7"
)

// certificate makes a certificate that signs itself.
func certificate(t *testing.T) (*x509.Certificate, *rsa.PrivateKey) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	tpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Anna"}, NotAfter: time.Now().Add(time.Hour), EmailAddresses: []string{"anna@example.org"}}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

func pkcs7Mail(kind string, der []byte) string {
	return "From: anna@example.org\r\nSubject: x\r\nContent-Type: application/pkcs7-mime; smime-type=" + kind + "; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString(der) + "\r\n"
}

func TestOpaqueSignedMailIsOpened(t *testing.T) {
	cert, key := certificate(t)
	sd, err := pkcs7.NewSignedData([]byte(mail("Content-Type: multipart/mixed; boundary=x", "", "--x", "", "signed words", "--x", "Content-Type: application/pdf; name=a.pdf", "", "data", "--x--")))
	if err != nil {
		t.Fatal(err)
	}
	if err := sd.AddSigner(cert, key, pkcs7.SignerInfoConfig{}); err != nil {
		t.Fatal(err)
	}
	der, err := sd.Finish()
	if err != nil {
		t.Fatal(err)
	}
	m := parse(t, pkcs7Mail("signed-data", der))
	if m.Text != "signed words" || m.Signed != "smime" || m.Encrypted != "" {
		t.Errorf("Text, Signed, Encrypted = %q, %q, %q, want the signed words, smime, nothing", m.Text, m.Signed, m.Encrypted)
	}
	if got := strings.Join(names(m), "|"); got != "smime.p7m|a.pdf" {
		t.Errorf("attachments = %q, want the container and what is in it", got)
	}
	for n := range der[:200] {
		if m := parse(t, pkcs7Mail("signed-data", der[:n])); hasDefect(m, DefectInternal) {
			t.Fatalf("cut at %d: %v", n, m.Defects)
		}
	}
}

func TestEncryptedMailIsRecognised(t *testing.T) {
	cert, _ := certificate(t)
	der, err := pkcs7.Encrypt([]byte("secret"), []*x509.Certificate{cert})
	if err != nil {
		t.Fatal(err)
	}
	m := parse(t, pkcs7Mail("enveloped-data", der))
	if m.Encrypted != "smime" || m.Signed != "" || len(m.Attachments) != 1 {
		t.Errorf("Encrypted, Signed, attachments = %q, %q, %v, want smime, nothing and the container", m.Encrypted, m.Signed, names(m))
	}
}

func TestSignedAndEncryptedMultipartsAreRecognised(t *testing.T) {
	signed := func(protocol, kind string) string {
		return mail("Content-Type: multipart/signed; protocol=\""+protocol+"\"; boundary=x", "", "--x", "", "words", "--x", "Content-Type: "+kind+"; name=sig", "", "data", "--x--")
	}
	tests := []struct{ name, raw, signed, encrypted string }{
		{"PGP/MIME signed", signed("application/pgp-signature", "application/pgp-signature"), "pgp", ""},
		{"S/MIME signed", signed("application/pkcs7-signature", "application/pkcs7-signature"), "smime", ""},
		{"S/MIME signed, without the protocol", signed("", "application/x-pkcs7-signature"), "smime", ""},
		{"PGP/MIME encrypted", mail("Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=x", "", "--x", "Content-Type: application/pgp-encrypted", "", "Version: 1", "--x", "Content-Type: application/octet-stream", "", "data", "--x--"), "", "pgp"},
		{"PGP in the text, signed", mail("Subject: x", "", "-----BEGIN PGP SIGNED MESSAGE-----", "", "words"), "pgp", ""},
		{"PGP in the text, encrypted", mail("Subject: x", "", "-----BEGIN PGP MESSAGE-----", "", "data"), "", "pgp"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := parse(t, tt.raw)
			if m.Signed != tt.signed || m.Encrypted != tt.encrypted {
				t.Errorf("Signed, Encrypted = %q, %q, want %q, %q", m.Signed, m.Encrypted, tt.signed, tt.encrypted)
			}
		})
	}
}

// Nested and indefinite lengths of BER cost nothing but a look.
func TestHostileContainersEnd(t *testing.T) {
	for name, der := range map[string][]byte{
		"deep, indefinite": bytes.Repeat([]byte{0x30, 0x80}, 500_000),
		"deep, definite":   bytes.Repeat([]byte{0x30, 0x84, 0x7f, 0xff, 0xff, 0xff}, 100_000),
		"long lengths":     bytes.Repeat([]byte{0x30, 0xff}, 100_000),
		"strings":          append(append([]byte{0x30, 0x80, 0x06, 0x09}, oidSignedData...), bytes.Repeat([]byte{0x24, 0x80}, 500_000)...),
	} {
		t.Run(name, func(t *testing.T) {
			if m := parse(t, pkcs7Mail("signed-data", der)); len(m.Attachments) != 1 || hasDefect(m, DefectInternal) {
				t.Errorf("attachments, Defects = %v, %v, want the container alone", names(m), m.Defects)
			}
		})
	}
}
