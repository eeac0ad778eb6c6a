package smime

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"fmt"

	"github.com/smallstep/pkcs7"
)

// Plain is decrypted content.
type Plain struct {
	Octets []byte
	// Authenticated tells that the method of encryption notices a change on the way. It does not with CBC, which nearly
	// every mail program uses: somebody who cannot read the content can still change it (EFAIL).
	Authenticated bool
}

// Object identifiers of content types and methods.
var (
	oidData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSigned        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidEnveloped     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 3}
	oidAuthenticated = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 23}
	oidAES128GCM     = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 6}
	oidAES256GCM     = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 46}
	oidAES128CBC     = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 2}
	oidAES256CBC     = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}
	oidTripleDES     = asn1.ObjectIdentifier{1, 2, 840, 113549, 3, 7}
	oidRSA           = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidRSAOAEP       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 7}
	methodsCBC       = []asn1.ObjectIdentifier{oidAES128CBC, oidAES256CBC, oidTripleDES}
	methodsGCM       = []asn1.ObjectIdentifier{oidAES128GCM, oidAES256GCM}
	methodsForKey    = []asn1.ObjectIdentifier{oidRSA, oidRSAOAEP}
)

// Decrypt opens an EnvelopedData (RFC 5652, 6) or AuthEnvelopedData structure (RFC 5083) with the first key that fits. The error is ErrNoKey,
// ErrUnsupported or ErrBroken, and says no more, so that nobody learns from it about the content.
func (p *Policy) Decrypt(container []byte) (Plain, error) {
	if len(container) > MaxContent {
		return Plain{}, ErrUnsupported
	}
	info, err := parseBER(container)
	if err != nil {
		return Plain{}, ErrBroken
	}
	auth := info.isContent(oidAuthenticated)
	if !auth && !info.isContent(oidEnveloped) {
		return Plain{}, ErrUnsupported
	}
	body, ok := content(info)
	if !ok {
		return Plain{}, ErrBroken
	}
	env, err := readEnvelope(body, auth)
	if err != nil {
		return Plain{}, err
	}
	err = ErrNoKey
	if env.unsupported {
		err = ErrUnsupported
	}
	if plain, kerr := openWith(p.Keys.list, info, body, env, err); kerr == nil || p.More == nil {
		return plain, kerr
	}
	return openWith(p.More().list, info, body, env, err)
}

// openWith tries some keys; err is what is said when none fits.
func openWith(keys []key, info, body element, env envelope, err error) (Plain, error) {
	for _, k := range keys {
		for _, r := range env.agreements {
			if k.curve == nil {
				continue
			}
			content, mine, kerr := k.agreed(r)
			if !mine {
				continue
			}
			var octets []byte
			if err = kerr; err == nil {
				octets, err = env.openContent(content)
			}
			if err == nil {
				return Plain{Octets: octets, Authenticated: env.gcm}, nil
			}
		}
		for _, r := range env.recipients {
			if k.private == nil {
				continue
			}
			if id, _ := r.at(1, tagSequence); !k.fits(id) {
				continue
			}
			if method, _ := r.at(2, tagSequence); !method.algorithm(methodsForKey...) {
				err = ErrUnsupported
				continue
			}
			var octets []byte
			if env.auth {
				octets, err = k.openAuthenticated(env, r)
			} else {
				octets, err = k.open(info, body, env, r)
			}
			if err == nil {
				return Plain{Octets: octets, Authenticated: env.gcm}, nil
			}
		}
	}
	return Plain{}, err
}

// envelope is the part of an EnvelopedData that can be worked with.
type envelope struct {
	version     element
	recipients  []element // Those with issuer, serial number and an RSA key.
	agreements  []element // Those with a key on a curve.
	unsupported bool      // There are others.
	auth        bool      // AuthEnvelopedData: nothing can be changed unnoticed.
	attrs       element   // Its authenticated attributes; the zero value when there are none.
	tag         []byte    // Its authentication tag.
	secret      element   // EncryptedContentInfo, the octets in one piece.
	gcm         bool
}

