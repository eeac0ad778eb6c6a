package smime

import (
	"bytes"
	"errors"
	"slices"

	"github.com/smallstep/pkcs7"
)

// VerifyDetached checks the signature of a multipart/signed (RFC 8551, 3.5.3). signed are the octets of its first part,
// header fields included, without the line end before the delimiter; signature are the decoded octets of the second.
func (p *Policy) VerifyDetached(signed, signature []byte, c Claim) Signature {
	if len(signed) > MaxContent || len(signature) > MaxContent {
		return NotChecked(Size)
	}
	sd, err := readSigned(signature)
	if err != nil || sd.opaque {
		return NotChecked(Format)
	}
	s := p.verify(sd, signed, c)
	if s.Reason == Content {
		// Files and some servers keep mail with bare line feeds; what is signed has CRLF (RFC 8551, 3.1.1).
		if canonical := crlf(signed); canonical != nil {
			return p.verify(sd, canonical, c)
		}
	}
	return s
}

// VerifyOpaque checks a SignedData that holds its content (RFC 8551, 3.5.2) and returns that content: only these octets
// are what was signed. The content is nil when there is none to be had.
func (p *Policy) VerifyOpaque(container []byte, c Claim) ([]byte, Signature) {
	if len(container) > MaxContent {
		return nil, NotChecked(Size)
	}
	sd, err := readSigned(container)
	if err != nil || !sd.opaque {
		return nil, NotChecked(Format)
	}
	return sd.content, p.verify(sd, sd.content, c)
}

// signedData is what is needed of a SignedData (RFC 5652, 5.1).
type signedData struct {
	content []byte
	opaque  bool      // There is content inside.
	signers []element // SignerInfo.
	der     []byte    // The structure without content, revocation lists and what is no certificate, for the library.
}

func readSigned(b []byte) (signedData, error) {
	var sd signedData
	info, err := parseBER(b)
	if err != nil {
		return sd, err
	}
	body, ok := content(info)
	if !ok || !info.isContent(oidSigned) || len(body.parts) < 4 {
		return sd, errBER
	}
	inner, ok := body.at(2, tagSequence)
	if !ok || !inner.algorithm(oidData) { // Same shape: an identifier comes first.
		return sd, errBER
	}
	if holder, ok := inner.at(1, tagZero); ok {
		octets, ok := holder.at(0, tagOctets)
		if !ok {
			return sd, errBER
		}
		sd.content, sd.opaque = octets.body, true
	}
	last := body.parts[len(body.parts)-1]
	if last.tag != tagSet {
		return sd, errBER
	}
	sd.signers = last.parts
	parts := []element{body.parts[0], body.parts[1], inner.resized(inner.parts[0])}
	if certs, ok := body.at(3, tagZero); ok {
		if certs, ok = usable(certs); !ok {
			return sd, errBER
		}
		parts = append(parts, certs)
	}
	if len(sd.signers) == 1 {
		sd.signers[0] = named(sd.signers[0], parts[len(parts)-1])
		last = last.resized(sd.signers...)
	}
	body = body.resized(append(parts, last)...)
	sd.der = info.resized(info.parts[0], element{tag: tagZero}.resized(body)).der()
	return sd, nil
}

// verify looks at the content first, then at whom the certificate belongs to, then at who vouches for it.
func (p *Policy) verify(sd signedData, content []byte, c Claim) Signature {
	switch n := len(sd.signers); {
	case n == 0:
		return NotChecked(Format)
	case n > 1:
		return Refused(Signers)
	}
	p7, err := pkcs7.Parse(sd.der)
	if err != nil || len(p7.Signers) != 1 { // The library passes over what it cannot read.
		return NotChecked(Format)
	}
	cert := p7.GetOnlySigner()
	if cert == nil {
		return NotChecked(Format)
	}
	s := describe(cert)
	signer := p7.Signers[0]
	if !slices.ContainsFunc(digests, signer.DigestAlgorithm.Algorithm.Equal) ||
		!slices.ContainsFunc(signatures, signer.DigestEncryptionAlgorithm.Algorithm.Equal) || !strong(cert) {
		return s.not(Uncheckable, Algorithm)
	}
	if !plainAttributes(sd.signers[0], content) {
		return s.not(Uncheckable, Format)
	}
	if err := p7.UnmarshalSignedAttribute(pkcs7.OIDAttributeSigningTime, &s.SignedAt); err == nil {
		s.SignedAt = s.SignedAt.UTC()
	}
	p7.Content = content
	if err := p7.Verify(); err != nil {
		if _, late := errors.AsType[*pkcs7.SigningTimeNotValidError](err); late {
			return s.not(Bad, Time)
		}
		return s.not(Bad, Content)
	}
	if r := p.trust(cert, p7.Certificates, &s, c); r != "" {
		if r == Issuer {
			return s.not(Unknown, r)
		}
		return s.not(Bad, r)
	}
	s.State, s.Certificate = Valid, bytes.Clone(cert.Raw)
	s.ReadsGCM, s.Announced = announced(sd.signers[0])
	return s
}

func (s Signature) not(state State, r Reason) Signature {
	s.State, s.Reason = state, r
	return s
}

// plainAttributes makes sure that the signed attributes (RFC 5652, 5.3) say what the library takes for granted: the
// type of the content, each attribute once and with one value, in the order of DER. Without attributes the content is
// signed itself; then it must not be a set of attributes, since the signature of another mail would fit that.
func plainAttributes(signer element, content []byte) bool {
	attrs, ok := signer.at(3, tagZero)
	if !ok {
		return len(content) == 0 || content[0] != tagSet
	}
	var before []byte
	typed, digested := false, false
	for _, a := range attrs.parts {
		id, hasID := a.at(0, tagOID)
		values, hasValues := a.at(1, tagSet)
		der := a.der()
		if !hasID || !hasValues || bytes.Compare(before, der) >= 0 {
			return false
		}
		before = der
		switch {
		case id.is(pkcs7.OIDAttributeContentType):
			if typed || len(values.parts) != 1 || !values.parts[0].is(oidData) {
				return false
			}
			typed = true
		case id.is(pkcs7.OIDAttributeMessageDigest):
			if digested || len(values.parts) != 1 {
				return false
			}
			digested = true
		}
	}
	return typed && digested
}

// crlf returns the octets with CRLF at the end of every line, nil when they have that already.
func crlf(b []byte) []byte {
	bare := 0
	for i, c := range b {
		if c == '\n' && (i == 0 || b[i-1] != '\r') {
			bare++
		}
	}
	if bare == 0 {
		return nil
	}
	out := make([]byte, 0, len(b)+bare)
	for i, c := range b {
		if c == '\n' && (i == 0 || b[i-1] != '\r') {
			out = append(out, '\r')
		}
		out = append(out, c)
	}
	return out
}
