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

// signedMail is a multipart/signed mail with a detached signature over part.
func signedMail(t *testing.T, cert *x509.Certificate, key *rsa.PrivateKey, from, part string) string {
	t.Helper()
	sd, err := pkcs7.NewSignedData([]byte(part))
	if err != nil {
		t.Fatal(err)
	}
	sd.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
	if err := sd.AddSigner(cert, key, pkcs7.SignerInfoConfig{}); err != nil {
		t.Fatal(err)
	}
	sd.Detach()
	der, err := sd.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return "From: " + from + "\r\nContent-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=s\r\n\r\nnot signed\r\n--s\r\n" + part +
		"\r\n--s\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString(der) + "\r\n--s--\r\n"
}

func TestSignaturesAreChecked(t *testing.T) {
	cert, key := certificate(t)
	other, _ := certificate(t)
	roots, others := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(cert)
	others.AddCert(other)
	part := "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nsigned words\r\n--x\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\ndata\r\n--x--\r\n"
	good := signedMail(t, cert, key, "anna@example.org", part)
	at := time.Now()
	tests := []struct {
		name, raw string
		smime     *SMIME
		state     string
		reason    string
	}{
		{"valid", good, &SMIME{Roots: roots, At: at}, SignatureValid, ""},
		{"valid, line ends changed on the way", strings.ReplaceAll(good, "\r\n", "\n"), &SMIME{Roots: roots, At: at}, SignatureValid, ""},
		{"words changed", strings.Replace(good, "signed words", "signed worms", 1), &SMIME{Roots: roots, At: at}, SignatureInvalid, SignatureReasonChanged},
		{"a part added", strings.Replace(good, "\r\n--s--", "\r\n--s\r\n\r\nmore words\r\n--s--", 1), &SMIME{Roots: roots, At: at}, "", ""},
		{"signer not known", good, &SMIME{Roots: others, At: at}, SignatureInvalid, SignatureReasonUntrusted},
		{"no roots", good, &SMIME{At: at}, SignatureInvalid, SignatureReasonUntrusted},
		{"expired", good, &SMIME{Roots: roots, At: at.Add(48 * time.Hour)}, SignatureInvalid, SignatureReasonTime},
		{"another sender", signedMail(t, cert, key, "boss@example.org", part), &SMIME{Roots: roots, At: at}, SignatureInvalid, SignatureReasonSender},
		{"the sender in the name only", signedMail(t, cert, key, "\"anna@example.org\" <boss@example.org>", part), &SMIME{Roots: roots, At: at}, SignatureInvalid, SignatureReasonSender},
		{"two senders", "From: anna@example.org\r\n" + good, &SMIME{Roots: roots, At: at}, SignatureInvalid, SignatureReasonSender},
		{"inside of another multipart", "From: anna@example.org\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n" + strings.TrimPrefix(good, "From: anna@example.org\r\n") + "--o--\r\n", &SMIME{Roots: roots, At: at}, "", ""},
		{"not asked for", good, nil, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := Parse(strings.NewReader(tt.raw), Options{SMIME: tt.smime})
			if err != nil {
				t.Fatal(err)
			}
			var got SignatureCheck
			if m.SignatureCheck != nil {
				got = *m.SignatureCheck
			}
			if got.State != tt.state || got.Reason != tt.reason || m.Signed != "smime" {
				t.Errorf("State, Reason, Signed = %q, %q, %q, want %q, %q, smime (%v)", got.State, got.Reason, m.Signed, tt.state, tt.reason, m.Defects)
			}
			if (len(got.Certificate) > 0) != (tt.state == SignatureValid) {
				t.Errorf("Certificate has %d octets, want some exactly when the signature is valid", len(got.Certificate))
			}
		})
	}
}

func TestOpaqueSignatureIsChecked(t *testing.T) {
	cert, key := certificate(t)
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	sd, err := pkcs7.NewSignedData([]byte("Content-Type: text/plain\r\n\r\nsigned words\r\n"))
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
	o := Options{SMIME: &SMIME{Roots: roots, At: time.Now()}}
	m, err := Parse(strings.NewReader(pkcs7Mail("signed-data", der)), o)
	if err != nil {
		t.Fatal(err)
	}
	if m.SignatureCheck == nil || m.SignatureCheck.State != SignatureValid || m.SignatureCheck.Signer != "anna@example.org" {
		t.Errorf("SignatureCheck = %+v, want a valid one of anna@example.org", m.SignatureCheck)
	}
	changed := bytes.Replace(der, []byte("signed words"), []byte("signed worms"), 1)
	if m, err = Parse(strings.NewReader(pkcs7Mail("signed-data", changed)), o); err != nil {
		t.Fatal(err)
	}
	if m.SignatureCheck == nil || m.SignatureCheck.State != SignatureInvalid || m.SignatureCheck.Reason != SignatureReasonChanged {
		t.Errorf("SignatureCheck = %+v, want the change to be seen", m.SignatureCheck)
	}
}

func TestEncryptedMailIsOpenedWithItsKey(t *testing.T) {
	cert, key := certificate(t)
	_, wrong := certificate(t)
	signed := signedMail(t, cert, key, "anna@example.org", "Content-Type: text/plain\r\n\r\nsecret words\r\n")
	_, inner, _ := strings.Cut(signed, "\r\n")
	der, err := pkcs7.Encrypt([]byte(inner), []*x509.Certificate{cert})
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	raw := pkcs7Mail("enveloped-data", der)
	m, err := Parse(strings.NewReader(raw), Options{SMIME: &SMIME{Roots: roots, At: time.Now(), Keys: []Key{{cert, wrong}, {cert, key}}}})
	if err != nil {
		t.Fatal(err)
	}
	if m.Text != "secret words" || !m.Decrypted || m.Encrypted != "smime" || m.Signed != "smime" {
		t.Errorf("Text, Decrypted, Encrypted, Signed = %q, %v, %q, %q, want the words of an encrypted and signed mail", m.Text, m.Decrypted, m.Encrypted, m.Signed)
	}
	if m.SignatureCheck == nil || m.SignatureCheck.State != SignatureValid {
		t.Errorf("SignatureCheck = %+v, want a valid one", m.SignatureCheck)
	}
	t.Run("not without it", func(t *testing.T) {
		if m := parse(t, raw); m.Text != "" || m.Decrypted {
			t.Errorf("Text, Decrypted = %q, %v, want nothing", m.Text, m.Decrypted)
		}
	})
	t.Run("not beside other parts", func(t *testing.T) {
		_, body, _ := strings.Cut(raw, "\r\nSubject: x\r\n")
		mixed := "From: a@example.org\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: text/html\r\n\r\n<img src='http://x.example/?\r\n--o\r\n" + body + "--o--\r\n"
		m, err := Parse(strings.NewReader(mixed), Options{SMIME: &SMIME{Keys: []Key{{cert, key}}}})
		if err != nil {
			t.Fatal(err)
		}
		if m.Decrypted || strings.Contains(m.Text+m.HTML, "secret") {
			t.Error("the words were decrypted into another text")
		}
	})
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
