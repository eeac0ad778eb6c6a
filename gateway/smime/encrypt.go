package smime

import (
	"crypto/aes"
	"crypto/cipher"
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

// Encrypt writes an EnvelopedData structure (RFC 5652, 6) of what write writes, for the owners of some certificates: AES-256
// in CBC, which is what mail programs can read. The content is streamed in chunks (BER), so it may be of any size.
func Encrypt(w io.Writer, to []*x509.Certificate, write func(io.Writer) error) error {
	if len(to) == 0 {
		return errors.New("nobody to encrypt for")
	}
	key, iv := make([]byte, 32), make([]byte, aes.BlockSize)
	_, _ = rand.Read(key) // Never fails.
	_, _ = rand.Read(iv)
	var infos []asn1.RawValue
	version := 0
	for _, c := range to {
		if public, ok := c.PublicKey.(*ecdsa.PublicKey); ok {
			info, err := agreeWith(c, public, key)
			if err != nil {
				return err
			}
			infos, version = append(infos, asn1.RawValue{FullBytes: info}), 2 // RFC 5652, 6.1.
			continue
		}
		public, ok := c.PublicKey.(*rsa.PublicKey)
		if !ok {
			return errors.New("certificate of a recipient has a key that is not supported")
		}
		wrapped, err := rsa.EncryptPKCS1v15(rand.Reader, public, key) //nolint:staticcheck // What every mail program reads.
		if err != nil {
			return fmt.Errorf("encrypt the key: %w", err)
		}
		info, err := asn1.Marshal(recipientInfo{
			RID:       issuerAndSerial{asn1.RawValue{FullBytes: c.RawIssuer}, new(big.Int).Set(c.SerialNumber)},
			Algorithm: pkix.AlgorithmIdentifier{Algorithm: oidRSA, Parameters: asn1.RawValue{Tag: asn1.TagNull}}, Key: wrapped,
		})
		if err != nil {
			return fmt.Errorf("write the envelope: %w", err)
		}
		infos = append(infos, asn1.RawValue{FullBytes: info})
	}
	head := []byte{0x30, 0x80} // ContentInfo of indefinite length.
	for _, v := range []struct {
		value any
		set   bool
		after []byte
	}{
		{oidEnveloped, false, []byte{0xa0, 0x80, 0x30, 0x80}}, {version, false, nil}, {infos, true, []byte{0x30, 0x80}}, {oidData, false, nil},
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
	vector, err := asn1.Marshal(iv)
	if err != nil {
		return fmt.Errorf("write the envelope: %w", err)
	}
	method, err := asn1.Marshal(pkix.AlgorithmIdentifier{Algorithm: oidAES256CBC, Parameters: asn1.RawValue{FullBytes: vector}})
	if err != nil {
		return fmt.Errorf("write the envelope: %w", err)
	}
	head = append(append(head, method...), 0xa0, 0x80) // [0] EncryptedContent, constructed.
	if _, err := w.Write(head); err != nil {
		return err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return err
	}
	c := &chunker{w: w, mode: cipher.NewCBCEncrypter(block, iv)}
	if err := write(c); err != nil {
		return err
	}
	if err := c.close(); err != nil {
		return err
	}
	_, err = w.Write(make([]byte, 2*5)) // Ends of: content, EncryptedContentInfo, EnvelopedData, [0], ContentInfo.
	return err
}

// chunkSize is how much is encrypted at a time.
const chunkSize = 16 << 10

// chunker encrypts what is written to it and writes it as octet strings.
type chunker struct {
	w    io.Writer
	mode cipher.BlockMode
	buf  []byte
}

// Write is part of io.Writer.
func (c *chunker) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if c.buf == nil {
			c.buf = make([]byte, 0, chunkSize)
		}
		take := min(len(p), chunkSize-len(c.buf))
		c.buf = append(c.buf, p[:take]...)
		p = p[take:]
		if len(c.buf) == chunkSize {
			if err := c.flush(); err != nil {
				return 0, err
			}
		}
	}
	return n, nil
}

func (c *chunker) flush() error {
	c.mode.CryptBlocks(c.buf, c.buf)
	n := len(c.buf)
	head := []byte{0x04, 0x82, byte(n >> 8), byte(n)}
	if _, err := c.w.Write(head); err != nil {
		return err
	}
	_, err := c.w.Write(c.buf)
	c.buf = c.buf[:0]
	return err
}

// close pads the last block (RFC 5652, 6.3).
func (c *chunker) close() error {
	pad := aes.BlockSize - len(c.buf)%aes.BlockSize
	for range pad {
		c.buf = append(c.buf, byte(pad))
	}
	return c.flush()
}