func readEnvelope(body element, auth bool) (envelope, error) {
	e := envelope{auth: auth}
	set, secret := -1, -1
	for i, part := range body.parts {
		switch {
		case i == 0:
			e.version = part
		case part.tag == tagSet && set < 0:
			set = i
		case part.tag == tagSequence && set >= 0 && secret < 0:
			secret = i
		case auth && part.tag == tagOne && secret >= 0:
			e.attrs = part
		case auth && part.tag == tagOctets && secret >= 0:
			e.tag = part.body
		}
	}
	if set < 0 || secret < 0 {
		return e, ErrBroken
	}
	for _, r := range body.parts[set].parts {
		if _, ok := r.at(1, tagSequence); r.tag == tagSequence && ok && len(r.parts) == 4 {
			e.recipients = append(e.recipients, r)
		} else if r.tag == tagOne && len(r.parts) >= 4 {
			e.agreements = append(e.agreements, r)
		} else {
			e.unsupported = true // A shared key, a password, or known by another name.
		}
	}
	if len(e.recipients) == 0 && len(e.agreements) == 0 {
		return e, ErrUnsupported
	}
	return e, e.readSecret(body.parts[secret])
}

func (e *envelope) readSecret(s element) error {
	method, ok := s.at(1, tagSequence)
	if !ok || len(s.parts) != 3 {
		return ErrBroken
	}
	octets := s.parts[2]
	if octets.tag == tagZero {
		if octets, ok = octets.joined(tagImplicit); !ok {
			return ErrBroken
		}
	}
	if octets.tag != tagImplicit {
		return ErrBroken
	}
	e.secret = s.resized(s.parts[0], method, octets)
	e.gcm = method.algorithm(methodsGCM...)
	if e.auth && !e.gcm {
		return ErrUnsupported
	}
	if !e.gcm && !method.algorithm(methodsCBC...) {
		return ErrUnsupported
	}
	return nil
}

// openAuthenticated opens AES-GCM whose key is encrypted with RSA. A key that does not open is as good as a wrong one, so
// nobody learns from the answer about it.
func (k key) openAuthenticated(env envelope, recipient element) ([]byte, error) {
	method, _ := recipient.at(2, tagSequence)
	wrapped, ok := recipient.at(3, tagOctets)
	if !ok || !method.algorithm(oidRSA) {
		return nil, ErrUnsupported
	}
	size := 32
	if content, _ := env.secret.at(1, tagSequence); content.algorithm(oidAES128GCM) {
		size = 16
	}
	secret, err := k.private.Decrypt(rand.Reader, wrapped.body, &rsa.PKCS1v15DecryptOptions{SessionKeyLen: size})
	if err != nil {
		return nil, ErrBroken
	}
	return env.openContent(secret)
}

// open hands the library a structure with one recipient and nothing that it cannot read.
func (k key) open(info, body element, env envelope, recipient element) (octets []byte, err error) {
	defer func() {
		if v := recover(); v != nil { // The library takes the length and the padding of the content on trust.
			octets, err = nil, ErrBroken
		}
	}()
	set := element{tag: tagSet}.resized(recipient)
	whole := info.resized(info.parts[0], element{tag: tagZero}.resized(body.resized(env.version, set, env.secret)))
	p7, err := pkcs7.Parse(whole.der())
	if err != nil {
		return nil, fmt.Errorf("%w: structure", ErrBroken)
	}
	if octets, err = p7.Decrypt(k.cert, k.private); err != nil {
		return nil, ErrBroken
	}
	return octets, nil
}

// isContent says whether this is a ContentInfo (RFC 5652, 3) of that type.
func (e element) isContent(oid asn1.ObjectIdentifier) bool {
	id, ok := e.at(0, tagOID)
	return ok && e.tag == tagSequence && id.is(oid)
}

// content returns what a ContentInfo holds.
func content(info element) (element, bool) {
	outer, ok := info.at(1, tagZero)
	if !ok {
		return element{}, false
	}
	return outer.at(0, tagSequence)
}

func (e element) is(oid asn1.ObjectIdentifier) bool {
	var got asn1.ObjectIdentifier
	rest, err := asn1.Unmarshal(e.der(), &got)
	return err == nil && len(rest) == 0 && got.Equal(oid)
}

// algorithm says whether an AlgorithmIdentifier names one of these.
func (e element) algorithm(oids ...asn1.ObjectIdentifier) bool {
	id, ok := e.at(0, tagOID)
	for _, oid := range oids {
		if ok && id.is(oid) {
			return true
		}
	}
	return false
}
