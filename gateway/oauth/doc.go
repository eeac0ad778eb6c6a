// Package oauth fetches access tokens from an identity provider: client credentials, authorisation code with PKCE and
// refresh (RFC 6749, RFC 7636), device code (RFC 8628), with a client secret or a certificate (RFC 7523).
//
// It keeps nothing but what it has learned of the provider's addresses. It guarantees that secrets go to addresses of the
// authority over verified TLS only, that no redirect is followed, that answers are bounded, and that what goes wrong is a
// [mailbox.Problem] with one of the codes E-OAUTH-01 to E-OAUTH-11, which never holds a secret or a token.
package oauth
