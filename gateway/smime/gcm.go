package smime

import (
	"crypto/cipher"
	"encoding/binary"
)

// Sizes of AES-GCM as it is written here, in octets.
const (
	nonceSize = 12
	tagSize   = 16
)

// ghash is the sum over encrypted content of which the authentication tag is made (NIST SP 800-38D, 6.4). The library makes
// it only where all of the content is in memory, so it is made here, piece by piece: what it takes does not depend on keys
// and content.
type ghash struct {
	high, low  uint64 // The key: the element of GF(2^128) that is multiplied with.
	sumH, sumL uint64
	mask       [tagSize]byte // What the tag is encrypted with.
	size       uint64        // Octets so far.
}

// newGCM returns what encrypts, and what sees what has been encrypted, for a nonce that is used once (NIST SP 800-38D, 7.1,
// with a nonce of 96 bits and without further data).
func newGCM(block cipher.Block, nonce []byte) (cipher.Stream, *ghash) {
	var key, counter [tagSize]byte
	block.Encrypt(key[:], key[:])
	g := &ghash{high: binary.BigEndian.Uint64(key[:8]), low: binary.BigEndian.Uint64(key[8:])}
	copy(counter[:], nonce)
	counter[tagSize-1] = 1
	block.Encrypt(g.mask[:], counter[:])
	counter[tagSize-1] = 2 // The counter has 32 bits, enough for 64 GiB.
	return cipher.NewCTR(block, counter[:]), g
}

// add takes the next octets. Only the last ones may be no whole blocks.
func (g *ghash) add(b []byte) {
	g.size += uint64(len(b))
	for ; len(b) >= tagSize; b = b[tagSize:] {
		g.block(binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:]))
	}
	if len(b) > 0 {
		var last [tagSize]byte
		copy(last[:], b)
		g.block(binary.BigEndian.Uint64(last[:]), binary.BigEndian.Uint64(last[8:]))
	}
}

// block adds one block and multiplies with the key (NIST SP 800-38D, 6.3): bit by bit, the highest bit being the first.
func (g *ghash) block(high, low uint64) {
	high, low = high^g.sumH, low^g.sumL
	var outH, outL uint64
	keyH, keyL := g.high, g.low
	for _, word := range [2]uint64{high, low} {
		for range 64 {
			bit := -(word >> 63) // All bits or none.
			outH, outL = outH^keyH&bit, outL^keyL&bit
			reduce := -(keyL & 1) & (0xe1 << 56)
			keyH, keyL = keyH>>1^reduce, keyL>>1|keyH<<63
			word <<= 1
		}
	}
	g.sumH, g.sumL = outH, outL
}

// tag is the authentication tag of everything that was added.
func (g *ghash) tag() []byte {
	g.block(0, 8*g.size)
	out := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, g.sumH), g.sumL)
	for i := range out {
		out[i] ^= g.mask[i]
	}
	return out
}
