package models

import "time"

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
