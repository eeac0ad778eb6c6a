package models

import "time"

// Retention says for how long what is no issue is kept. How long the octets of mails are kept is a setting of each inbox.
type Retention struct {
	Enabled   bool `json:"enabled"`    // Without it everything is kept for good.
	TraceDays int  `json:"trace_days"` // The stories of messages; 0: for good.
	LogDays   int  `json:"log_days"`   // Who wrote and about what, in the inbound log; 0: for good. What a message became stays.
	GoneDays  int  `json:"gone_days"`  // Octets of mails whose inbox was deleted; 0: for good.
}

// RetentionPart is what retention has to do in one inbox.
type RetentionPart struct {
	InboxID  int64      `json:"inbox_id"`
	Name     string     `json:"name"`     // "" when the inbox was deleted.
	Days     int        `json:"days"`     // Of its setting.
	Messages int        `json:"messages"` // Whose octets go.
	Octets   int64      `json:"octets"`
	Held     int        `json:"held"`    // Past their days, and kept by a legal hold.
	Waiting  int        `json:"waiting"` // Past their days, and waiting for a person or for the server.
	Oldest   *time.Time `json:"oldest"`  // Of those that go.
}

// RetentionReport is what a run has removed, or would remove.
type RetentionReport struct {
	At      time.Time       `json:"at"`
	Inboxes []RetentionPart `json:"inboxes"`
	Traces  int             `json:"traces"`
	Lines   int             `json:"lines"`  // Of the inbound log that lost sender and subject.
	Events  int             `json:"events"` // Of the health of inboxes.
}

// Messages is how many messages lose their octets, in all inboxes.
func (r RetentionReport) Messages() (n int) {
	for _, p := range r.Inboxes {
		n += p.Messages
	}
	return n
}

// Octets is how many octets these have.
func (r RetentionReport) Octets() (n int64) {
	for _, p := range r.Inboxes {
		n += p.Octets
	}
	return n
}

// Nothing reports whether nothing is removed.
func (r RetentionReport) Nothing() bool {
	return r.Messages() == 0 && r.Traces == 0 && r.Lines == 0 && r.Events == 0
}

// RetentionState is where retention is.
type RetentionState struct {
	LastRun time.Time       `json:"last_run"` // By the clock of the database; also when there was nothing to do.
	Stopped string          `json:"stopped"`  // Code of why nothing is removed; "": nothing stands in the way.
	Since   time.Time       `json:"since"`    // Of Stopped.
	Report  RetentionReport `json:"report"`   // Of the last run that has removed something.
}

// HoldKind is what a legal hold is about.
type HoldKind string

// The kinds of holds.
const (
	HoldIssue   HoldKind = "issue"   // The mails of an issue.
	HoldContact HoldKind = "contact" // The mails of a person, and those of the issues that it has reported.
	HoldInbox   HoldKind = "inbox"   // All mails of an inbox.
)

// Hold keeps mails from retention and from the erasure of a contact, until it is released.
type Hold struct {
	Kind      HoldKind `gorm:"primaryKey"`
	ObjectID  int64    `gorm:"primaryKey;autoIncrement:false"` // Number of the issue, or ID of the contact or inbox.
	Reason    string
	UserID    *int64 // Who has set it; nil: the command line.
	CreatedAt time.Time
}
