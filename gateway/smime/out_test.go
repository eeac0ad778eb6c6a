package smime_test

import (
	"bytes"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"letterbox/gateway/smime"
)

func runOpenssl(t *testing.T, in []byte, args ...string) []byte {
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

func keep(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func selfSigned(t *testing.T) (*smime.Identity, string) {
	t.Helper()
	id, err := smime.SelfSigned("support@here.example", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	text, err := id.PEM()
	if err != nil {
		t.Fatal(err)
	}
	return id, keep(t, "id.pem", []byte(text))
}

func TestOpensslVerifiesWhatIsSignedHere(t *testing.T) {
	id, file := selfSigned(t)
	content := []byte("Content-Type: text/plain\r\n\r\nThe answer.\r\n")
	sum := sha256.Sum256(content)
	signature, err := id.Sign(sum[:], time.Now())
	if err != nil {
		t.Fatal(err)
	}
	out := runOpenssl(t, signature, "cms", "-verify", "-binary", "-inform", "DER", "-content", keep(t, "content", content), "-CAfile", file, "-purpose", "smimesign")
	if !bytes.Equal(out, content) {
		t.Errorf("openssl shows %q, want %q", out, content)
	}
}

func TestOpensslDecryptsWhatIsEncryptedHere(t *testing.T) {
	id, file := selfSigned(t)
	text, err := id.PEM()
	if err != nil {
		t.Fatal(err)
	}
	var p smime.Policy
	if err := p.Keys.Add([]byte(text)); err != nil {
		t.Fatal(err)
	}
	for _, method := range []smime.Method{smime.CBC, smime.GCM} {
		for _, size := range []int{0, 1, 15, 16, 17, 16<<10 - 1, 16 << 10, 16<<10 + 1, 300_000} {
			content := bytes.Repeat([]byte("0123456789abcde\n"), size/16+1)[:size]
			sealed := encrypted(t, content, method, id.Certificate)
			if out := runOpenssl(t, sealed, "cms", "-decrypt", "-binary", "-inform", "DER", "-recip", file, "-inkey", file); !bytes.Equal(out, content) {
				t.Errorf("%s: openssl decrypts %d octets to %d", method, size, len(out))
			}
			plain, err := p.Decrypt(sealed)
			if err != nil || !bytes.Equal(plain.Octets, content) || plain.Authenticated != (method == smime.GCM) {
				t.Errorf("%s: we decrypt %d octets to %d, authenticated %t, %v", method, size, len(plain.Octets), plain.Authenticated, err)
			}
		}
	}
}

// encrypted is content, written in uneven pieces.
func encrypted(t *testing.T, content []byte, m smime.Method, to ...*x509.Certificate) []byte {
	t.Helper()
	var sealed bytes.Buffer
	err := smime.Encrypt(&sealed, to, m, func(w io.Writer) error {
		for piece := range slices.Chunk(content, 4099) {
			if _, err := w.Write(piece); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return sealed.Bytes()
}

// Whoever changes a single octet of a mail in GCM, or its tag, makes it unreadable; in CBC that may go unnoticed (EFAIL).
func TestChangeOfAnAuthenticatedMailIsNoticed(t *testing.T) {
	id, _ := selfSigned(t)
	text, err := id.PEM()
	if err != nil {
		t.Fatal(err)
	}
	var p smime.Policy
	if err := p.Keys.Add([]byte(text)); err != nil {
		t.Fatal(err)
	}
	sealed := encrypted(t, []byte(words), smime.GCM, id.Certificate)
	end := len(sealed) - 6 // Before the three ends.
	for at := end - 16 - 2 - 4 - len(words); at < end; at++ {
		if in := end - 16 - 2 - 4; at >= in && at < in+6 {
			continue // Ends and the head of the tag.
		}
		changed := bytes.Clone(sealed)
		changed[at] ^= 1
		if plain, err := p.Decrypt(changed); !errors.Is(err, smime.ErrBroken) {
			t.Errorf("octet %d changed: %q, %v; want ErrBroken", at, plain.Octets, err)
		}
	}
}

func TestKeysAreImported(t *testing.T) {
	id, file := selfSigned(t)
	p12 := filepath.Join(t.TempDir(), "id.p12")
	runOpenssl(t, nil, "pkcs12", "-export", "-in", file, "-inkey", file, "-out", p12, "-passout", "pass:secret")
	data, err := os.ReadFile(p12)
	if err != nil {
		t.Fatal(err)
	}
	got, err := smime.ImportP12(data, "secret")
	if err != nil || !got.Certificate.Equal(id.Certificate) {
		t.Errorf("ImportP12 = %v, want the certificate that went in", err)
	}
	if _, err := smime.ImportP12(data, "wrong"); err != smime.ErrPassword {
		t.Errorf("ImportP12 with another password = %v, want ErrPassword", err)
	}
	text, err := got.PEM()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := smime.ImportPEM([]byte(text)); err != nil {
		t.Errorf("ImportPEM = %v", err)
	}
	other, _ := selfSigned(t)
	otherText, err := other.PEM()
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index([]byte(otherText), []byte("-----BEGIN PRIVATE"))
	end := bytes.Index([]byte(text), []byte("-----BEGIN PRIVATE"))
	if _, err := smime.ImportPEM([]byte(text[:end] + otherText[at:])); err != smime.ErrPair {
		t.Errorf("ImportPEM of a certificate with another's key = %v, want ErrPair", err)
	}
	if !smime.For(id.Certificate, "Support@here.example") || smime.For(id.Certificate, "support@there.example") || !smime.Encrypts(id.Certificate, time.Now()) || smime.Encrypts(id.Certificate, time.Now().AddDate(3, 0, 0)) {
		t.Error("For or Encrypts does not fit the certificate")
	}
}

// A person with a key on a curve is written to, signs, and reads what is written back, as one with an RSA key.
func TestKeysOnCurvesWorkBothWays(t *testing.T) {
	w := newWorld(t)
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		person := newIdentity(t, wish{emails: []string{anna}, issuer: &w.ca, curve: curve, purpose: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}})
		file := keep(t, "person.pem", person.pem(t))
		id, err := smime.ImportPEM(person.pem(t))
		if err != nil {
			t.Fatal(err)
		}
		if !smime.Encrypts(person.cert, time.Now()) {
			t.Error("the certificate counts as one that cannot be written to")
		}
		rsaID, rsaFile := selfSigned(t)
		content := bytes.Repeat([]byte("0123456789abcde\n"), 3000)
		sealed := encrypted(t, content, smime.CBC, person.cert, rsaID.Certificate)
		authenticated := encrypted(t, content, smime.GCM, person.cert, rsaID.Certificate)
		for _, who := range []string{file, rsaFile} {
			if out := runOpenssl(t, sealed, "cms", "-decrypt", "-binary", "-inform", "DER", "-recip", who, "-inkey", who); !bytes.Equal(out, content) {
				t.Errorf("%s: openssl decrypts %d octets to %d", curve.Params().Name, len(content), len(out))
			}
			if out := runOpenssl(t, authenticated, "cms", "-decrypt", "-binary", "-inform", "DER", "-recip", who, "-inkey", who); !bytes.Equal(out, content) {
				t.Errorf("%s: openssl decrypts %d octets in GCM to %d", curve.Params().Name, len(content), len(out))
			}
		}
		var p smime.Policy
		if err := p.Keys.Add(person.pem(t)); err != nil {
			t.Fatal(err)
		}
		if plain, err := p.Decrypt(sealed); err != nil || !bytes.Equal(plain.Octets, content) {
			t.Errorf("%s: we decrypt %d octets to %d, %v", curve.Params().Name, len(content), len(plain.Octets), err)
		}
		changed := bytes.Clone(sealed)
		serial := person.cert.SerialNumber.Bytes()
		changed[bytes.Index(changed, serial)+len(serial)+10] ^= 1 // In the wrapped key, which follows.
		if _, err := p.Decrypt(changed); err == nil {
			t.Errorf("%s: a changed key opens the mail", curve.Params().Name)
		}
		sum := sha256.Sum256([]byte(words))
		signature, err := id.Sign(sum[:], received)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.policy.VerifyDetached([]byte(words), signature, fromAnna); got.State != smime.Valid {
			t.Errorf("%s: our signature is %s (%s), want valid", curve.Params().Name, got.State, got.Reason)
		}
		out := runOpenssl(t, signature, "cms", "-verify", "-binary", "-inform", "DER", "-content", keep(t, "content", []byte(words)), "-CAfile", keep(t, "ca.pem", certPEM(w.ca.cert)), "-purpose", "smimesign")
		if string(out) != words {
			t.Errorf("%s: openssl shows %q", curve.Params().Name, out)
		}
	}
}
