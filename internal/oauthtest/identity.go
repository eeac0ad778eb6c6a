package oauthtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"
)

// keyID names the key that signs identity tokens.
const keyID = "key-1"

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// keys publishes the key of identity tokens (RFC 7517).
func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	p.Lock()
	defer p.Unlock()
	point, err := p.key.PublicKey.Bytes()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answer(w, http.StatusOK, map[string]any{"keys": []map[string]any{{
		"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": keyID, "x": encode(point[1:33]), "y": encode(point[33:]),
	}}})
}

func (p *Provider) signOut(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(`<!doctype html><title>Signed out</title><p id="gone">You are signed out.</p>`))
}

// identity writes the identity token of a person (OpenID Connect Core 1.0, 2), with what Claims changes in it.
func (p *Provider) identity(user, nonce string) string {
	at := time.Now()
	claims := map[string]any{
		"iss": p.issuer(), "aud": p.ClientID, "nonce": nonce, "sub": "subject of " + user, "email": user, "email_verified": true,
		"iat": at.Unix(), "exp": at.Add(time.Hour).Unix(),
	}
	if p.Claims != nil {
		p.Claims(claims)
	}
	head := map[string]any{"alg": "ES256", "typ": "JWT", "kid": keyID}
	if p.Unsigned {
		head = map[string]any{"alg": "none"}
	}
	h, _ := json.Marshal(head)
	c, _ := json.Marshal(claims)
	text := encode(h) + "." + encode(c)
	if p.Unsigned {
		return text + "."
	}
	key := p.key
	if p.Forged {
		key, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	sum := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		return ""
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return text + "." + encode(signature)
}
