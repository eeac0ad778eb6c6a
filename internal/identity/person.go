package identity

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Cause says why a sign-in came to nothing.
type Cause string

// The causes.
const (
	Unreachable Cause = "unreachable" // No provider answers there, or not as one does.
	Declined    Cause = "declined"    // The person, or the provider, said no.
	Refused     Cause = "refused"     // The provider refuses our client, or its code.
	Unproven    Cause = "unproven"    // What came does not prove who signs in.
)

// Error is a sign-in that came to nothing. It holds no secret and no token.
type Error struct {
	Cause Cause
	Err   error
}

func (e *Error) Error() string {
	return "sign-in with the identity provider " + string(e.Cause) + ": " + e.Err.Error()
}

// Unwrap returns what the library said.
func (e *Error) Unwrap() error { return e.Err }

func fail(cause Cause, err error) error { return &Error{cause, err} }

// Answer is what the browser brings back (RFC 6749, 4.1.2; RFC 9207).
type Answer struct {
	State, Code, Issuer, Error string
}

// Person is who signed in. Issuer and Subject together name somebody for ever; addresses may move to others.
type Person struct {
	Issuer, Subject string
	Address         string // "" when there is none that is verified.
	Name            string // "" when the provider does not say.
}

// claims are what is read of an identity token or an answer of the UserInfo endpoint.
type claims struct {
	Email    string          `json:"email"`
	Verified json.RawMessage `json:"email_verified"` // A boolean; seen in practice: a string.
	Name     string          `json:"name"`
	Party    string          `json:"azp"`
}

// Finish returns who signed in. a must come from the browser that made the request r. The error is an [*Error].
func (p *Provider) Finish(ctx context.Context, r Request, a Answer) (Person, error) {
	if subtle.ConstantTimeCompare([]byte(a.State), []byte(r.State)) != 1 {
		return Person{}, fail(Unproven, errors.New("the answer belongs to another request"))
	}
	f, err := p.discover(ctx)
	if err != nil {
		return Person{}, err
	}
	if a.Issuer != "" && a.Issuer != p.settings.Issuer || a.Issuer == "" && f.NamesItself {
		return Person{}, fail(Unproven, errors.New("the answer comes from another issuer"))
	}
	if a.Error != "" || a.Code == "" {
		return Person{}, fail(Declined, errors.New(word(a.Error)))
	}
	ctx = oidc.ClientContext(ctx, p.client)
	c := p.config(f, r)
	token, err := c.Exchange(ctx, a.Code, oauth2.VerifierOption(r.Verifier))
	if said := (*oauth2.RetrieveError)(nil); errors.As(err, &said) { // Its text quotes the answer.
		status := 0
		if said.Response != nil {
			status = said.Response.StatusCode
		}
		return Person{}, fail(Refused, fmt.Errorf("token endpoint answered %d %s", status, word(said.ErrorCode)))
	}
	if err != nil {
		return Person{}, fail(Unreachable, fmt.Errorf("token endpoint: %s", short(err)))
	}
	return p.person(ctx, f, r, token)
}

// person checks the identity token (OpenID Connect Core 1.0, 3.1.3.7).
func (p *Provider) person(ctx context.Context, f *found, r Request, token *oauth2.Token) (Person, error) {
	raw, _ := token.Extra("id_token").(string)
	if raw == "" {
		return Person{}, fail(Unproven, errors.New("there is no identity token"))
	}
	id, err := f.provider.VerifierContext(ctx, &oidc.Config{ClientID: p.settings.ClientID}).Verify(ctx, raw)
	if err != nil {
		return Person{}, fail(Unproven, fmt.Errorf("identity token: %s", short(err)))
	}
	var said claims
	switch err := id.Claims(&said); {
	case err != nil:
		return Person{}, fail(Unproven, fmt.Errorf("identity token: %s", short(err)))
	case subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(r.Nonce)) != 1:
		return Person{}, fail(Unproven, errors.New("identity token answers another request"))
	case id.Subject == "" || len(id.Subject) > 255: // OpenID Connect Core 1.0, 2.
		return Person{}, fail(Unproven, errors.New("identity token names nobody"))
	case said.Party != "" && said.Party != p.settings.ClientID, len(id.Audience) > 1 && said.Party == "":
		return Person{}, fail(Unproven, errors.New("identity token is for another client"))
	case id.AccessTokenHash != "" && id.VerifyAccessToken(token.AccessToken) != nil:
		return Person{}, fail(Unproven, errors.New("identity token belongs to another access token"))
	}
	if said.Email == "" && f.UserInfo != "" {
		if said, err = p.ask(ctx, f, id.Subject, token, said); err != nil {
			return Person{}, err
		}
	}
	person := Person{Issuer: id.Issuer, Subject: id.Subject, Name: said.Name}
	if said.verified(p.settings.TrustAddress) {
		person.Address = said.Email
	}
	return person, nil
}

// ask asks the UserInfo endpoint for what the identity token does not say (OpenID Connect Core 1.0, 5.3).
func (p *Provider) ask(ctx context.Context, f *found, subject string, token *oauth2.Token, said claims) (claims, error) {
	info, err := f.provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return said, fail(Unreachable, errors.New("UserInfo endpoint does not answer"))
	}
	if info.Subject != subject { // 5.3.2: then nothing of it counts.
		return said, fail(Unproven, errors.New("UserInfo endpoint speaks of somebody else"))
	}
	more := claims{}
	if err := info.Claims(&more); err != nil {
		return said, fail(Unproven, fmt.Errorf("UserInfo endpoint: %s", short(err)))
	}
	said.Email, said.Verified = more.Email, more.Verified
	if said.Name == "" {
		said.Name = more.Name
	}
	return said, nil
}

// verified reports whether the address counts.
func (c claims) verified(trust bool) bool {
	switch strings.Trim(string(c.Verified), `"`) {
	case "true":
		return c.Email != ""
	case "", "null":
		return trust && c.Email != ""
	}
	return false
}

// word keeps an error code only when it looks like one.
func word(s string) string {
	if s == "" || len(s) > 60 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz_") != "" {
		return "unknown_error"
	}
	return s
}
