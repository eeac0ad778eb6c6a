package models

import "time"

// Inbox is a configured mailbox. Connection and treatment stand in Settings, what is let in stands in rule versions.
type Inbox struct {
	ID          int64
	Name        string
	Address     string // Own address, lower case.
	ProjectID   int64  // Where new issues go; for a global inbox its default project.
	Global      bool   // Belongs to no project: only admins see it, and it may feed any.
	Enabled     bool
	Settings    InboxSettings `gorm:"serializer:json"`
	PasswordEnc string        // Encrypted (package secret); "" when none is set.
	RuleVersion int64         // The version in force.
	PollsAsked  int64         // Grows each time somebody asks for a visit now; whichever process visits the inbox sees it.
	Version     int64         // Grows with each change; two people who edit at once are told.
	CreatedAt   time.Time
	UpdatedAt   time.Time
	// StartedAt is when the inbox first connected; with import_since "from_now" older mail is left alone.
	StartedAt *time.Time
}

// InboxSettings are how an inbox connects and what it does with mail on the server. Durations are nanoseconds in JSON
// here; the API writes them as "90s".
type InboxSettings struct {
	Receive     string `json:"receive"` // "none", "imap", "pop3" or "push" (only through receive and the API).
	Host        string `json:"host"`
	Port        int    `json:"port"`
	Security    string `json:"security"`   // auto, tls, starttls, starttls_if_available, none.
	TLSVerify   string `json:"tls_verify"` // system, ca, pinned, off.
	CAPEM       string `json:"ca_pem"`     // Certificates for "ca".
	Fingerprint string `json:"fingerprint"`
	// TrustedAt is when the fingerprint was set.
	TrustedAt *time.Time `json:"trusted_at,omitempty"`
	Auth      string     `json:"auth"` // none, password, oauth2_client (the app alone), oauth2_user (somebody has signed in).
	Username  string     `json:"username"`
	// OAuth counts when Auth is oauth2_client or oauth2_user.
	OAuth OAuthSettings `json:"oauth,omitzero"`

	// Aliases are further addresses whose mail reaches the inbox, lower case: they are ours as Address is.
	Aliases []string `json:"aliases,omitempty"`

	Folders     []string `json:"folders"`
	Select      string   `json:"select"`       // new_uid, unseen, all.
	ImportSince string   `json:"import_since"` // from_now, all, archive or a date (2026-11-21).

	After          string        `json:"after"` // leave, seen, delete, move.
	MoveTo         string        `json:"move_to"`
	MoveRejectedTo string        `json:"move_rejected_to"` // "": as MoveTo.
	MoveFailedTo   string        `json:"move_failed_to"`   // "": left where it is.
	POP3After      string        `json:"pop3_after"`       // keep, delete, delete_after_days.
	POP3DeleteDays int           `json:"pop3_delete_days"`
	PollInterval   time.Duration `json:"poll_interval"`
	Idle           bool          `json:"idle"`
	BatchSize      int           `json:"batch_size"`
	ConnectTimeout time.Duration `json:"connect_timeout"`
	FetchTimeout   time.Duration `json:"fetch_timeout"`
	MaxMessageSize int64         `json:"max_message_size"`
	RetentionDays  int           `json:"retention_days"`
	// HideInMessages leaves its mail out of the list of mails in both directions; the inbound log has it all the same.
	HideInMessages bool `json:"hide_in_messages,omitempty"`
	// ReprocessUnread has a message that we marked as read processed again when a person marks it as unread on the server.
	ReprocessUnread bool `json:"reprocess_unread,omitempty"`
}

// DefaultInboxSettings returns what a new inbox starts with (seed-independent defaults of the inbox model).
func DefaultInboxSettings() InboxSettings {
	return InboxSettings{
		Receive: "imap", Security: "auto", TLSVerify: "system", Auth: "password", Folders: []string{"INBOX"},
		Select: "new_uid", ImportSince: "from_now", After: "seen", POP3After: "keep", POP3DeleteDays: 14,
		PollInterval: time.Minute, Idle: true, BatchSize: 50, ConnectTimeout: 10 * time.Second,
		FetchTimeout: 2 * time.Minute, MaxMessageSize: 25 << 20, RetentionDays: 30,
	}
}

// DefaultRules returns the rules that a new inbox starts with: known people may open issues and comment.
func DefaultRules() Rules {
	return Rules{
		AllowCreate: true, AllowComment: true, DomainMode: "list",
		NumberMatch: "participants", ClosedIssues: "reopen", AutoMail: "ignore",
		EmptySubject: "placeholder", Process: "process", SpamMail: "accept",
		SenderCheck: "warn", SenderFailed: "unknown", RejectNotice: "off", AttachToActive: "off",
	}
}

// RuleVersion is one immutable version of the rules of an inbox.
type RuleVersion struct {
	InboxID   int64 `gorm:"primaryKey"`
	Version   int64 `gorm:"primaryKey;autoIncrement:false"`
	Rules     Rules `gorm:"serializer:json"`
	CreatedBy *int64
	CreatedAt time.Time
}

// InboxState is how an inbox is doing, for people.
type InboxState string

// The states of an inbox.
const (
	InboxPaused     InboxState = "paused"     // Switched off.
	InboxConnecting InboxState = "connecting" // First visit under way.
	InboxActive     InboxState = "active"     // The last visit went well.
	InboxFailing    InboxState = "failing"    // The last visit failed; it is tried again.
	InboxRefused    InboxState = "refused"    // Sign-in refused: tried again rarely, somebody must act.
)

// InboxStatus is what the last visits to an inbox found. It is written when something changed, not at each poll.
type InboxStatus struct {
	InboxID       int64 `gorm:"primaryKey;autoIncrement:false"`
	State         InboxState
	Since         time.Time
	Phase         string            // Of the failure: "dns", "connect", "tls", "signin", "folders", ...
	Code          string            // "E-AUTH-01"; "" when fine.
	Args          map[string]string `gorm:"serializer:json"`
	Failures      int               // Visits that failed in a row.
	EncryptedWith string            // HOST:PORT with which a visit was encrypted: one without encryption is refused there from then on.
	LastPollAt    *time.Time        // The last visit that changed something here.
	LastSuccessAt *time.Time
	LastMailAt    *time.Time
	NextPollAt    *time.Time
}

// FolderMark says from where on the messages of a folder belong to us.
type FolderMark struct {
	InboxID     int64  `gorm:"primaryKey"`
	Folder      string `gorm:"primaryKey"` // "" for POP3.
	UIDValidity uint32 `gorm:"primaryKey;column:uidvalidity;autoIncrement:false"`
	// FirstUID is the first IMAP UID that is ours; older ones are left alone. 0: all are ours.
	FirstUID  uint32 `gorm:"column:first_uid"`
	CreatedAt time.Time
}
