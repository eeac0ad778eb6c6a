package oauth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // x5t is defined with it; it only names the certificate.
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// assertion is a JWT that proves that we have the private key of the app (RFC 7523, 3; OpenID Connect Core, 9).
func (a App) assertion(audience string, at time.Time) (string, error) {
	pair, err := tls.X509KeyPair([]byte(a.Certificate), []byte(a.Certificate))
	if err != nil {
		return "", fmt.Errorf("certificate of the app: %w", err)
	}
	first, second := sha1.Sum(pair.Certificate[0]), sha256.Sum256(pair.Certificate[0])
	header := map[string]string{
		"typ": "JWT", "x5t": base64.RawURLEncoding.EncodeToString(first[:]), "x5t#S256": base64.RawURLEncoding.EncodeToString(second[:]),
	}
	switch pair.PrivateKey.(type) {
	case *rsa.PrivateKey:
		header["alg"] = "RS256"
		if a.Provider == "microsoft" {
			header["alg"] = "PS256"
		}
	case *ecdsa.PrivateKey:
		header["alg"] = "ES256"
	default:
		return "", errors.New("key of the app is neither RSA nor ECDSA")
	}
	claims := map[string]any{
		"iss": a.ClientID, "sub": a.ClientID, "aud": audience, "jti": rand.Text(),
		"nbf": at.Add(-time.Minute).Unix(), "iat": at.Unix(), "exp": at.Add(5 * time.Minute).Unix(),
	}
	h, err := json.Marshal(header)
	if err != nil {
		return "", err
	}
	p, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	text := base64.RawURLEncoding.EncodeToString(h) + "." + base64.RawURLEncoding.EncodeToString(p)
	digest := sha256.Sum256([]byte(text))
	signature, err := sign(pair.PrivateKey, header["alg"], digest[:])
	if err != nil {
		return "", fmt.Errorf("sign with the key of the app: %w", err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

func sign(key crypto.PrivateKey, alg string, digest []byte) ([]byte, error) {
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if alg == "PS256" {
			return rsa.SignPSS(rand.Reader, k, crypto.SHA256, digest, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		}
		return rsa.SignPKCS1v15(rand.Reader, k, crypto.SHA256, digest)
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, k, digest)
		if err != nil {
			return nil, err
		}
		out := make([]byte, 64) // RFC 7518, 3.4.
		if k.Params().BitSize != 256 {
			return nil, errors.New("only the curve P-256 is supported")
		}
		r.FillBytes(out[:32])
		s.FillBytes(out[32:])
		return out, nil
	}
	return nil, errors.New("unknown kind of key")
}
