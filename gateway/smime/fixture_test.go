package smime_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"letterbox/gateway/smime"
)

// received is when the mails of the tests came in.
var received = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

// identity is a certificate with its private key.
type identity struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// wish is what a certificate of a test is to look like; the zero value is a good one for mail.
type wish struct {
	emails     []string
	from, to   time.Time
	usage      x509.KeyUsage
	purpose    []x509.ExtKeyUsage
	issuer     *identity // Nil: it signs itself.
	authority  bool
	curve      elliptic.Curve // Nil: P-256.
	rsa        bool           // Slow to make: where it must be one.
	commonName string
	nameEmail  string // In the subject, as certificates had it before they had alternative names.
	permitted  string // The domain that an authority may vouch for.
}

func newKey(t testing.TB, isRSA bool) crypto.Signer {
	t.Helper()
	if !isRSA {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newIdentity(t testing.TB, w wish) identity {
	t.Helper()
	if w.from.IsZero() {
		w.from = received.AddDate(-1, 0, 0)
	}
	if w.to.IsZero() {
		w.to = time.Now().AddDate(10, 0, 0)
	}
	if w.commonName == "" {
		w.commonName = "Test"
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100))
	if err != nil {
		t.Fatal(err)
	}
	tpl := &x509.Certificate{
		SerialNumber: serial.Add(serial, big.NewInt(1)), Subject: pkix.Name{CommonName: w.commonName}, NotBefore: w.from, NotAfter: w.to,
		EmailAddresses: w.emails, KeyUsage: w.usage, ExtKeyUsage: w.purpose, SubjectKeyId: serial.Bytes(),
	}
	if w.nameEmail != "" {
		tpl.Subject.ExtraNames = []pkix.AttributeTypeAndValue{{Type: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}, Value: w.nameEmail}}
	}
	if w.permitted != "" {
		tpl.PermittedEmailAddresses = []string{w.permitted}
	}
	if w.authority {
		tpl.IsCA, tpl.BasicConstraintsValid, tpl.KeyUsage = true, true, x509.KeyUsageCertSign
	}
	key := newKey(t, w.rsa)
	if w.curve != nil {
		private, err := ecdsa.GenerateKey(w.curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		key = private
	}
	parent, signer := tpl, key
	if w.issuer != nil {
		parent, signer = w.issuer.cert, w.issuer.key
	}
	der, err := x509.CreateCertificate(rand.Reader, tpl, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return identity{cert, key}
}

func (i identity) pem(t testing.TB) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(i.key)
	if err != nil {
		t.Fatal(err)
	}
	return append(certPEM(i.cert), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})...)
}

func certPEM(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

// world is an authority and a policy that accepts it.
type world struct {
	ca     identity
	policy *smime.Policy
}

func newWorld(t testing.TB) world {
	t.Helper()
	w := world{ca: newIdentity(t, wish{authority: true, commonName: "Test CA"})}
	roots, err := smime.ParseRoots(certPEM(w.ca.cert))
	if err != nil {
		t.Fatal(err)
	}
	w.policy = &smime.Policy{Roots: roots}
	return w
}

func (w world) person(t testing.TB, emails ...string) identity {
	t.Helper()
	return newIdentity(t, wish{emails: emails, issuer: &w.ca, purpose: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}})
}

// reader is a person who can be written to: only RSA keys can be encrypted for here.
func (w world) reader(t testing.TB, emails ...string) identity {
	t.Helper()
	return newIdentity(t, wish{emails: emails, issuer: &w.ca, rsa: true, purpose: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}})
}

// openssl runs it in a folder with the files and returns what it writes to the file "out".
func openssl(t *testing.T, files map[string][]byte, args ...string) []byte {
	t.Helper()
	path, err := exec.LookPath("openssl")
	if err != nil {
		if os.Getenv("CI") != "" || os.Getenv("LETTERBOX_TEST_REQUIRE_ALL") != "" {
			t.Fatal("openssl is not installed")
		}
		t.Skip("openssl is not installed")
	}
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Dir = dir
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("openssl %v: %v\n%s", args, err, text)
	}
	out, err := os.ReadFile(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	return out
}
