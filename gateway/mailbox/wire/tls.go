package wire

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"letterbox/gateway/mailbox"
)

var errPin = errors.New("certificate has another fingerprint")

// secure puts TLS above the connection and checks the certificate as the account asks. Nothing but the handshake is
// sent before the check.
func (c *Conn) secure(ctx context.Context, a mailbox.Account, progress func(mailbox.Step)) error {
	var shown []*x509.Certificate
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: strings.TrimSuffix(a.Host, ".")}
	switch a.Verify {
	case mailbox.VerifyCA:
		cfg.RootCAs = a.RootCAs
		if cfg.RootCAs == nil {
			cfg.RootCAs = x509.NewCertPool()
		}
	case mailbox.VerifyPinned, mailbox.VerifyOff:
		cfg.InsecureSkipVerify = true // Replaced by VerifyConnection, or switched off by the administrator.
	}
	cfg.VerifyConnection = func(cs tls.ConnectionState) error {
		shown = cs.PeerCertificates
		if a.Verify == mailbox.VerifyPinned && !strings.EqualFold(Fingerprint(shown[0]), pin(a.Fingerprint)) {
			return errPin
		}
		return nil
	}
	tc := tls.Client(c.raw, cfg)
	if err := tc.HandshakeContext(ctx); err != nil {
		if failed, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
			shown = failed.UnverifiedCertificates
		}
		return tlsProblem(ctx, a, shown, err)
	}
	c.top = tc
	if a.OnEncrypted != nil {
		a.OnEncrypted()
	}
	cs := tc.ConnectionState()
	note := certificateNote(cs.PeerCertificates)
	note["tls_version"], note["cipher"] = tls.VersionName(cs.Version), tls.CipherSuiteName(cs.CipherSuite)
	progress(mailbox.Step{Phase: mailbox.PhaseTLS, Note: note})
	return nil
}

func pin(s string) string { return strings.ToLower(strings.NewReplacer(":", "", " ", "").Replace(s)) }

// Fingerprint returns the SHA-256 of a certificate in lower-case hex.
func Fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

func certificateNote(chain []*x509.Certificate) map[string]string {
	if len(chain) == 0 {
		return map[string]string{}
	}
	leaf := chain[0]
	names := append([]string(nil), leaf.DNSNames...)
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 && leaf.Subject.CommonName != "" {
		names = append(names, leaf.Subject.CommonName)
	}
	note := map[string]string{
		"fingerprint": Fingerprint(leaf), "issuer": leaf.Issuer.String(), "subject": leaf.Subject.String(),
		"names": strings.Join(names, ", "), "not_before": leaf.NotBefore.UTC().Format(time.RFC3339),
		"not_after": leaf.NotAfter.UTC().Format(time.RFC3339),
	}
	if len(names) > 0 {
		note["name"] = names[0]
	}
	return note
}

// tlsProblem names what is wrong with a certificate; anything else that ends a handshake is E-NET-05.
func tlsProblem(ctx context.Context, a mailbox.Account, chain []*x509.Certificate, err error) error {
	p := &mailbox.Problem{Phase: mailbox.PhaseTLS, Code: "E-NET-05", Args: certificateNote(chain), Err: fmt.Errorf("TLS handshake: %w", err)}
	for k, v := range hostArgs(a) {
		p.Args[k] = v
	}
	invalid, isInvalid := errors.AsType[x509.CertificateInvalidError](err)
	_, otherName := errors.AsType[x509.HostnameError](err)
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	_, plain := errors.AsType[tls.RecordHeaderError](err)
	timeout, isNet := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, errPin):
		p.Code, p.Args["date"], p.Args["expected"] = "E-TLS-02", "", pin(a.Fingerprint)
		if !a.TrustedAt.IsZero() {
			p.Args["date"] = a.TrustedAt.UTC().Format(time.DateOnly)
		}
	case isInvalid && invalid.Reason == x509.Expired && len(chain) > 0:
		p.Code, p.Args["date"] = "E-TLS-08", chain[0].NotAfter.UTC().Format(time.DateOnly)
	case otherName:
		p.Code = "E-TLS-07"
	case unknown, isInvalid:
		p.Code = "E-TLS-01"
	case plain:
		p.Code = "E-TLS-05"
	case ctx.Err() != nil || isNet && timeout.Timeout():
		p.Code = "E-NET-03"
	default:
		p.Args["text"] = Text(a, err.Error())
	}
	return p
}

// Encrypted reports whether TLS is above the connection; how its certificate was checked is the account's choice.
func (c *Conn) Encrypted() bool { return c.top != c.raw }
