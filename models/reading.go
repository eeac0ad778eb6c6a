package models

import "time"

// Reading says whether mail is read at all: the one switch above those of the inboxes.
type Reading struct {
	Off    bool      `json:"off"`
	Since  time.Time `json:"since"`   // When it was switched off; zero while mail is read.
	UserID int64     `json:"user_id"` // Who did so; 0 for a command line.
	Reason string    `json:"reason"`  // In the words of whoever did; at most 200 characters.
}

// SettingNoReading is the name of the setting that holds a [Reading] while it is off, and nothing while mail is read.
const SettingNoReading = "reading.off"
