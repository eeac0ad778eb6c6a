package outbound

import (
	"crypto/hmac"
	"strconv"
	"strings"
)

// Unsubscription says whose mails of which kind end with a click (RFC 8058).
type Unsubscription struct {
	User   int64
	Issue  int64  // 0: mails about several issues.
	Reason string // Why the person is told, "watching"; small letters only.
}

// UnsubscribeToken signs an unsubscription. Whoever has the mail has the token; it can do nothing else.
func (k Keys) UnsubscribeToken(u Unsubscription) string {
	if len(k.list) == 0 {
		return ""
	}
	key := &k.list[0]
	a, b := strconv.FormatInt(u.User, 36), strconv.FormatInt(u.Issue, 36)
	mac := letters(key.mac("unsubscribe", key.ID, a, b, u.Reason)[:macOctets])
	return strings.Join([]string{key.ID, a, b, u.Reason, mac}, "-")
}

// ReadUnsubscribeToken verifies a token.
func (k Keys) ReadUnsubscribeToken(token string) (Unsubscription, bool) {
	p := strings.Split(token, "-")
	if len(token) > 200 || len(p) != 5 {
		return Unsubscription{}, false
	}
	key := k.find(p[0])
	user, good := number36(p[1])
	if key == nil || !good || !hmac.Equal([]byte(p[4]), []byte(letters(key.mac("unsubscribe", key.ID, p[1], p[2], p[3])[:macOctets]))) {
		return Unsubscription{}, false
	}
	issue, _ := number36(p[2]) // "0" is none.
	return Unsubscription{User: user, Issue: issue, Reason: p[3]}, true
}
