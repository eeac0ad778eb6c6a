package outbound

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Sizes in characters of base 32.
const (
	keyIDLen   = 2  // Names the key.
	personLen  = 6  // 30 bits that tell recipients of one issue apart.
	macLen     = 26 // 130 bits of a HMAC-SHA-256, of which 128 are used.
	mostKeys   = 8  // Keys that still verify.
	maxLocal   = 64 // Octets of a local part (RFC 5321, 4.5.3.1.1).
	macOctets  = 16
	secretSize = 32
)

// letters is base 32 in lower case: mail systems change the case of addresses.
func letters(b []byte) string {
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
}

// Key signs references to issues.
type Key struct {
	ID     string `json:"id"`     // Two characters.
	Secret []byte `json:"secret"` // 32 octets.
}

// Keys are the keys of an installation; the first one signs, all verify. The zero value signs nothing and trusts nothing.
type Keys struct{ list []Key }

// NewKeys returns keys with one fresh key.
func NewKeys() Keys { return Keys{}.Rotate() }

// Rotate returns the keys with a fresh one that signs from now on. Of the older ones the last seven still verify.
func (k Keys) Rotate() Keys {
	secret := make([]byte, secretSize)
	rand.Read(secret) // Never fails: the process ends when the system has no randomness.
	id := ""
	for id == "" || k.find(id) != nil {
		b := make([]byte, 2)
		rand.Read(b)
		id = letters(b)[:keyIDLen]
	}
	list := append([]Key{{ID: id, Secret: secret}}, k.list...)
	return Keys{list[:min(len(list), mostKeys)]}
}

// Encode writes the keys for storage; the caller encrypts the text.
func (k Keys) Encode() (string, error) {
	b, err := json.Marshal(k.list)
	return string(b), err
}

// DecodeKeys reads what Encode wrote. The error never repeats a key.
func DecodeKeys(text string) (Keys, error) {
	var list []Key
	if json.Unmarshal([]byte(text), &list) != nil || len(list) == 0 {
		return Keys{}, errors.New("keys of reply addresses cannot be read")
	}
	for _, key := range list {
		if len(key.ID) != keyIDLen || len(key.Secret) != secretSize {
			return Keys{}, errors.New("a key of reply addresses has a wrong size")
		}
	}
	return Keys{list}, nil
}

// String tells how many keys there are, never a key itself.
func (k Keys) String() string { return fmt.Sprintf("%d keys of reply addresses", len(k.list)) }

// GoString is String.
func (k Keys) GoString() string { return k.String() }

func (k Keys) find(id string) *Key {
	for i := range k.list {
		if k.list[i].ID == id {
			return &k.list[i]
		}
	}
	return nil
}

func (k *Key) mac(parts ...string) []byte {
	h := hmac.New(sha256.New, k.Secret)
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return h.Sum(nil)
}

// person is the mark of a recipient; addresses are compared in the folded form.
func (k *Key) person(address string) string {
	return letters(k.mac("recipient", strings.ToLower(address)))[:personLen]
}

// Reference is what a signed Message-ID or reply address says.
type Reference struct {
	Issue int64
	Kind  string // The letter that MessageID was given; "" in a reply address.
	key   *Key
	mark  string
}

// IsFor reports whether the mail went to address. Another sender has it at second hand: a forwarded mail, for example.
func (r Reference) IsFor(address string) bool {
	return r.key != nil && hmac.Equal([]byte(r.mark), []byte(r.key.person(address)))
}

// MessageID returns the Message-ID, without brackets, of the mail of that kind (one letter) and number of an issue to a
// recipient. The same arguments give the same Message-ID as long as the key signs.
func (k Keys) MessageID(kind string, issue, number int64, recipient, host string) string {
	if len(k.list) == 0 {
		return ""
	}
	key := &k.list[0]
	mark := key.person(recipient)
	a, b := strconv.FormatInt(issue, 36), strconv.FormatInt(number, 36)
	mac := letters(key.mac("message-id", key.ID, kind, a, b, mark)[:macOctets])
	return strings.Join([]string{kind, a, b, key.ID + mark, mac}, ".") + "@" + host
}

