package smime

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
)

type recipientInfo struct {
	Version   int
	RID       issuerAndSerial
	Algorithm pkix.AlgorithmIdentifier
	Key       []byte
}

// Method is how the content of a mail is encrypted, always with AES-256.
type Method string

// The methods.
const (
	CBC Method = "cbc" // EnvelopedData (RFC 5652, 6): read by every program, and a change on the way may go unnoticed.
	GCM Method = "gcm" // AuthEnvelopedData (RFC 5083, 5084): no change goes unnoticed; for those who announce that they read it.
)

// Kind is the value of the parameter smime-type for content that is encrypted so (RFC 8551, 3.2.2).
func (m Method) Kind() string {
	if m == GCM {
		return "authEnveloped-data"
	}
	return "enveloped-data"
}

// Encrypt writes what write writes, encrypted for the owners of some certificates. The content is streamed in chunks (BER),
// so it may be of any size.
func Encrypt(w io.Writer, to []*x509.Certificate, m Method, write func(io.Writer) error) error {
	if len(to) == 0 {
		return errors.New("nobody to encrypt for")
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key) // Never fails.
	infos, version, err := recipients(to, key)
	if err != nil {
		return err
	}
	kind := oidEnveloped
	if m == GCM {
		kind, version = oidAuthenticated, 0 // RFC 5083, 2.1.
	}
	c, method, err := newChunker(w, m, key)
	if err != nil {
		return err
	}
	head := []byte{0x30, 0x80} // ContentInfo of indefinite length.
	for _, v := range []struct {
		value any
		set   bool
		after []byte
	}{
		{kind, false, []byte{0xa0, 0x80, 0x30, 0x80}}, {version, false, nil}, {infos, true, []byte{0x30, 0x80}}, {oidData, false, nil},
		{method, false, []byte{0xa0, 0x80}}, // [0] EncryptedContent, constructed.
	} {
		params := ""
		if v.set {
			params = "set"
		}
		der, err := asn1.MarshalWithParams(v.value, params)
		if err != nil {
			return fmt.Errorf("write the envelope: %w", err)
		}
		head = append(append(head, der...), v.after...)
	}
	if _, err := w.Write(head); err != nil {
		return err
	}
	if err := write(c); err != nil {
		return err
	}
	tag, err := c.close()
	if err != nil {
		return err
	}
	end := make([]byte, 2*2) // Ends of content and EncryptedContentInfo.
	if tag != nil {
		end = append(append(end, tagOctets, byte(len(tag))), tag...)
	}
	_, err = w.Write(append(end, make([]byte, 2*3)...)) // Ends of the envelope, [0] and ContentInfo.
	return err
}

// recipients hands the key of the content to the owners of some certificates; version is that of an EnvelopedData with them.
func recipients(to []*x509.Certificate, key []byte) (infos []asn1.RawValue, version int, err error) {
	for _, c := range to {
		if public, ok := c.PublicKey.(*ecdsa.PublicKey); ok {
			info, err := agreeWith(c, public, key)
			if err != nil {
				return nil, 0, err
			}
			infos, version = append(infos, asn1.RawValue{FullBytes: info}), 2 // RFC 5652, 6.1.
			continue
		}
		public, ok := c.PublicKey.(*rsa.PublicKey)
		if !ok {
			return nil, 0, errors.New("certificate of a recipient has a key that is not supported")
		}
		wrapped, err := rsa.EncryptPKCS1v15(rand.Reader, public, key) //nolint:staticcheck // What every mail program reads.
		if err != nil {
			return nil, 0, fmt.Errorf("encrypt the key: %w", err)
		}
		info, err := asn1.Marshal(recipientInfo{
			RID:       issuerAndSerial{asn1.RawValue{FullBytes: c.RawIssuer}, new(big.Int).Set(c.SerialNumber)},
			Algorithm: pkix.AlgorithmIdentifier{Algorithm: oidRSA, Parameters: asn1.RawValue{Tag: asn1.TagNull}}, Key: wrapped,
		})
		if err != nil {
			return nil, 0, fmt.Errorf("write the envelope: %w", err)
		}
		infos = append(infos, asn1.RawValue{FullBytes: info})
	}
	return infos, version, nil
}
