package smime

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"slices"
	"time"

	"github.com/smallstep/pkcs7"
)

const (
	maxCertificates = 20
	weakestRSA      = 2048
	largestRSA      = 8192 // Beyond it a single check takes seconds.
	skew            = 24 * time.Hour
)

// The methods that are checked. SHA-1 is not among them: two mails can have the same one.
var (
	digests    = []asn1.ObjectIdentifier{pkcs7.OIDDigestAlgorithmSHA256, pkcs7.OIDDigestAlgorithmSHA384, pkcs7.OIDDigestAlgorithmSHA512}
	signatures = []asn1.ObjectIdentifier{
		pkcs7.OIDEncryptionAlgorithmRSA, pkcs7.OIDEncryptionAlgorithmRSASHA256, pkcs7.OIDEncryptionAlgorithmRSASHA384, pkcs7.OIDEncryptionAlgorithmRSASHA512,
		pkcs7.OIDDigestAlgorithmECDSASHA256, pkcs7.OIDDigestAlgorithmECDSASHA384, pkcs7.OIDDigestAlgorithmECDSASHA512,
	}
)

// trust finds what speaks against believing that the sender signed; "" when nothing does.
func (p *Policy) trust(cert *x509.Certificate, others []*x509.Certificate, s *Signature, c Claim) Reason {
	emails, inName := addresses(cert)
	switch {
	case c.From == "":
		return Sender
	case !slices.Contains(emails, c.From): // Octet for octet: no trimming, no folding of case.
		return Address
	case cert.KeyUsage != 0 && cert.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0:
		return Purpose
	}
	s.Address = c.From
	pool := x509.NewCertPool()
	for _, o := range others {
		pool.AddCert(o)
	}
	reason := Time
	for _, at := range moments(*s, c) {
		chains, err := cert.Verify(x509.VerifyOptions{
			Roots: p.Roots.pool, Intermediates: pool, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection},
		})
		switch {
		case err != nil:
			reason = chainReason(err)
		case inName && constrained(chains):
			reason = Chain
		default:
			return ""
		}
	}
	return reason
}

// addresses are those that a certificate is for. In an old one they stand in the name of its owner (RFC 8550, 3), which
// counts when they stand nowhere else.
func addresses(cert *x509.Certificate) (emails []string, inName bool) {
	if len(cert.EmailAddresses) > 0 {
		return cert.EmailAddresses, false
	}
	for _, n := range cert.Subject.Names {
		if text, ok := n.Value.(string); ok && n.Type.Equal(oidEmail) {
			emails = append(emails, text)
		}
	}
	return emails, true
}

var oidEmail = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}

// constrained says whether an issuer may only vouch for some addresses, which the check of the chain does not hold
// against those in a name.
func constrained(chains [][]*x509.Certificate) bool {
	for _, c := range slices.Concat(chains...) {
		if len(c.PermittedEmailAddresses) > 0 || len(c.ExcludedEmailAddresses) > 0 {
			return true
		}
	}
	return false
}

// moments are the times at which the certificates may have been valid: when the mail came in, and when it was signed,
// unless that lies behind it.
func moments(s Signature, c Claim) []time.Time {
	var all []time.Time
	if !s.SignedAt.IsZero() && (c.Received.IsZero() || s.SignedAt.Before(c.Received.Add(skew))) {
		all = append(all, s.SignedAt)
	}
	if !c.Received.IsZero() {
		all = append(all, c.Received)
	}
	return all
}

func chainReason(err error) Reason {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return Issuer
	}
	if _, ok := errors.AsType[x509.SystemRootsError](err); ok {
		return Issuer
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		switch invalid.Reason {
		case x509.Expired:
			return Time
		case x509.IncompatibleUsage:
			return Purpose
		}
	}
	return Chain
}

// strong says whether a key is neither too weak to mean anything nor so large that it is meant to keep us busy.
func strong(cert *x509.Certificate) bool {
	switch k := cert.PublicKey.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen() >= weakestRSA && k.N.BitLen() <= largestRSA
	case *ecdsa.PublicKey:
		return k.Curve.Params().BitSize >= 256
	}
	return false
}

// usable keeps the certificates of a CertificateSet (RFC 5652, 10.2.3) that the library can read.
func usable(set element) (element, bool) {
	if len(set.parts) > maxCertificates {
		return set, false
	}
	var kept []element
	for _, part := range set.parts {
		cert, err := x509.ParseCertificate(part.der())
		if err != nil {
			continue
		}
		if k, ok := cert.PublicKey.(*rsa.PublicKey); ok && k.N.BitLen() > largestRSA {
			continue
		}
		kept = append(kept, part)
	}
	return set.resized(kept...), true
}

// named gives a signer that is known by the identifier of its key (RFC 5652, 5.3) the name that the library looks for.
// That field is not signed: it only says which certificate to try.
func named(signer, certs element) element {
	id, ok := signer.at(1, tagImplicit)
	if !ok || certs.tag != tagZero {
		return signer
	}
	for _, part := range certs.parts {
		cert, err := x509.ParseCertificate(part.der())
		if err != nil || !bytes.Equal(cert.SubjectKeyId, id.body) {
			continue
		}
		serial := cert.SerialNumber.Bytes()
		if len(serial) == 0 || serial[0] >= 0x80 {
			serial = append([]byte{0}, serial...)
		}
		issuer, err := parseBER(cert.RawIssuer)
		if err != nil {
			return signer
		}
		name := element{tag: tagSequence}.resized(issuer, element{tag: 0x02, body: serial, size: len(serial)})
		parts := slices.Clone(signer.parts)
		parts[1] = name
		return signer.resized(parts...)
	}
	return signer
}

func describe(cert *x509.Certificate) Signature {
	s := Signature{
		Subject: cert.Subject.String(), Issuer: cert.Issuer.String(), Serial: cert.SerialNumber.Text(16),
		NotBefore: cert.NotBefore.UTC(), NotAfter: cert.NotAfter.UTC(),
	}
	if emails, _ := addresses(cert); len(emails) > 0 {
		s.Address = emails[0]
	}
	return s
}
