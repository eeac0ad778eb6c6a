package models

import (
	"strconv"
	"time"
)

// SignInStep is a sign-in that is half done. Only the hash of its token is kept.
type SignInStep struct {
	TokenHash []byte `gorm:"primaryKey"`
	Kind      string // "code": the second factor is missing; "oidc": an identity provider is asked.
	UserID    *int64
	Data      string // What the step needs to go on.
	ExpiresAt time.Time
}

// SecondFactor is the secret of time-based codes of a user (RFC 6238).
type SecondFactor struct {
	UserID      int64 `gorm:"primaryKey"`
	SecretEnc   string
	LastStep    int64 // The time step of the last code that was taken: none is taken twice.
	CreatedAt   time.Time
	ConfirmedAt *time.Time // Nil until a first code has shown that it works.
}

// Identity is who a user is at an identity provider.
type Identity struct {
	Name      []byte `gorm:"primaryKey"` // SHA-256 of issuer and subject.
	UserID    int64
	Issuer    string
	CreatedAt time.Time
}

// PasswordLink is a link by which somebody chooses a password without signing in. Only the hash of its token is kept, and the
// token itself, sealed, for as long as the mail with it has not gone out.
type PasswordLink struct {
	ID        int64
	UserID    int64
	Kind      PasswordLinkKind
	TokenHash []byte
	TokenEnc  string // Sealed for [PasswordLinkPlace]; "" when no mail needs it.
	CreatedBy *int64 // Nil: the person asked for it without signing in.
	CreatedAt time.Time
	ExpiresAt time.Time
}

// PasswordLinkKind is what a [PasswordLink] is for.
type PasswordLinkKind string

// The kinds of links.
const (
	InviteLink PasswordLinkKind = "invite" // An admin has invited the person.
	ResetLink  PasswordLinkKind = "reset"  // The person has forgotten its password.
)

// PasswordLinkPlace is where the token of a link is sealed for.
func PasswordLinkPlace(id int64) string {
	return "password_links|" + strconv.FormatInt(id, 10) + "|token"
}
