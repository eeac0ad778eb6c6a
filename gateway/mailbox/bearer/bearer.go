// Package bearer signs in at mail servers with an access token: SASL mechanisms OAUTHBEARER (RFC 7628) and XOAUTH2, which
// Microsoft and Google use. What differs between IMAP, POP3 and SMTP stays with those packages.
//
// It guarantees that no token is asked for, let alone sent, before the connection is encrypted and its certificate
// verified, and that a refusal tells what the server said and never the token.
package bearer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"letterbox/gateway/mailbox"
)

// Token fetches the access token of an account. protected says that the connection is encrypted. progress is told of the
// phase and may be nil. What goes wrong is a [*mailbox.Problem].
func Token(ctx context.Context, a mailbox.Account, protected bool, progress func(mailbox.Step)) (string, error) {
	if !protected || a.Verify == mailbox.VerifyOff {
		return "", &mailbox.Problem{Phase: mailbox.PhaseToken, Code: "E-AUTH-06", Err: errors.New("an access token needs an encrypted connection with a verified certificate")}
	}
	if a.Token == nil {
		return "", &mailbox.Problem{Phase: mailbox.PhaseToken, Code: "E-OAUTH-08", Err: errors.New("account has no source of tokens")}
	}
	token, err := a.Token(ctx)
	if err != nil {
		return "", err
	}
	if token == "" || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return "", &mailbox.Problem{Phase: mailbox.PhaseToken, Code: "E-OAUTH-01", Args: map[string]string{"authority": a.Host}, Err: errors.New("access token has characters that none may have (RFC 6750, 2.1)")}
	}
	if progress != nil {
		progress(mailbox.Step{Phase: mailbox.PhaseToken, Note: map[string]string{}})
	}
	return token, nil
}

// Refused is what a server answers to a token that it does not take.
type Refused struct {
	Status string // "401", "invalid_token".
	Scope  string
}

func (r *Refused) Error() string { return "server did not take the access token: status " + r.Status }

// Client is one exchange. It is a sasl.Client.
type Client struct {
	name    string
	initial string
	refused *Refused
}

// New returns an exchange with what the server offers, the standard mechanism first; nil when it offers none of the two.
// user names the mailbox.
func New(offers func(mechanism string) bool, a mailbox.Account, token string) *Client {
	switch {
	case offers("OAUTHBEARER"):
		name := strings.NewReplacer("=", "=3D", ",", "=2C").Replace(a.Username)
		return &Client{name: "OAUTHBEARER", initial: "n,a=" + name + ",\x01host=" + a.Host + "\x01port=" + strconv.Itoa(a.Port) + "\x01auth=Bearer " + token + "\x01\x01"}
	case offers("XOAUTH2"):
		return &Client{name: "XOAUTH2", initial: "user=" + a.Username + "\x01auth=Bearer " + token + "\x01\x01"}
	}
	return nil
}

// Start is part of sasl.Client.
func (c *Client) Start() (mechanism string, initial []byte, err error) {
	return c.name, []byte(c.initial), nil
}

// Next is part of sasl.Client. Any challenge is a refusal: the error tells it, and the exchange is over.
func (c *Client) Next(challenge []byte) ([]byte, error) {
	var said struct {
		Status any    `json:"status"`
		Scope  string `json:"scope"`
	}
	c.refused = &Refused{Status: "?"}
	if json.Unmarshal(challenge, &said) == nil {
		c.refused.Scope = said.Scope
		if said.Status != nil {
			c.refused.Status = fmt.Sprint(said.Status)
		}
	}
	return nil, c.refused
}

// Problem explains a refused token: text is what the server said besides, "" when nothing. An app that has a token and is
// not let in lacks a right in the mailbox; of a person the server does not say what is missing.
func Problem(a mailbox.Account, text string, cause error) *mailbox.Problem {
	if refused, ok := errors.AsType[*Refused](cause); ok && text == "" {
		text = "status " + refused.Status
	}
	p := &mailbox.Problem{
		Phase: mailbox.PhaseSignIn, Code: "E-OAUTH-09", Err: cause,
		Args: map[string]string{"address": a.Username, "host": a.Host, "text": text, "provider": a.Host},
	}
	if a.Auth == "oauth2_client" {
		p.Code = "E-OAUTH-06"
	}
	return p
}

// NotOffered says that the server has no mechanism for tokens; offered is what it has.
func NotOffered(a mailbox.Account, offered string) *mailbox.Problem {
	return &mailbox.Problem{
		Phase: mailbox.PhaseSignIn, Code: "E-OAUTH-10", Args: map[string]string{"host": a.Host, "list": offered},
		Err: errors.New("server offers neither OAUTHBEARER nor XOAUTH2"),
	}
}