// ReadMessageID verifies a Message-ID, without brackets. Whatever is malformed, cut, extended or signed by an unknown key
// is no reference of ours. The host does not matter.
func (k Keys) ReadMessageID(id string) (Reference, bool) {
	r, ok := k.readMessageID(id)
	return r, ok && r.Issue > 0
}

// Signed reports whether a Message-ID, without brackets, is one of ours, be it of an issue or, with number 0, of none.
func (k Keys) Signed(id string) bool {
	_, ok := k.readMessageID(id)
	return ok
}

// SignedAs reports whether a Message-ID, without brackets, is that of a mail of ours of that kind to that recipient.
func (k Keys) SignedAs(id, kind, recipient string) bool {
	r, ok := k.readMessageID(id)
	return ok && r.Kind == kind && r.IsFor(recipient)
}

func (k Keys) readMessageID(id string) (Reference, bool) {
	local, _, ok := strings.Cut(id, "@")
	p := strings.Split(local, ".")
	if !ok || len(local) > maxLocal || len(p) != 5 || len(p[3]) != keyIDLen+personLen {
		return Reference{}, false
	}
	key, mark := k.find(p[3][:keyIDLen]), p[3][keyIDLen:]
	issue, good := number36(p[1])
	if key == nil || !good && p[1] != "0" {
		return Reference{}, false
	}
	if !hmac.Equal([]byte(p[4]), []byte(letters(key.mac("message-id", key.ID, p[0], p[1], p[2], mark)[:macOctets]))) {
		return Reference{}, false
	}
	return Reference{Issue: issue, Kind: p[0], key: key, mark: mark}, true
}

// Address returns base with a subaddress (RFC 5233) that says to which issue a reply of the recipient belongs:
// "support+token@here.example". It reports false when there is no room for it in a local part.
func (k Keys) Address(base string, issue int64, recipient string) (string, bool) {
	at := strings.LastIndexByte(base, '@')
	if len(k.list) == 0 || at < 1 || issue <= 0 {
		return base, false
	}
	key := &k.list[0]
	mark, number := key.person(recipient), strconv.FormatInt(issue, 36)
	local := base[:at] + "+" + key.ID + mark + letters(key.mac("address", key.ID, number, mark)[:macOctets]) + number
	if len(local) > maxLocal {
		return base, false
	}
	return local + base[at:], true
}

// ReadAddress verifies a reply address and returns the address without its subaddress.
func (k Keys) ReadAddress(address string) (base string, r Reference, ok bool) {
	base, tag, ok := SplitTag(address)
	tag = strings.ToLower(tag)
	if !ok || len(address)-strings.LastIndexByte(address, '@') < 2 || len(tag) <= keyIDLen+personLen+macLen {
		return base, Reference{}, false
	}
	key := k.find(tag[:keyIDLen])
	mark, mac := tag[keyIDLen:keyIDLen+personLen], tag[keyIDLen+personLen:keyIDLen+personLen+macLen]
	number := tag[keyIDLen+personLen+macLen:]
	issue, good := number36(number)
	if key == nil || !good || !hmac.Equal([]byte(mac), []byte(letters(key.mac("address", key.ID, number, mark)[:macOctets]))) {
		return base, Reference{}, false
	}
	return base, Reference{Issue: issue, key: key, mark: mark}, true
}

// SplitTag splits "local+tag@host" into "local@host" and "tag"; false when there is no tag.
func SplitTag(address string) (base, tag string, ok bool) {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return address, "", false
	}
	plus := strings.LastIndexByte(address[:at], '+')
	if plus < 1 {
		return address, "", false
	}
	return address[:plus] + address[at:], address[plus+1 : at], true
}

// number36 reads a positive number in the only form that FormatInt writes.
func number36(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 36, 64)
	return n, err == nil && n > 0 && strconv.FormatInt(n, 36) == s
}
