// Package smime checks signatures and opens encryption of S/MIME (RFC 8551) for mail that comes in, and makes both for mail
// that goes out.
//
// It is pure: octets in, a result out; no network, no files, no clock. What comes in: a signature is valid only when it fits the
// content, there is exactly one signer, its certificate leads to an accepted issuer, is meant for mail, was valid when
// the mail was signed or received, and holds the address of the sender octet for octet. What cannot be checked here is
// said to be so and is never called bad: RSA-PSS, SHA-1. Revocation
// is not looked at. Whatever the octets are, the work is linear in their number and ends.
package smime

import (
	"errors"
	"strings"
	"time"
)

// MaxContent is the largest signed content or container in octets that is looked into: it must be held in memory.
const MaxContent = 32 << 20

// Policy is what signatures and encrypted mails are judged and opened with. It may be used by any number of goroutines
// once it is filled. The zero value has no keys and trusts the issuers that the system trusts.
type Policy struct {
	Keys Keys
	// More returns further keys; it is asked when none of Keys fits. May be nil.
	More  func() *Keys
	Roots Roots
}

// Claim is what a signature is measured against.
type Claim struct {
	From     string    // The addr-spec of the only author; "" when the mail has none, or more than one.
	Received time.Time // When the mail came in; zero when that is not known.
}

// State is the result for a signature.
type State string

// The states of a signature.
const (
	Valid       State = "valid"       // Signed by Signature.Address.
	Bad         State = "bad"         // The mail is not what or from whom the signature says.
	Unknown     State = "unknown"     // It fits, and nobody we trust vouches for the signer.
	Uncheckable State = "uncheckable" // Nothing can be said.
)

// Reason says why a signature is not valid; the list is closed.
type Reason string

// The reasons, with the state that each goes with.
const (
	Content   Reason = "content"   // Bad: the content was changed.
	Signers   Reason = "signers"   // Bad: there is more than one signer.
	Partial   Reason = "partial"   // Bad: not all that is shown is signed.
	Address   Reason = "address"   // Bad: the certificate is not the sender's.
	Sender    Reason = "sender"    // Bad: the mail has no author, or more than one.
	Purpose   Reason = "purpose"   // Bad: the certificate is not meant for signing mail.
	Time      Reason = "time"      // Bad: the certificate was not valid yet, or no more.
	Chain     Reason = "chain"     // Bad: the certificate breaks the rules of its issuer.
	Issuer    Reason = "issuer"    // Unknown: the issuer is not among those that are accepted.
	Algorithm Reason = "algorithm" // Uncheckable: a method that is not supported, or too weak to say anything.
	Format    Reason = "format"    // Uncheckable: the signature cannot be read.
	Size      Reason = "size"      // Uncheckable: larger than MaxContent.
	Outside   Reason = "outside"   // Uncheckable: it covers the encrypted form only, which anybody may sign.
)

// Signature is what is known about the signature of a mail. Everything about the certificate is what the certificate
// claims, to be believed only when State is Valid.
type Signature struct {
	State       State
	Reason      Reason    // "" when State is Valid.
	Address     string    // Of the signer: the sender's when valid, else the first one in the certificate.
	Subject     string    // Distinguished name (RFC 4514).
	Issuer      string    // Distinguished name (RFC 4514).
	Serial      string    // Lower-case hex.
	NotBefore   time.Time // UTC.
	NotAfter    time.Time // UTC.
	SignedAt    time.Time // As the signer says, UTC; zero when he does not.
	Certificate []byte    // DER, to be kept for answers; only when State is Valid.
	Announced   bool      // The signer says what he can read (RFC 8551, 2.5.2); only when State is Valid.
	ReadsGCM    bool      // [GCM] is among it.
}

// Code names the result in the message catalogue.
func (s Signature) Code() string {
	switch {
	case s.State == Valid:
		return "S-SMIME-OK"
	case s.Reason == Content:
		return "S-SMIME-BAD"
	case s.Reason == Issuer:
		return "S-SMIME-UNKNOWN"
	}
	return "S-SMIME-" + strings.ToUpper(string(s.Reason))
}

// Errors of Decrypt.
var (
	ErrNoKey       = errors.New("no key for this mail")
	ErrUnsupported = errors.New("method of encryption is not supported")
	ErrBroken      = errors.New("encrypted content is broken")
)

// NotChecked is a result for a signature that was not looked at.
func NotChecked(r Reason) Signature { return Signature{State: Uncheckable, Reason: r} }

// Around is the result for a valid signature when what it covers is encrypted: anybody may sign what others encrypted.
func (s Signature) Around() Signature {
	s.State, s.Reason, s.Certificate, s.Announced, s.ReadsGCM = Uncheckable, Outside, nil, false, false
	return s
}

// Refused is a result for a signature that cannot stand for the mail, whatever it says.
func Refused(r Reason) Signature { return Signature{State: Bad, Reason: r} }
