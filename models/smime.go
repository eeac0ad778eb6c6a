package models

import "time"

// SMIMEKey is a certificate of ours with its private key: the newest valid one of an address signs, all of them decrypt.
type SMIMEKey struct {
	ID          int64
	Address     string // Lower case.
	Fingerprint string // SHA-256 of the certificate in lower-case hex; unique.
	Source      string // "self" (issued by ourselves) or "imported".
	Certificate []byte // DER.
	KeyEnc      string // Certificate, issuers and private key in PEM, sealed.
	NotBefore   time.Time
	NotAfter    time.Time
	CreatedAt   time.Time
}

// TableName is the name of its table.
func (SMIMEKey) TableName() string { return "smime_keys" }

// SMIMECertificate is a certificate of somebody we write to.
type SMIMECertificate struct {
	ID          int64
	Address     string // Lower case. Unique with Fingerprint.
	Fingerprint string // SHA-256 in lower-case hex.
	Source      string // "mail" (came with a signed mail) or "imported".
	Certificate []byte // DER.
	Issuer      string
	NotBefore   time.Time
	NotAfter    time.Time
	FirstSeenAt time.Time
	RevokedAt   *time.Time // A person has said that it is not to be used.
	ReadsGCM    bool       // Its owner says to read AES-256-GCM.
	AnnouncedAt *time.Time // When a signed mail said whether or not; nil: none has, and ReadsGCM is what the certificate says.
}

// TableName is the name of its table.
func (SMIMECertificate) TableName() string { return "smime_certificates" }
