package oauth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"letterbox/gateway/mailbox"
)

// Token is what an identity provider gave. It has no String and is never logged.
type Token struct {
	Access  string
	Refresh string        // "" when the old one stays valid, or there is none.
	Life    time.Duration // How long Access is valid.
	Scope   string        // What was granted, as the provider says; "" when as asked for.
	Account string        // Who signed in; "" when the provider does not say.
}

type tokenAnswer struct {
	Access  string `json:"access_token"`
	Kind    string `json:"token_type"`
	Refresh string `json:"refresh_token"`
	Life    any    `json:"expires_in"` // A number; seen in practice: a string.
	Scope   string `json:"scope"`
	ID      string `json:"id_token"`
}

func (t tokenAnswer) life() time.Duration {
	var seconds float64
	switch v := t.Life.(type) {
	case float64:
		seconds = v
	case string:
		_ = json.Unmarshal([]byte(v), &seconds) // 0 when it is no number: an hour then.
	}
	if seconds <= 0 || seconds > 30*24*3600 {
		seconds = 3600
	}
	return time.Duration(seconds) * time.Second
}

// Client fetches a token for the app alone (RFC 6749, 4.4).
func (c *Client) Client(ctx context.Context, a App) (Token, error) {
	switch strings.ToLower(a.Tenant) {
	case "common", "organizations", "consumers":
		return Token{}, noTenant()
	case "":
		if a.Provider == "microsoft" {
			return Token{}, noTenant()
		}
	}
	t, _, err := c.token(ctx, a, url.Values{"grant_type": {"client_credentials"}, "scope": {a.Scope}})
	return t, err
}

func noTenant() error {
	return &mailbox.Problem{Phase: mailbox.PhaseToken, Code: "E-OAUTH-05", Err: errors.New("client credentials without a tenant")}
}

// Refresh fetches a new token with a refresh token (RFC 6749, 6).
func (c *Client) Refresh(ctx context.Context, a App, refresh string) (Token, error) {
	t, _, err := c.token(ctx, a, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}, "scope": {a.Scope}})
	return t, err
}

// Exchange fetches the first token of a person with the code that the browser brought back (RFC 6749, 4.1.3; RFC 7636,
// 4.5). redirect must be the one of the request, nonce the one in it.
func (c *Client) Exchange(ctx context.Context, a App, code, verifier, redirect, nonce string) (Token, error) {
	t, id, err := c.token(ctx, a, url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "code_verifier": {verifier}, "redirect_uri": {redirect},
	})
	if err == nil && id.set && subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(nonce)) != 1 {
		return Token{}, &mailbox.Problem{Phase: mailbox.PhaseToken, Code: "E-OAUTH-14", Err: errors.New("identity token answers another request")}
	}
	return t, err
}

// token asks the token endpoint.
func (c *Client) token(ctx context.Context, a App, form url.Values) (Token, identity, error) {
	e, err := c.Discover(ctx, a)
	if err != nil {
		return Token{}, identity{}, err
	}
	if err := a.authenticate(form, e.Token); err != nil {
		return Token{}, identity{}, err
	}
	var answer tokenAnswer
	if err := c.post(ctx, a, e.Token, form, &answer); err != nil {
		return Token{}, identity{}, err
	}
	if answer.Access == "" || !strings.EqualFold(answer.Kind, "bearer") {
		return Token{}, identity{}, a.unreachable(errors.New("identity provider answered without a bearer token"))
	}
	id := readIdentity(answer.ID)
	if id.set && !id.fits(a, e) {
		return Token{}, id, &mailbox.Problem{Phase: mailbox.PhaseToken, Code: "E-OAUTH-14", Err: errors.New("identity token of another issuer or for another app")}
	}
	return Token{Access: answer.Access, Refresh: answer.Refresh, Life: answer.life(), Scope: answer.Scope, Account: id.account()}, id, nil
}

