package smime

import (
	"crypto/aes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"encoding/binary"
	"fmt"
)

var (
	oidECPublicKey = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	oidAgreement   = asn1.ObjectIdentifier{1, 3, 132, 1, 11, 1} // One-pass Diffie-Hellman, SHA-256.
	oidAES256Wrap  = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 45}
)

// agreeWith returns a KeyAgreeRecipientInfo (RFC 5753, 3.1) that hands the key of the content to the owner of a certificate
// with a key on a curve: AES-256 key wrap under a key that follows from one of ours, made for this mail, and theirs.
func agreeWith(c *x509.Certificate, public *ecdsa.PublicKey, content []byte) ([]byte, error) {
	theirs, err := public.ECDH()
	if err != nil {
		return nil, fmt.Errorf("encrypt the key: %w", err)
	}
	once, err := theirs.Curve().GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	secret, err := once.ECDH(theirs)
	if err != nil {
		return nil, fmt.Errorf("encrypt the key: %w", err)
	}
	wrapping, err := algorithmOf(oidAES256Wrap)
	if err != nil {
		return nil, err
	}
	method, err := algorithmOf(oidAgreement, wrapping)
	if err != nil {
		return nil, err
	}
	kind, err := algorithmOf(oidECPublicKey)
	if err != nil {
		return nil, err
	}
	kek := derive(kdfs[2].hash, secret, sharedInfo(wrapping, element{}, false, 32), 32)
	wrapped, err := wrapKey(kek, content)
	if err != nil {
		return nil, err
	}
	rid, err := asn1.Marshal(issuerAndSerial{asn1.RawValue{FullBytes: c.RawIssuer}, c.SerialNumber})
	if err != nil {
		return nil, fmt.Errorf("write the recipient: %w", err)
	}
	id, err := parseBER(rid)
	if err != nil {
		return nil, fmt.Errorf("write the recipient: %w", err)
	}
	point := primitive(tagBitString, append([]byte{0}, once.PublicKey().Bytes()...))
	sequence := element{tag: tagSequence}
	return element{tag: tagOne}.resized(
		primitive(0x02, []byte{3}),
		element{tag: tagZero}.resized(element{tag: tagOne}.resized(kind, point)),
		method,
		sequence.resized(sequence.resized(id, primitive(tagOctets, wrapped))),
	).der(), nil
}

func primitive(tag byte, body []byte) element { return element{tag: tag, body: body, size: len(body)} }

// algorithmOf is an AlgorithmIdentifier.
func algorithmOf(oid asn1.ObjectIdentifier, parameters ...element) (element, error) {
	der, err := asn1.Marshal(oid)
	if err != nil {
		return element{}, fmt.Errorf("write an algorithm: %w", err)
	}
	id, err := parseBER(der)
	if err != nil {
		return element{}, fmt.Errorf("write an algorithm: %w", err)
	}
	return element{tag: tagSequence}.resized(append([]element{id}, parameters...)...), nil
}

// wrapKey encrypts a key (RFC 3394, 2.2.1).
func wrapKey(kek, content []byte) ([]byte, error) {
	block, err := aes.NewCipher(kek)
	if err != nil {
		return nil, err
	}
	n, a, buf := len(content)/8, []byte{0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6}, make([]byte, 16)
	out := append([]byte(nil), content...)
	for t := 1; t <= 6*n; t++ {
		r := out[(t-1)%n*8:][:8]
		copy(buf, a)
		copy(buf[8:], r)
		block.Encrypt(buf, buf)
		binary.BigEndian.PutUint64(a, binary.BigEndian.Uint64(buf)^uint64(t))
		copy(r, buf[8:])
	}
	return append(a, out...), nil
}

// agrees reports whether a key on a curve can be encrypted to.
func agrees(public any) bool {
	p, ok := public.(*ecdsa.PublicKey)
	if !ok {
		return false
	}
	k, err := p.ECDH()
	return err == nil && k.Curve() != ecdh.X25519()
}
