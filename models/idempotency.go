package models

import "time"

// IdempotencyKey is the answer to a request that may be sent again.
type IdempotencyKey struct {
	Name        []byte `gorm:"primaryKey"` // SHA-256 of person and key.
	Fingerprint []byte // SHA-256 of the request.
	Status      int    // Of the answer; 0 while the request is under way.
	Location    string
	Answer      []byte
	ExpiresAt   time.Time
}
