package mailbox

import (
	"context"
	"crypto/x509"
	"time"
)

// Security is how a connection to a mail server is protected.
type Security string

// The kinds of connection security, from the setting "security".
const (
	SecurityAuto                Security = "auto"                  // Implicit TLS on 993, 995 and 465; STARTTLS required elsewhere.
	SecurityTLS                 Security = "tls"                   // TLS from the first octet (RFC 8314, 3).
	SecurityStartTLS            Security = "starttls"              // STARTTLS or STLS, refused when not offered.
	SecurityStartTLSIfAvailable Security = "starttls_if_available" // STARTTLS when offered, plain otherwise.
	SecurityNone                Security = "none"                  // No TLS.
)

// Verify is how a server certificate is checked.
type Verify string

// The ways to check a server certificate, from the setting "tls_verify".
const (
	VerifySystem Verify = "system" // Against the roots of the system.
	VerifyCA     Verify = "ca"     // Against the certificates in Account.RootCAs.
	VerifyPinned Verify = "pinned" // The leaf must have the SHA-256 fingerprint Account.Fingerprint.
	VerifyOff    Verify = "off"    // Not at all.
)

// Account is what a dialer needs to know to open a mailbox. It holds a password: it has no String and is never logged.
type Account struct {
	Host     string
	Port     int
	Security Security
	Verify   Verify
	RootCAs  *x509.CertPool // For VerifyCA.
	// Fingerprint is the SHA-256 of the leaf certificate in lower-case hex, for VerifyPinned.
	Fingerprint string
	TrustedAt   time.Time // When Fingerprint was trusted, for the text of E-TLS-02; zero when unknown.
	OnEncrypted func()    // Called when a connection is encrypted and its certificate verified; may be nil.
	Encrypted   bool      // A former visit was encrypted: one without encryption is refused (E-TLS-06).

	// Auth is "none" (IMAP PREAUTH or ANONYMOUS is not used: the server must let in without sign-in), "password",
	// "oauth2_client" or "oauth2_user".
	Auth     string
	Username string
	Password string
	// Token returns an access token for the two OAuth 2.0 kinds. It is asked for only when the connection is encrypted and
	// its certificate verified. Its error is a [*Problem].
	Token func(ctx context.Context) (string, error)

	Folders        []string      // IMAP folders to read, with the server's own separator or "/"; [INBOX] when empty.
	ConnectTimeout time.Duration // Bound on DNS, TCP, TLS and greeting together.
	FetchTimeout   time.Duration // Bound on one command without progress.
	MaxMessageSize int64         // In octets: what a server may send as one literal is bounded by it.

	Dial DialFunc // How TCP connections are opened; a net.Dialer when nil. The gateway passes its guarded dialer.
}

// OAuth reports whether the account signs in with an access token.
func (a Account) OAuth() bool { return a.Auth == "oauth2_client" || a.Auth == "oauth2_user" }
