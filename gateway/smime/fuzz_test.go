package smime_test

import (
	"bytes"
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/smallstep/pkcs7"

	"letterbox/gateway/smime"
)

// Whatever a container holds, looking into it ends, and only what was signed is said to be signed.
func FuzzContainer(f *testing.F) {
	w := newWorld(f)
	p := w.reader(f, anna)
	if err := w.policy.Keys.Add(p.pem(f)); err != nil {
		f.Fatal(err)
	}
	enveloped, err := pkcs7.Encrypt([]byte(words), []*x509.Certificate{p.cert})
	if err != nil {
		f.Fatal(err)
	}
	detached := sign(f, words, true, p)
	f.Add(sign(f, words, false, p))
	f.Add(detached)
	f.Add(enveloped)
	f.Add([]byte("0\x80\x06\x09*\x86H\x86\xf7\x0d\x01\x07\x02\xa0\x80"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if content, s := w.policy.VerifyOpaque(b, fromAnna); s.State == smime.Valid && string(content) != words {
			t.Errorf("%q is said to be signed", content)
		}
		if s := w.policy.VerifyDetached(b, detached, fromAnna); s.State == smime.Valid && strings.ReplaceAll(string(b), "\r\n", "\n") != strings.ReplaceAll(words, "\r\n", "\n") {
			t.Errorf("%q is said to be signed", b)
		}
		if s := w.policy.VerifyDetached([]byte("other"), b, fromAnna); s.State == smime.Valid {
			t.Errorf("%x is said to sign other words", b)
		}
		_, _ = w.policy.Decrypt(b)
	})
}

// The parser of the library calls itself for each level and searches ahead in each structure of indefinite length:
// nothing of that shape may reach it.
func TestHostileContainersCostLittle(t *testing.T) {
	w := newWorld(t)
	p := w.reader(t, anna)
	if err := w.policy.Keys.Add(p.pem(t)); err != nil {
		t.Fatal(err)
	}
	signed, enveloped := "0\x80\x06\x09*\x86H\x86\xf7\x0d\x01\x07\x02\xa0\x80", "0\x80\x06\x09*\x86H\x86\xf7\x0d\x01\x07\x03\xa0\x80"
	for name, tail := range map[string]string{
		"deep, indefinite":    strings.Repeat("0\x80", 3<<20),
		"deep strings":        strings.Repeat("$\x80", 3<<20),
		"many small elements": "0\x80" + strings.Repeat("\x05\x01\x01", 3<<20),
		"long lengths":        strings.Repeat("0\x84\x7f\xff\xff\xff", 1<<20),
		"many sets":           "0\x80" + strings.Repeat("1\x80\x00\x00", 3<<20),
	} {
		for kind, head := range map[string]string{"signed": signed, "enveloped": enveloped} {
			t.Run(kind+", "+name, func(t *testing.T) {
				b := []byte(head + tail)
				start := time.Now()
				if _, s := w.policy.VerifyOpaque(b, fromAnna); s.State != smime.Uncheckable {
					t.Errorf("State = %q, want uncheckable", s.State)
				}
				if _, err := w.policy.Decrypt(b); err == nil {
					t.Error("it was decrypted")
				}
				if d := time.Since(start); d > 5*time.Second {
					t.Errorf("it took %v for %d octets", d, len(b))
				}
			})
		}
	}
}

// Padding and length of what is encrypted are chosen by the sender; the library trusts them.
func TestDamagedCipherTextIsBroken(t *testing.T) {
	w := newWorld(t)
	p := w.reader(t, anna)
	if err := w.policy.Keys.Add(p.pem(t)); err != nil {
		t.Fatal(err)
	}
	good, err := pkcs7.Encrypt([]byte(words), []*x509.Certificate{p.cert})
	if err != nil {
		t.Fatal(err)
	}
	// The default of the library is single DES, which is refused.
	if _, err := w.policy.Decrypt(good); err == nil {
		t.Error("single DES was decrypted")
	}
	aes := openssl(t, map[string][]byte{"in": []byte(words), "me.pem": certPEM(p.cert)}, strings.Fields("cms -encrypt -binary -aes256 -in in -out out -outform DER me.pem")...)
	if got, err := w.policy.Decrypt(aes); err != nil || string(got.Octets) != words {
		t.Fatalf("before the damage: %q, %v", got.Octets, err)
	}
	for i := len(aes) - 40; i < len(aes); i++ {
		b := bytes.Clone(aes)
		b[i] ^= 0xff
		if got, err := w.policy.Decrypt(b); err == nil && string(got.Octets) == words {
			t.Errorf("octet %d changed: decrypted as before", i)
		}
		_, _ = w.policy.Decrypt(b[:i])
	}
}
