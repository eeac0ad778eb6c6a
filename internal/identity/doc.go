// Package identity signs people in with an identity provider (OpenID Connect Core 1.0): authorisation code with PKCE
// (RFC 7636), state and nonce.
//
// It guarantees that nobody is named unless the provider's identity token says so: its signature is checked with the
// provider's published keys, its issuer, audience, nonce and expiry are those of this very request. An address counts
// only when the provider says that it is verified. The provider is reached over verified TLS by the dialer that is
// handed in, no redirect is followed, answers are bounded, and no error holds a secret or a token.
package identity
