// Package secret encrypts what Letterbox has to keep but must not show: the passwords of mail accounts.
//
// A value is sealed with AES-256-GCM under the first key of a [Ring], with a fresh random nonce, and bound to the place
// where it is kept: a sealed value that is copied to another row does not open there. The result "c1.<key id>.<base64>"
// names its key, so keys can be replaced while older values stay readable. A Ring never prints its keys.
package secret

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

var (
	// ErrUnknownKey says that a value was sealed with a key that the ring does not hold.
	ErrUnknownKey = errors.New("sealed with a key that is not in the key ring")
	// ErrDamaged says that a sealed value was changed, cut, or taken from another place.
	ErrDamaged = errors.New("sealed value does not belong here or was changed")
)

const (
	version  = "c1"
	keySize  = 32
	maxIDLen = 32
)

// Ring holds the keys that open sealed values; the first one seals. It may be used by several goroutines.
type Ring struct {
	primary string
	keys    map[string]cipher.AEAD
}

// Parse reads a key ring: one or more keys "ID:BASE64" of 32 octets, separated by commas, blanks or line ends. A key
// without an ID gets one made from its hash. The error never repeats a key.
func Parse(text string) (*Ring, error) {
	r := &Ring{keys: map[string]cipher.AEAD{}}
	for i, part := range strings.FieldsFunc(text, between) {
		id, encoded, named := strings.Cut(part, ":")
		if !named {
			id, encoded = "", part
		}
		key, err := decode(encoded)
		if err != nil || len(key) != keySize {
			return nil, fmt.Errorf("key %d is not %d octets in base64", i+1, keySize)
		}
		if id == "" {
			id = fingerprint(key)
		}
		if !validID(id) {
			return nil, fmt.Errorf("key %d has an id with other characters than letters, digits, - and _, or more than %d", i+1, maxIDLen)
		}
		if r.keys[id] != nil {
			return nil, fmt.Errorf("key id %q stands in the key ring twice", id)
		}
		if r.keys[id], err = newAEAD(key); err != nil {
			return nil, fmt.Errorf("key %d: %w", i+1, err)
		}
		if r.primary == "" {
			r.primary = id
		}
	}
	if r.primary == "" {
		return nil, errors.New("key ring holds no key")
	}
	return r, nil
}

// between reports whether a character separates keys.
func between(c rune) bool { return strings.ContainsRune(", \t\r\n", c) }

// Generate returns a new key in the form that [Parse] reads.
func Generate() string {
	key := make([]byte, keySize)
	rand.Read(key) // Never fails: the process ends when the system has no randomness.
	return fingerprint(key) + ":" + base64.StdEncoding.EncodeToString(key)
}

// Seal encrypts plain. where names table, row and column ("inboxes|3|password") and is needed again by [Ring.Open].
func (r *Ring) Seal(plain, where string) (string, error) {
	sealed := r.keys[r.primary].Seal(nil, nil, []byte(plain), []byte(where))
	return version + "." + r.primary + "." + base64.RawURLEncoding.EncodeToString(sealed), nil
}

// Open decrypts what Seal returned for the same place. The error is [ErrUnknownKey] or [ErrDamaged], wrapped.
func (r *Ring) Open(sealed, where string) (string, error) {
	id, encoded, err := split(sealed)
	if err != nil {
		return "", err
	}
	key, ok := r.keys[id]
	if !ok {
		return "", fmt.Errorf("%w: %q", ErrUnknownKey, id)
	}
	octets, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return "", fmt.Errorf("%w: not base64", ErrDamaged)
	}
	plain, err := key.Open(nil, nil, octets, []byte(where))
	if err != nil {
		return "", ErrDamaged
	}
	return string(plain), nil
}

// Current reports whether a value was sealed with the key that seals now; others are to be sealed again when keys are
// rotated.
func (r *Ring) Current(sealed string) bool {
	id, _, err := split(sealed)
	return err == nil && id == r.primary
}

// Holds reports whether the ring has the key of a sealed value, without opening it.
func (r *Ring) Holds(sealed string) bool {
	id, _, err := split(sealed)
	return err == nil && r.keys[id] != nil
}

// String names the key that seals, never a key itself.
func (r *Ring) String() string {
	return fmt.Sprintf("key ring of %d, sealing with %s", len(r.keys), r.primary)
}

// GoString is String.
func (r *Ring) GoString() string { return r.String() }

// LogValue is String.
func (r *Ring) LogValue() slog.Value { return slog.StringValue(r.String()) }

func split(sealed string) (id, encoded string, err error) {
	parts := strings.Split(sealed, ".")
	if len(parts) != 3 || parts[0] != version {
		return "", "", fmt.Errorf("%w: not in the form %s.ID.BASE64", ErrDamaged, version)
	}
	return parts[1], parts[2], nil
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func decode(text string) ([]byte, error) {
	text = strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(text), "=")
	return base64.RawStdEncoding.DecodeString(text)
}

func fingerprint(key []byte) string {
	sum := sha256.Sum256(bytes.Join([][]byte{[]byte("letterbox key id"), key}, nil))
	return hex.EncodeToString(sum[:4])
}

func validID(id string) bool {
	return len(id) <= maxIDLen && strings.Trim(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
}
