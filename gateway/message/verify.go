package message

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"strings"
	"time"

	"github.com/smallstep/pkcs7"
)

// SMIME is what S/MIME mail is read with. Without it, signatures are seen but not checked and encrypted mail stays closed.
type SMIME struct {
	Roots *x509.CertPool // Whose certificates are trusted.
	At    time.Time      // When certificates must be valid: when the mail was received.
	Keys  []Key          // To decrypt with, in the order to try them.
}

// Key opens mail that was encrypted for a certificate.
type Key struct {
	Certificate *x509.Certificate
	Private     crypto.PrivateKey
}

// SignatureCheck is what the check of an S/MIME signature found. Only a state of SignatureValid may be shown as "signed by".
type SignatureCheck struct {
	State  string // SignatureValid, SignatureInvalid or SignatureUnchecked.
	Reason string // One of the SignatureReason constants; "" when valid.
	Signer string // The addresses in the signer's certificate, blanks between; "" when there is none.
	// Certificate is that of the signer (DER), to be kept for answers; nil unless the signature is valid.
	Certificate []byte
}

// States of a signature.
const (
	SignatureValid     = "valid"
	SignatureInvalid   = "invalid"
	SignatureUnchecked = "unchecked" // Nothing is said about it: an algorithm or form that is not known here.
)

// Reasons why a signature is not valid.
const (
	SignatureReasonChanged     = "content_changed" // What is signed is not what stands in the mail.
	SignatureReasonBroken      = "broken"          // The signature does not fit its certificate.
	SignatureReasonUntrusted   = "untrusted"       // No chain to a root that is trusted.
	SignatureReasonTime        = "time"            // The certificate was not valid at that time.
	SignatureReasonPurpose     = "purpose"         // The certificate is not for mail.
	SignatureReasonSender      = "other_sender"    // The certificate is for another address than that in From.
	SignatureReasonSigners     = "signers"         // Not exactly one signer with its certificate.
	SignatureReasonPart        = "not_whole"       // The signature covers a part of the mail only.
	SignatureReasonUnsupported = "unsupported"     // It cannot be checked here.
)

const maxSigned = 16 << 20 // Octets of a signed part that are kept to check a detached signature.

// checkSignature checks the S/MIME signature of the mail (RFC 8551, 3.5). whole tells that the signature covers
// everything that is shown.
func (p *parser) checkSignature(der, content []byte, whole bool) {
	s := &SignatureCheck{State: SignatureUnchecked, Reason: SignatureReasonUnsupported}
	p.m.SignatureCheck = s
	if !shallowBER(der) {
		return
	}
	p7, err := pkcs7.Parse(der)
	if err != nil {
		return
	}
	if content != nil {
		p7.Content = content
	}
	bad := func(reason string) { s.State, s.Reason = SignatureInvalid, reason }
	cert := p7.GetOnlySigner()
	if cert == nil {
		bad(SignatureReasonSigners)
		return
	}
	addresses := certificateAddresses(cert)
	s.Signer = strings.Join(addresses, " ")
	if err := p7.Verify(); err != nil {
		var mismatch *pkcs7.MessageDigestMismatchError
		var when *pkcs7.SigningTimeNotValidError
		switch {
		case errors.As(err, &mismatch):
			bad(SignatureReasonChanged)
		case errors.As(err, &when):
			bad(SignatureReasonTime)
		case errors.Is(err, rsa.ErrVerification), strings.Contains(err.Error(), "verification failure"):
			bad(SignatureReasonBroken)
		}
		return
	}
	// A signature over attributes must not pass for one over content that reads as these attributes.
	if len(p7.Signers[0].AuthenticatedAttributes) == 0 && len(p7.Content) > 0 && p7.Content[0] == 0x31 {
		bad(SignatureReasonBroken)
		return
	}
	if reason := p.trust(cert, p7.Certificates); reason != "" {
		bad(reason)
		return
	}
	switch {
	case !whole:
		bad(SignatureReasonPart)
	case p.m.FromFields != 1 || len(p.m.From) != 1 || !hasAddress(addresses, p.m.From[0].Address):
		bad(SignatureReasonSender)
	default:
		s.State, s.Reason, s.Certificate = SignatureValid, "", bytes.Clone(cert.Raw)
	}
}

// trust says why a certificate is not to be trusted, "" when it is.
func (p *parser) trust(cert *x509.Certificate, chain []*x509.Certificate) string {
	if len(chain) > 20 || p.smime.Roots == nil {
		return SignatureReasonUntrusted
	}
	between := x509.NewCertPool()
	for _, c := range chain {
		between.AddCert(c)
	}
	_, err := cert.Verify(x509.VerifyOptions{Roots: p.smime.Roots, Intermediates: between, CurrentTime: p.smime.At, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}})
	var invalid x509.CertificateInvalidError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return SignatureReasonTime
	case errors.As(err, &invalid) && invalid.Reason == x509.IncompatibleUsage:
		return SignatureReasonPurpose
	}
	return SignatureReasonUntrusted
}

var oidEmail = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}

// certificateAddresses returns the addresses that a certificate is for; those in the subject count only when there are
// no others (RFC 8550, 3).
func certificateAddresses(c *x509.Certificate) []string {
	if len(c.EmailAddresses) > 0 {
		return c.EmailAddresses
	}
	var out []string
	for _, n := range c.Subject.Names {
		if s, ok := n.Value.(string); ok && n.Type.Equal(oidEmail) {
			out = append(out, s)
		}
	}
	return out
}

// hasAddress compares the local part exactly and the domain without regard to case.
func hasAddress(list []string, address string) bool {
	local, domain, _ := strings.Cut(address, "@")
	for _, a := range list {
		if l, d, ok := strings.Cut(a, "@"); ok && l == local && strings.EqualFold(d, domain) {
			return true
		}
	}
	return false
}

// decrypt opens an enveloped-data container (RFC 8551, 3.3) with the first key that fits; nil when none does.
func (p *parser) decrypt(der []byte) (content []byte) {
	if p.smime == nil || !shallowBER(der) {
		return nil
	}
	p7, err := pkcs7.Parse(der)
	if err != nil {
		return nil
	}
	for _, k := range p.smime.Keys {
		// The library panics on a padding that lies about its length.
		func() {
			defer func() { _ = recover() }()
			if out, err := p7.Decrypt(k.Certificate, k.Private); err == nil {
				content = out
			}
		}()
		if content != nil {
			return content
		}
	}
	return nil
}

// shallowBER says whether a structure is nested and long as a CMS container is. The library below descends without a
// limit of its own, and a stack that is too deep cannot be recovered from.
func shallowBER(b []byte) bool {
	const maxDepth, maxElements = 40, 200_000
	var ends []int // Where each open element ends, -1 for the indefinite form.
	for i, n := 0, 0; i < len(b); n++ {
		for len(ends) > 0 && ends[len(ends)-1] >= 0 && i >= ends[len(ends)-1] {
			ends = ends[:len(ends)-1]
		}
		if n > maxElements {
			return false
		}
		if len(ends) > 0 && ends[len(ends)-1] < 0 && i+1 < len(b) && b[i] == 0 && b[i+1] == 0 {
			ends = ends[:len(ends)-1]
			i += 2
			continue
		}
		head, size, ok := berHead(b[i:])
		switch {
		case !ok:
			return false
		case size < 0:
			ends = append(ends, -1)
			i += head
		case size > len(b)-i-head:
			return false
		case b[i]&0x20 != 0:
			ends = append(ends, i+head+size)
			i += head
		default:
			i += head + size
		}
		if len(ends) > maxDepth {
			return false
		}
	}
	return true
}
