package smime

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

// Errors of an import.
var (
	ErrPassword = errors.New("the password of the .p12 file is wrong")
	ErrPair     = errors.New("certificate and key do not belong together")
)

// selfLife is how long a certificate is valid that we issue ourselves.
const selfLife = 2 * 365 * 24 * time.Hour

// Identity is a certificate of ours with its private key. It has no way to be printed.
type Identity struct {
	Certificate *x509.Certificate
	chain       []*x509.Certificate // Of its issuers, as far as given.
	private     crypto.Signer       // RSA or on a curve.
}

// String never shows the key.
func (i *Identity) String() string { return "S/MIME identity" }

// GoString is String.
func (i *Identity) GoString() string { return i.String() }

// SelfSigned makes a certificate for an address that vouches for itself: recipients are warned of it until they trust it.
func SelfSigned(address string, at time.Time) (*Identity, error) {
	private, err := rsa.GenerateKey(rand.Reader, 3072)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("make a serial number: %w", err)
	}
	serial.Add(serial, big.NewInt(1))
	reads, err := oursExtension()
	if err != nil {
		return nil, err
	}
	t := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: address}, EmailAddresses: []string{address}, NotBefore: at.Add(-time.Hour), NotAfter: at.Add(selfLife),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection},
		BasicConstraintsValid: true, ExtraExtensions: []pkix.Extension{reads},
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, private.Public(), private)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	return &Identity{Certificate: cert, private: private}, err
}

// ImportP12 reads a .p12 file (PKCS #12). The error is ErrPassword, ErrPair, or says what cannot be read.
func ImportP12(file []byte, password string) (*Identity, error) {
	key, cert, chain, err := pkcs12.DecodeChain(file, password)
	if errors.Is(err, pkcs12.ErrIncorrectPassword) {
		return nil, ErrPassword
	}
	if err != nil {
		return nil, errors.New("the .p12 file cannot be read")
	}
	private, err := usablePrivate(key)
	if err != nil {
		return nil, err
	}
	return pairOf(private, append([]*x509.Certificate{cert}, chain...))
}

// ImportPEM reads a PEM file with one private key and its certificate, as [Keys.Add] does.
func ImportPEM(file []byte) (*Identity, error) {
	var certs []*x509.Certificate
	var private crypto.Signer
	for block, rest := pem.Decode(file); block != nil; block, rest = pem.Decode(rest) {
		switch block.Type {
		case "CERTIFICATE":
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, fmt.Errorf("read the certificate: %w", err)
			}
			certs = append(certs, c)
		case "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY":
			var err error
			if private, err = parsePrivate(block); err != nil {
				return nil, err
			}
		}
	}
	if private == nil || len(certs) == 0 {
		return nil, errors.New("there is no certificate with a private key in it")
	}
	return pairOf(private, certs)
}

func pairOf(private crypto.Signer, certs []*x509.Certificate) (*Identity, error) {
	for n, c := range certs {
		if belongs(c, private) {
			return &Identity{Certificate: c, private: private, chain: slices.Delete(slices.Clone(certs), n, n+1)}, nil
		}
	}
	return nil, ErrPair
}

// PEM is certificate, issuers and private key, for [ImportPEM] and [Keys.Add]. It is a secret.
func (i *Identity) PEM() (string, error) {
	der, err := x509.MarshalPKCS8PrivateKey(i.private)
	if err != nil {
		return "", fmt.Errorf("write the key: %w", err)
	}
	var b bytes.Buffer
	for _, c := range append([]*x509.Certificate{i.Certificate}, i.chain...) {
		_ = pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}) // A buffer takes everything.
	}
	_ = pem.Encode(&b, &pem.Block{Type: "PRIVATE KEY", Bytes: der})
	return b.String(), nil
}

// For reports whether a certificate is meant for mail of an address: it names it, and its purposes allow mail.
func For(c *x509.Certificate, address string) bool {
	if len(c.ExtKeyUsage) > 0 && !slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageEmailProtection) && !slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny) {
		return false
	}
	return slices.ContainsFunc(c.EmailAddresses, func(a string) bool { return strings.EqualFold(a, address) })
}