// authenticate adds who asks (RFC 6749, 2.3.1; RFC 7523, 2.2).
func (a App) authenticate(form url.Values, endpoint string) error {
	form.Set("client_id", a.ClientID)
	switch {
	case a.Certificate != "":
		assertion, err := a.assertion(endpoint, time.Now())
		if err != nil {
			return &mailbox.Problem{Phase: mailbox.PhaseToken, Code: "E-OAUTH-11", Args: map[string]string{"text": "certificate"}, Err: err}
		}
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		form.Set("client_assertion", assertion)
	case a.Secret != "":
		form.Set("client_secret", a.Secret)
	}
	return nil
}

// identity is what is read from an ID token. It came from the token endpoint itself over verified TLS, which takes the
// place of its signature (OpenID Connect Core, 3.1.3.7, 6).
type identity struct {
	set       bool
	Issuer    string `json:"iss"`
	Audience  any    `json:"aud"`
	Nonce     string `json:"nonce"`
	Tenant    string `json:"tid"`
	Email     string `json:"email"`
	Preferred string `json:"preferred_username"`
	UPN       string `json:"upn"`
}

func readIdentity(token string) identity {
	var id identity
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return id
	}
	data, err := base64.RawURLEncoding.DecodeString(parts[1])
	id.set = err == nil && json.Unmarshal(data, &id) == nil
	return id
}

func (id identity) fits(a App, e Endpoints) bool {
	audience := false
	switch v := id.Audience.(type) {
	case string:
		audience = v == a.ClientID
	case []any:
		for _, one := range v {
			audience = audience || one == any(a.ClientID)
		}
	}
	return audience && sameIssuer(id.Issuer, e, id.Tenant)
}

// sameIssuer compares issuers; Microsoft's for every tenant names none.
func sameIssuer(issuer string, e Endpoints, tenant string) bool {
	return issuer == e.Issuer || tenant != "" && strings.Contains(e.Issuer, "{tenantid}") && issuer == strings.ReplaceAll(e.Issuer, "{tenantid}", tenant)
}

func (id identity) account() string {
	for _, name := range []string{id.Email, id.Preferred, id.UPN} {
		if strings.Contains(name, "@") {
			return strings.ToLower(name)
		}
	}
	return ""
}

// Request is a sign-in of a person in the browser.
type Request struct {
	State, Nonce, Verifier, Redirect string
	Hint                             string // Who is expected to sign in.
}

// SignInURL returns where the browser is sent (RFC 6749, 4.1.1; RFC 7636, 4.3).
func (c *Client) SignInURL(ctx context.Context, a App, r Request) (string, error) {
	e, err := c.Discover(ctx, a)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(e.Authorization)
	if err != nil || e.Authorization == "" {
		return "", a.unreachable(errors.New("identity provider has no page to sign in"))
	}
	sum := sha256.Sum256([]byte(r.Verifier))
	q := u.Query()
	for name, value := range map[string]string{
		"response_type": "code", "client_id": a.ClientID, "redirect_uri": r.Redirect, "scope": a.Scope, "state": r.State, "nonce": r.Nonce,
		"code_challenge": base64.RawURLEncoding.EncodeToString(sum[:]), "code_challenge_method": "S256", "login_hint": r.Hint,
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if a.Provider == "google" { // Else there is no refresh token.
		q.Set("access_type", "offline")
		q.Set("prompt", "consent")
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// Answers reports whether the issuer that came back with the code is that of the app (RFC 9207); "" when none came.
func (c *Client) Answers(ctx context.Context, a App, issuer string) (bool, error) {
	e, err := c.Discover(ctx, a)
	if err != nil {
		return false, err
	}
	if issuer == "" {
		return !e.NamesItself, nil
	}
	return issuer == e.Issuer || strings.Contains(e.Issuer, "{tenantid}") && strings.HasPrefix(issuer, e.Issuer[:strings.Index(e.Issuer, "{tenantid}")]), nil
}

// Declined explains that the provider sent the browser back without a code (RFC 6749, 4.1.2.1).
func Declined(a App, code string) error {
	if code == errPending.Error() || code == errSlower.Error() { // Belong to device codes.
		code = ""
	}
	return a.problem(http.StatusBadRequest, refusal{Error: code})
}
