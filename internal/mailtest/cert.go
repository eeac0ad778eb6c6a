package mailtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"
)

// Certificate is a server certificate made for a test, with what a client needs to trust it.
type Certificate struct {
	TLS         tls.Certificate
	Roots       *x509.CertPool // Holds its issuer.
	Fingerprint string         // SHA-256 of the leaf in lower-case hex.
	CertPEM     []byte         // The leaf and its issuer.
	KeyPEM      []byte
}

// CertOptions says what a certificate shall look like. The zero value is a valid self-signed one for localhost,
// 127.0.0.1 and ::1.
type CertOptions struct {
	Hosts    []string  // DNS names and addresses.
	NotAfter time.Time // A year from now when zero.
	Issued   bool      // Signed by an authority of its own instead of by itself.
}

// NewCertificate makes a key and a certificate.
func NewCertificate(o CertOptions) (*Certificate, error) {
	if len(o.Hosts) == 0 {
		o.Hosts = []string{"localhost", "127.0.0.1", "::1"}
	}
	if o.NotAfter.IsZero() {
		o.NotAfter = time.Now().AddDate(1, 0, 0)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	leaf := template("Letterbox test server", o.NotAfter)
	leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, h := range o.Hosts {
		if ip := net.ParseIP(h); ip != nil {
			leaf.IPAddresses = append(leaf.IPAddresses, ip)
		} else {
			leaf.DNSNames = append(leaf.DNSNames, h)
		}
	}
	issuer, issuerKey := leaf, key
	leaf.IsCA, leaf.BasicConstraintsValid = !o.Issued, true
	if o.Issued {
		if issuerKey, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			return nil, fmt.Errorf("make a key: %w", err)
		}
		issuer = template("Letterbox test authority", time.Now().AddDate(2, 0, 0))
		issuer.IsCA, issuer.BasicConstraintsValid, issuer.KeyUsage = true, true, x509.KeyUsageCertSign
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, issuer, key.Public(), issuerKey)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	chain := [][]byte{der}
	if o.Issued {
		ca, err := x509.CreateCertificate(rand.Reader, issuer, issuer, issuerKey.Public(), issuerKey)
		if err != nil {
			return nil, fmt.Errorf("make an authority: %w", err)
		}
		chain = append(chain, ca)
	}
	return bundle(key, chain)
}

func template(name string, notAfter time.Time) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		serial = big.NewInt(time.Now().UnixNano())
	}
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().AddDate(-2, 0, 0), NotAfter: notAfter,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
}

func bundle(key *ecdsa.PrivateKey, chain [][]byte) (*Certificate, error) {
	root, err := x509.ParseCertificate(chain[len(chain)-1])
	if err != nil {
		return nil, fmt.Errorf("read the certificate: %w", err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("write the key: %w", err)
	}
	sum := sha256.Sum256(chain[0])
	c := &Certificate{
		TLS: tls.Certificate{Certificate: chain, PrivateKey: key}, Roots: x509.NewCertPool(), Fingerprint: hex.EncodeToString(sum[:]),
		KeyPEM: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}),
	}
	c.Roots.AddCert(root)
	for _, der := range chain {
		c.CertPEM = append(c.CertPEM, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	return c, nil
}
