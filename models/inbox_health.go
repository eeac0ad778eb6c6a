package models

import "time"

// InboxAccount compares the list of an inbox' server with the ledger, as the last full listing found it.
type InboxAccount struct {
	InboxID     int64 `gorm:"primaryKey;autoIncrement:false"`
	Server      int   // Messages that the server lists and that are ours.
	Ledger      int   // Of these, those that the ledger knows.
	Unaccounted int   // The rest.
	BeforeStart int   // Messages that are not ours: older than the start of the inbox, or about to be removed.
	At          time.Time
}

// InboxEvent is a change of how an inbox is doing: it began to fail, or works again.
type InboxEvent struct {
	ID      int64
	InboxID int64
	At      time.Time
	State   InboxState
	Code    string            // Why it failed; "" when it works.
	Args    map[string]string `gorm:"serializer:json"`
}
