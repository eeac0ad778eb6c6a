package smime

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// Keys are our own certificates with their private keys. Old ones stay in, so that old mails can still be read.
type Keys struct{ list []key }

type key struct {
	cert    *x509.Certificate
	private crypto.Decrypter // RSA; nil for a key on a curve.
	curve   *ecdh.PrivateKey // Nil for an RSA key.
}

// String tells how many keys there are, so that no way of printing shows one.
func (k Keys) String() string { return fmt.Sprintf("%d S/MIME keys", len(k.list)) }

// GoString is String.
func (k Keys) GoString() string { return k.String() }

// Len is the number of keys.
func (k *Keys) Len() int { return len(k.list) }

// Add reads a PEM file with one private key (PKCS #8, PKCS #1 or SEC 1, not encrypted, RSA or on a curve of NIST) and the certificate that belongs to
// it; certificates of issuers may stand beside. The error never repeats what is in the file.
func (k *Keys) Add(file []byte) error {
	var certs []*x509.Certificate
	var private crypto.Signer
	for block, rest := pem.Decode(file); block != nil; block, rest = pem.Decode(rest) {
		switch block.Type {
		case "CERTIFICATE":
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return fmt.Errorf("read the certificate: %w", err)
			}
			certs = append(certs, c)
		case "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY":
			if private != nil {
				return errors.New("there is more than one private key")
			}
			var err error
			if private, err = parsePrivate(block); err != nil {
				return err
			}
		case "ENCRYPTED PRIVATE KEY":
			return errors.New("the private key is encrypted; a key without a passphrase is needed")
		}
	}
	if private == nil {
		return errors.New("there is no private key")
	}
	for _, c := range certs {
		if !belongs(c, private) {
			continue
		}
		own := key{cert: c}
		switch p := private.(type) {
		case *rsa.PrivateKey:
			own.private = p
		case *ecdsa.PrivateKey:
			if own.curve = curveOf(p); own.curve == nil {
				return errors.New("the private key is on a curve that is not supported")
			}
		}
		k.list = append(k.list, own)
		return nil
	}
	return errors.New("no certificate belongs to the private key")
}

// belongs reports whether a certificate is about a private key.
func belongs(c *x509.Certificate, private crypto.Signer) bool {
	public, ok := c.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(private.Public())
}

func parsePrivate(block *pem.Block) (crypto.Signer, error) {
	if block.Type == "EC PRIVATE KEY" {
		private, err := x509.ParseECPrivateKey(block.Bytes)
		if err != nil {
			return nil, errors.New("the private key cannot be read")
		}
		return private, nil
	}
	if block.Type == "RSA PRIVATE KEY" {
		if block.Headers["DEK-Info"] != "" {
			return nil, errors.New("the private key is encrypted; a key without a passphrase is needed")
		}
		private, err := x509.ParsePKCS1PrivateKey(block.Bytes)
		if err != nil {
			return nil, errors.New("the private key cannot be read")
		}
		return private, nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("the private key cannot be read")
	}
	return usablePrivate(parsed)
}

// usablePrivate refuses keys that mail is not signed and opened with here.
func usablePrivate(parsed any) (crypto.Signer, error) {
	switch private := parsed.(type) {
	case *rsa.PrivateKey:
		return private, nil
	case *ecdsa.PrivateKey:
		return private, nil
	}
	return nil, errors.New("the private key is neither an RSA key nor one on a curve of NIST")
}

// Roots are the issuers whose word is taken for the address of a signer. The zero value stands for those of the system.
type Roots struct{ pool *x509.CertPool }

// ParseRoots reads a PEM file with certificates of issuers. A certificate of a signer in it is accepted as it is.
func ParseRoots(file []byte) (Roots, error) {
	r := Roots{pool: x509.NewCertPool()}
	n := 0
	for block, rest := pem.Decode(file); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" && block.Type != "TRUSTED CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return Roots{}, fmt.Errorf("read certificate %d: %w", n+1, err)
		}
		r.pool.AddCert(c)
		n++
	}
	if n == 0 {
		return Roots{}, errors.New("there is no certificate in it")
	}
	return r, nil
}

// fits says whether a recipient is the owner of the key: issuer and serial number as they stand in the certificate.
func (k key) fits(id element) bool {
	issuer, ok := id.at(0, tagSequence)
	serial, also := id.at(1, 0x02)
	return ok && also && bytes.Equal(issuer.der(), k.cert.RawIssuer) && sameNumber(serial.body, k.cert)
}

func sameNumber(b []byte, c *x509.Certificate) bool {
	return c.SerialNumber.Sign() > 0 && bytes.Equal(bytes.TrimLeft(b, "\x00"), c.SerialNumber.Bytes())
}