// Encrypts reports whether we can encrypt to a certificate now: its key is supported, it is valid, and its usage allows it.
func Encrypts(c *x509.Certificate, at time.Time) bool {
	_, isRSA := c.PublicKey.(*rsa.PublicKey)
	usage := x509.KeyUsageKeyEncipherment
	if !isRSA {
		usage = x509.KeyUsageKeyAgreement
	}
	return (isRSA || agrees(c.PublicKey)) && at.After(c.NotBefore) && at.Before(c.NotAfter) && (c.KeyUsage == 0 || c.KeyUsage&usage != 0)
}

// Fingerprint is the SHA-256 of a certificate in lower-case hex.
func Fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

// ParseCertificate reads one certificate in PEM or DER.
func ParseCertificate(file []byte) (*x509.Certificate, error) {
	if block, _ := pem.Decode(file); block != nil {
		if block.Type != "CERTIFICATE" {
			return nil, errors.New("there is no certificate in it")
		}
		file = block.Bytes
	}
	return x509.ParseCertificate(file)
}

var (
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningTime   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}
	oidECDSA         = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2} // With SHA-256.
	oidSHA256        = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
)

type attribute struct {
	Type   asn1.ObjectIdentifier
	Values []any `asn1:"set"`
}

type issuerAndSerial struct {
	Issuer asn1.RawValue
	Serial *big.Int
}

type signerInfo struct {
	Version   int
	SID       issuerAndSerial
	Digest    pkix.AlgorithmIdentifier
	Attrs     asn1.RawValue
	Algorithm pkix.AlgorithmIdentifier
	Signature []byte
}

type signedOut struct {
	Version int
	Digests []pkix.AlgorithmIdentifier `asn1:"set"`
	Content struct{ Type asn1.ObjectIdentifier }
	Certs   asn1.RawValue
	Signers []signerInfo `asn1:"set"`
}

type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content any `asn1:"explicit,tag:0"`
}

// Sign makes a detached signature (RFC 5652, 5) of content with that SHA-256, in DER. It announces what can be read here
// (RFC 8551, 2.5.2).
func (i *Identity) Sign(digest []byte, at time.Time) ([]byte, error) {
	attrs := []attribute{
		{oidContentType, []any{oidData}}, {oidSigningTime, []any{at.UTC()}}, {oidMessageDigest, []any{digest}},
		{oidCapabilities, []any{ours()}},
	}
	var encoded [][]byte
	for _, a := range attrs {
		der, err := asn1.Marshal(a)
		if err != nil {
			return nil, fmt.Errorf("write the signed attributes: %w", err)
		}
		encoded = append(encoded, der)
	}
	slices.SortFunc(encoded, bytes.Compare) // DER: a set is in order.
	body := bytes.Join(encoded, nil)
	set, err := asn1.Marshal(asn1.RawValue{Class: asn1.ClassUniversal, Tag: asn1.TagSet, IsCompound: true, Bytes: body})
	if err != nil {
		return nil, fmt.Errorf("write the signed attributes: %w", err)
	}
	sum := sha256.Sum256(set)
	signature, err := i.private.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	sha, null := pkix.AlgorithmIdentifier{Algorithm: oidSHA256}, asn1.RawValue{Tag: asn1.TagNull}
	method := pkix.AlgorithmIdentifier{Algorithm: oidRSA, Parameters: null}
	if _, isRSA := i.private.(*rsa.PrivateKey); !isRSA {
		method = pkix.AlgorithmIdentifier{Algorithm: oidECDSA} // Without parameters (RFC 5754, 3.3).
	}
	certs := bytes.Clone(i.Certificate.Raw)
	for _, c := range i.chain {
		certs = append(certs, c.Raw...)
	}
	sd := signedOut{Version: 1, Digests: []pkix.AlgorithmIdentifier{sha}, Certs: asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: certs}}
	sd.Content.Type = oidData
	sd.Signers = []signerInfo{{
		Version: 1, SID: issuerAndSerial{asn1.RawValue{FullBytes: i.Certificate.RawIssuer}, i.Certificate.SerialNumber}, Digest: sha,
		Attrs:     asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: body},
		Algorithm: method, Signature: signature,
	}}
	return asn1.Marshal(contentInfo{oidSigned, sd})
}
