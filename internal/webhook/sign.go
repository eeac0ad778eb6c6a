package webhook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// secretPrefix tells a secret from other text (Standard Webhooks 1.0, "Signature scheme").
const secretPrefix = "whsec_"

// newSecret makes a secret of 32 random octets.
func newSecret() string {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // It never fails.
	return secretPrefix + base64.StdEncoding.EncodeToString(key)
}

// sign returns the value of webhook-signature for one secret: "v1," and HMAC-SHA256 of "id.timestamp.body".
func sign(secret, id string, at time.Time, body string) (string, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, secretPrefix))
	if err != nil {
		return "", fmt.Errorf("read the secret: %w", err)
	}
	h := hmac.New(sha256.New, key)
	h.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "." + body))
	return "v1," + base64.StdEncoding.EncodeToString(h.Sum(nil)), nil
}
