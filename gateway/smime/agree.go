package smime

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	_ "crypto/sha1" // Registers what openssl derives keys with unless told otherwise.
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/subtle"
	"encoding/asn1"
	"encoding/binary"
)

// Tags of key agreement.
const (
	tagOne       = 0xa1 // [1], constructed.
	tagBitString = 0x03
)

// kdf is a way to make a key of a shared secret (SEC 1, 3.6.1).
type kdf struct {
	oid  asn1.ObjectIdentifier
	hash crypto.Hash
}

// wrap is a way to encrypt a key with a key: AES (RFC 3394).
type wrap struct {
	oid  asn1.ObjectIdentifier
	size int
}

// The ways of one-pass Diffie-Hellman, standard and with cofactor, which are the same on the curves here (RFC 5753, 7.1.4).
var (
	kdfs = []kdf{
		{asn1.ObjectIdentifier{1, 3, 133, 16, 840, 63, 0, 2}, crypto.SHA1}, {asn1.ObjectIdentifier{1, 3, 133, 16, 840, 63, 0, 3}, crypto.SHA1},
		{asn1.ObjectIdentifier{1, 3, 132, 1, 11, 1}, crypto.SHA256}, {asn1.ObjectIdentifier{1, 3, 132, 1, 14, 1}, crypto.SHA256},
		{asn1.ObjectIdentifier{1, 3, 132, 1, 11, 2}, crypto.SHA384}, {asn1.ObjectIdentifier{1, 3, 132, 1, 14, 2}, crypto.SHA384},
		{asn1.ObjectIdentifier{1, 3, 132, 1, 11, 3}, crypto.SHA512}, {asn1.ObjectIdentifier{1, 3, 132, 1, 14, 3}, crypto.SHA512},
	}
	wraps = []wrap{
		{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 5}, 16}, {asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 25}, 24},
		{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 45}, 32},
	}
)

// agreed opens the key of the content in a KeyAgreeRecipientInfo (RFC 5753, 3.1.1) for the owner of k. mine is false when it
// is not for k.
func (k key) agreed(r element) (content []byte, mine bool, err error) {
	at := 2
	ukm, hasUKM := r.at(at, tagOne)
	if hasUKM {
		at++
	}
	method, ok := r.at(at, tagSequence)
	list, also := r.at(at+1, tagSequence)
	if !ok || !also {
		return nil, false, ErrBroken
	}
	for _, one := range list.parts {
		if id, _ := one.at(0, tagSequence); !k.fits(id) {
			continue
		}
		wrapped, ok := one.at(1, tagOctets)
		point, good := originator(r)
		wrapping, named := method.at(1, tagSequence)
		if !ok || !good || !named {
			return nil, true, ErrUnsupported
		}
		var user element
		if hasUKM {
			if user, ok = ukm.at(0, tagOctets); !ok {
				return nil, true, ErrBroken
			}
		}
		content, err = k.agree(point, method, wrapping, user, hasUKM, wrapped.body)
		return content, true, err
	}
	return nil, false, nil
}

// originator is the point of the sender's one-time key.
func originator(r element) (point []byte, ok bool) {
	outer, _ := r.at(1, tagZero)
	public, _ := outer.at(0, tagOne)
	bits, ok := public.at(1, tagBitString)
	if !ok || len(bits.body) < 2 || bits.body[0] != 0 {
		return nil, false
	}
	return bits.body[1:], true
}

func (k key) agree(point []byte, method, wrapping, user element, hasUser bool, wrapped []byte) ([]byte, error) {
	public, err := k.curve.Curve().NewPublicKey(point)
	if err != nil {
		return nil, ErrBroken
	}
	secret, err := k.curve.ECDH(public)
	if err != nil {
		return nil, ErrBroken
	}
	for _, d := range kdfs {
		for _, w := range wraps {
			if method.algorithm(d.oid) && wrapping.algorithm(w.oid) {
				return unwrap(derive(d.hash, secret, sharedInfo(wrapping, user, hasUser, w.size), w.size), wrapped)
			}
		}
	}
	return nil, ErrUnsupported
}

