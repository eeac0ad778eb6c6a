package tracker

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

// tokenPrefix lets people and secret scanners recognise a token of Letterbox.
const tokenPrefix = "lbx_"

// random returns 256 random bits as text for URLs, cookies and header fields.
func random() string {
	b := make([]byte, 32)
	rand.Read(b) // It never fails: see package crypto/rand.
	return base64.RawURLEncoding.EncodeToString(b)
}

// digest is how a random secret is kept: SHA-256 is enough for 256 random bits, and it is found by one look-up.
func digest(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}
