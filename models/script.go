package models

import "time"

// Script is JavaScript that decides on the mails of an inbox that were let in: its own, or a shared one. It is part of the
// rules and versioned with them. Its zero value decides nothing.
type Script struct {
	Source    string `json:"source,omitempty"`
	Uses      string `json:"uses,omitempty"`       // Name of the shared script that is run instead; Source is "" then.
	OnFailure string `json:"on_failure,omitempty"` // When it fails or takes too long, the mail is "set_aside", or it may "go_on" without; "": set_aside.
}

// Empty reports whether there is no script.
func (s Script) Empty() bool { return s.Source == "" && s.Uses == "" }

// SharedScript is one version of a script that admins write once, and that inboxes and flow rules run by its name.
type SharedScript struct {
	ID        int64
	Name      string // It never changes, for rules name it; no two are the same but for case.
	Folded    string // The name as it is compared.
	Version   int64  // Of what follows. From 1.
	Source    string
	OnFailure string    // For flow rules: when it fails, the mail is "set_aside", or it may "go_on" without.
	Everyone  bool      // Flow rules of all who configure inboxes may name it; otherwise those of admins.
	Action    string    // What has made the version, as the audit log says: "shared_script.import"; "" where that is not known any more.
	CreatedBy *int64    // Who has made the version; nil: a command.
	CreatedAt time.Time // Of the version.
}

// InboxRules are the rules in force of an inbox.
type InboxRules struct {
	InboxID int64
	Name    string
	Rules   Rules `gorm:"serializer:json"`
}
