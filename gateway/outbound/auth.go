package outbound

import (
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // CRAM-MD5 (RFC 2195) is made of it.
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // SCRAM-SHA-1 (RFC 5802) is made of it.
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strconv"
	"strings"

	"github.com/emersion/go-sasl"
)

var (
	errNoMechanism = errors.New("server offers no way to sign in that we have")
	errPlainOnly   = errors.New("server wants the password in clear on an unencrypted connection")
	errScram       = errors.New("server broke the SCRAM exchange, or does not know the password itself")
)

// maxIterations bounds the work that a server can ask for in SCRAM.
const maxIterations = 1 << 20

// mechanism chooses how to sign in from what the server offers. Where the connection is encrypted, what keeps the
// password from the server comes first. In clear, a password is sent as such only when the administrator has chosen
// that connection (open).
func mechanism(offered []string, user, password string, encrypted, open bool) (sasl.Client, error) {
	has := func(name string) bool {
		return slices.ContainsFunc(offered, func(o string) bool { return strings.EqualFold(o, name) })
	}
	switch {
	case has("SCRAM-SHA-256"):
		return &scram{name: "SCRAM-SHA-256", hash: sha256.New, user: user, password: password}, nil
	case has("SCRAM-SHA-1"):
		return &scram{name: "SCRAM-SHA-1", hash: sha1.New, user: user, password: password}, nil
	case has("CRAM-MD5") && !encrypted:
		return &cram{user: user, password: password}, nil
	case !encrypted && !open && (has("PLAIN") || has("LOGIN")):
		return nil, errPlainOnly
	case has("PLAIN"):
		return sasl.NewPlainClient("", user, password), nil
	case has("LOGIN"):
		return sasl.NewLoginClient(user, password), nil
	case has("CRAM-MD5"):
		return &cram{user: user, password: password}, nil
	}
	return nil, errNoMechanism
}

// cram is CRAM-MD5 (RFC 2195).
type cram struct{ user, password string }

// Start is part of sasl.Client.
func (c *cram) Start() (string, []byte, error) { return "CRAM-MD5", nil, nil }

// Next is part of sasl.Client.
func (c *cram) Next(challenge []byte) ([]byte, error) {
	h := hmac.New(md5.New, []byte(c.password))
	h.Write(challenge)
	return []byte(c.user + " " + hex.EncodeToString(h.Sum(nil))), nil
}

// scram is SCRAM without channel binding (RFC 5802, RFC 7677).
type scram struct {
	name           string
	hash           func() hash.Hash
	user, password string
	nonce, first   string
	proof          []byte // What the server must answer in the end.
	step           int
}

// Start is part of sasl.Client.
func (s *scram) Start() (string, []byte, error) {
	if s.nonce == "" {
		s.nonce = rand.Text()
	}
	s.first = "n=" + strings.NewReplacer("=", "=3D", ",", "=2C").Replace(s.user) + ",r=" + s.nonce
	return s.name, []byte("n,," + s.first), nil
}

// Next is part of sasl.Client.
func (s *scram) Next(challenge []byte) ([]byte, error) {
	s.step++
	switch s.step {
	case 1:
		return s.answer(string(challenge))
	case 2:
		v, ok := strings.CutPrefix(string(challenge), "v=")
		got, err := base64.StdEncoding.DecodeString(v)
		if !ok || err != nil || !hmac.Equal(got, s.proof) {
			return nil, errScram
		}
		return []byte{}, nil
	}
	return nil, errScram
}

// answer proves the password to the server's first message.
func (s *scram) answer(message string) ([]byte, error) {
	fields := map[byte]string{}
	for part := range strings.SplitSeq(message, ",") {
		if len(part) >= 2 && part[1] == '=' {
			fields[part[0]] = part[2:]
		}
	}
	salt, err := base64.StdEncoding.DecodeString(fields['s'])
	rounds, rerr := strconv.Atoi(fields['i'])
	if err != nil || rerr != nil || rounds < 1 || rounds > maxIterations || !strings.HasPrefix(fields['r'], s.nonce) || len(fields['r']) == len(s.nonce) {
		return nil, errScram
	}
	salted, err := pbkdf2.Key(s.hash, s.password, salt, rounds, s.hash().Size())
	if err != nil {
		return nil, fmt.Errorf("derive the key: %w", err)
	}
	last := "c=biws,r=" + fields['r']
	signed := s.first + "," + message + "," + last
	client := s.mac(salted, "Client Key")
	h := s.hash()
	h.Write(client)
	signature := s.mac(h.Sum(nil), signed)
	for i := range client {
		client[i] ^= signature[i]
	}
	s.proof = s.mac(s.mac(salted, "Server Key"), signed)
	return []byte(last + ",p=" + base64.StdEncoding.EncodeToString(client)), nil
}

func (s *scram) mac(key []byte, text string) []byte {
	h := hmac.New(s.hash, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
