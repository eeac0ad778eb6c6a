package smime

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"io"
)

// chunkSize is how much is encrypted at a time. It is a multiple of the block size.
const chunkSize = 16 << 10

// chunker encrypts what is written to it and writes it as octet strings. Either mode or stream and sum are set.
type chunker struct {
	w      io.Writer
	mode   cipher.BlockMode // CBC.
	stream cipher.Stream    // GCM: encrypts,
	sum    *ghash           // and sees what comes out.
	buf    []byte
}

// gcmParameters is of AES-GCM (RFC 5084, 3.2).
type gcmParameters struct {
	Nonce []byte
	Size  int // Octets of the tag.
}

// newChunker returns a writer of content that is encrypted with a new random vector, and what its reader must know of it.
func newChunker(w io.Writer, m Method, key []byte) (*chunker, pkix.AlgorithmIdentifier, error) {
	id := pkix.AlgorithmIdentifier{Algorithm: oidAES256CBC}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, id, fmt.Errorf("encrypt: %w", err)
	}
	c := &chunker{w: w, buf: make([]byte, 0, chunkSize)}
	iv := make([]byte, aes.BlockSize)
	var parameters any = iv
	if m == GCM {
		nonce := make([]byte, nonceSize)
		_, _ = rand.Read(nonce) // Never fails.
		c.stream, c.sum = newGCM(block, nonce)
		id.Algorithm, parameters = oidAES256GCM, gcmParameters{nonce, tagSize}
	} else {
		_, _ = rand.Read(iv)
		c.mode = cipher.NewCBCEncrypter(block, iv)
	}
	id.Parameters.FullBytes, err = asn1.Marshal(parameters)
	if err != nil {
		return nil, id, fmt.Errorf("write the envelope: %w", err)
	}
	return c, id, nil
}

// Write is part of io.Writer.
func (c *chunker) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
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
	if c.mode != nil {
		c.mode.CryptBlocks(c.buf, c.buf)
	} else {
		c.stream.XORKeyStream(c.buf, c.buf)
		c.sum.add(c.buf)
	}
	n := len(c.buf)
	head := []byte{tagOctets, 0x82, byte(n >> 8), byte(n)}
	if _, err := c.w.Write(head); err != nil {
		return err
	}
	_, err := c.w.Write(c.buf)
	c.buf = c.buf[:0]
	return err
}

// close writes what is left: the last block of CBC is padded (RFC 5652, 6.3); GCM has an authentication tag.
func (c *chunker) close() (tag []byte, err error) {
	if c.mode != nil {
		pad := aes.BlockSize - len(c.buf)%aes.BlockSize
		for range pad {
			c.buf = append(c.buf, byte(pad))
		}
		return nil, c.flush()
	}
	if err := c.flush(); err != nil {
		return nil, err
	}
	return c.sum.tag(), nil
}