// sharedInfo is what both sides know of the key besides the secret (RFC 5753, 7.2).
func sharedInfo(wrapping, user element, hasUser bool, size int) []byte {
	bits := binary.BigEndian.AppendUint32(nil, uint32(8*size))
	parts := []element{wrapping}
	if hasUser {
		parts = append(parts, element{tag: tagZero}.resized(user))
	}
	parts = append(parts, element{tag: 0xa2}.resized(element{tag: tagOctets, body: bits, size: len(bits)}))
	return element{tag: tagSequence}.resized(parts...).der()
}

// derive is the function of X9.63.
func derive(hash crypto.Hash, secret, info []byte, size int) []byte {
	var out []byte
	for n := uint32(1); len(out) < size; n++ {
		h := hash.New()
		_, _ = h.Write(secret) // A hash takes everything.
		_, _ = h.Write(binary.BigEndian.AppendUint32(nil, n))
		_, _ = h.Write(info)
		out = h.Sum(out)
	}
	return out[:size]
}

// unwrap opens a key (RFC 3394, 2.2.2).
func unwrap(kek, wrapped []byte) ([]byte, error) {
	n := len(wrapped)/8 - 1
	if len(wrapped)%8 != 0 || n < 2 || n > 8 {
		return nil, ErrBroken
	}
	block, err := aes.NewCipher(kek)
	if err != nil {
		return nil, ErrBroken
	}
	a, out, buf := append([]byte(nil), wrapped[:8]...), append([]byte(nil), wrapped[8:]...), make([]byte, 16)
	for t := 6 * n; t > 0; t-- {
		r := out[(t-1)%n*8:][:8]
		binary.BigEndian.PutUint64(buf, binary.BigEndian.Uint64(a)^uint64(t))
		copy(buf[8:], r)
		block.Decrypt(buf, buf)
		copy(a, buf[:8])
		copy(r, buf[8:])
	}
	if subtle.ConstantTimeCompare(a, []byte{0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6}) != 1 {
		return nil, ErrBroken
	}
	return out, nil
}

// openContent decrypts the content with its key.
func (e envelope) openContent(content []byte) ([]byte, error) {
	method, _ := e.secret.at(1, tagSequence)
	octets := e.secret.parts[2].body
	block, err := aes.NewCipher(content)
	if err != nil {
		return nil, ErrBroken
	}
	if e.auth {
		return e.openGCM(block, method, octets)
	}
	iv, ok := method.at(1, tagOctets)
	if !method.algorithm(oidAES128CBC, oidAES256CBC) {
		return nil, ErrUnsupported
	}
	if !ok || len(iv.body) != aes.BlockSize || len(octets) == 0 || len(octets)%aes.BlockSize != 0 {
		return nil, ErrBroken
	}
	plain := make([]byte, len(octets))
	cipher.NewCBCDecrypter(block, iv.body).CryptBlocks(plain, octets)
	pad := int(plain[len(plain)-1])
	if pad == 0 || pad > aes.BlockSize {
		return nil, ErrBroken
	}
	for _, c := range plain[len(plain)-pad:] {
		if int(c) != pad {
			return nil, ErrBroken
		}
	}
	return plain[:len(plain)-pad], nil
}

// openGCM opens AES-GCM (RFC 5084, 3.2): parameters are the nonce and, unless it is 12, the size of the tag.
func (e envelope) openGCM(block cipher.Block, method element, octets []byte) ([]byte, error) {
	params, _ := method.at(1, tagSequence)
	nonce, ok := params.at(0, tagOctets)
	if !ok || len(nonce.body) != 12 || len(e.tag) < 12 || len(e.tag) > 16 {
		return nil, ErrUnsupported
	}
	gcm, err := cipher.NewGCMWithTagSize(block, len(e.tag))
	if err != nil {
		return nil, ErrUnsupported
	}
	var bound []byte
	if e.attrs.tag == tagOne {
		attrs := e.attrs
		attrs.tag = tagSet // As they are authenticated (RFC 5083, 2.2).
		bound = attrs.der()
	}
	plain, err := gcm.Open(nil, nonce.body, append(append(make([]byte, 0, len(octets)+16), octets...), e.tag...), bound)
	if err != nil {
		return nil, ErrBroken
	}
	return plain, nil
}

// curveOf is the key with which a private key on a curve agrees on others; nil for a curve that has none.
func curveOf(private interface {
	ECDH() (*ecdh.PrivateKey, error)
}) *ecdh.PrivateKey {
	k, err := private.ECDH()
	if err != nil {
		return nil
	}
	return k
}
