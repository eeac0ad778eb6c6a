package mailtest

import (
	"strings"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// tokenServer is the server side of XOAUTH2.
type tokenServer struct {
	valid   func(login, token string) bool
	refused bool
}

func newTokenServer(mechanism string, valid func(login, token string) bool) sasl.Server {
	if strings.EqualFold(mechanism, sasl.OAuthBearer) {
		return sasl.NewOAuthBearerServer(func(o sasl.OAuthBearerOptions) *sasl.OAuthBearerError {
			if valid(o.Username, o.Token) {
				return nil
			}
			return &sasl.OAuthBearerError{Status: "invalid_token", Schemes: "bearer"}
		})
	}
	return &tokenServer{valid: valid}
}

// Next is part of sasl.Server.
func (t *tokenServer) Next(response []byte) (challenge []byte, done bool, err error) {
	if t.refused {
		return nil, false, smtp.ErrAuthFailed
	}
	user, token := "", ""
	for field := range strings.SplitSeq(string(response), "\x01") {
		if v, ok := strings.CutPrefix(field, "user="); ok {
			user = v
		}
		if v, ok := strings.CutPrefix(field, "auth=Bearer "); ok {
			token = v
		}
	}
	if t.valid(user, token) {
		return nil, true, nil
	}
	t.refused = true
	return []byte(`{"status":"401","schemes":"bearer","scope":"https://mail.example/"}`), false, nil
}
