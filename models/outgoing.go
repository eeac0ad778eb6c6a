package models

import "time"

// SendingAccount is an SMTP server with the address that answers come from. Its place says for what it is used: the
// nearest one counts, that of the inbox before that of its project before the default one.
type SendingAccount struct {
	ID          int64
	Place       string          // "default", "project:3" or "inbox:5". Unique.
	Address     string          // From; lower case.
	Name        string          // Display name of From; may be "".
	Settings    SendingSettings `gorm:"serializer:json"`
	PasswordEnc string          // Encrypted (package secret); "" when none is set.
	Version     int64           // Grows with each change; two people who edit at once are told.
	CreatedAt   time.Time
	UpdatedAt   time.Time

	// How sending is doing. It is written when something changed.
	Failures      int        // Connections in a row that came to nothing.
	TroubleCode   string     // Of the message catalogue; "" when fine.
	TroubleArgs   string     // Placeholders of its sentence, JSON.
	TroubleAt     *time.Time // Since when.
	NextTryAt     *time.Time // Not before; nil: at once.
	EncryptedWith string     // HOST:PORT that was encrypted once: it is refused without encryption.
}

// SendingSettings are how a sending account connects and what its mails look like.
type SendingSettings struct {
	Host        string     `json:"host"`
	Port        int        `json:"port"`
	Security    string     `json:"security"`   // auto, tls, starttls, starttls_if_available, none.
	TLSVerify   string     `json:"tls_verify"` // system, ca, pinned, off.
	CAPEM       string     `json:"ca_pem"`
	Fingerprint string     `json:"fingerprint"`
	TrustedAt   *time.Time `json:"trusted_at,omitempty"`
	Auth        string     `json:"auth"` // none, password, oauth2_client, oauth2_user.
	Username    string     `json:"username"`
	// OAuth counts when Auth is oauth2_client or oauth2_user.
	OAuth OAuthSettings `json:"oauth,omitzero"`

	ReplyTo      string `json:"reply_to"`      // Where replies go; "": the inbox that the issue came by, or Address.
	Tagged       bool   `json:"tagged"`        // Replies go to "base+token@": the server delivers subaddresses (RFC 5233).
	Signature    string `json:"signature"`     // Below each answer; plain text.
	Language     string `json:"language"`      // Of texts for people whose language nobody knows: "de" or "en".
	SMIMESign    bool   `json:"smime_sign"`    // Mails are signed (S/MIME).
	SMIMEEncrypt string `json:"smime_encrypt"` // off (or ""), if_possible, required.
	PerMinute    int    `json:"per_minute"`    // Most messages a minute over all processes; 0: no limit.
}

// DefaultSendingSettings returns what a new sending account starts with.
func DefaultSendingSettings() SendingSettings {
	return SendingSettings{Port: 0, Security: "auto", TLSVerify: "system", Auth: "password", Language: "de"}
}

// OutgoingKind is what an outgoing mail is for.
type OutgoingKind string

// The kinds of outgoing mail.
const (
	OutgoingAcknowledgement OutgoingKind = "ack"     // A new issue has its number.
	OutgoingRefusal         OutgoingKind = "refusal" // A mail was not taken in.
	OutgoingAnswer          OutgoingKind = "answer"  // A person answers a customer.
	OutgoingNotice          OutgoingKind = "notice"  // A member is told of news.
	OutgoingForward         OutgoingKind = "forward" // A flow rule sends a mail on.
	OutgoingAlarm           OutgoingKind = "alarm"   // An admin is told of what needs somebody.
	OutgoingAccess          OutgoingKind = "access"  // A person gets a link to choose a password.
)

// Replies reports whether a mail calls the mail forth and nobody writes it: such mail has the null sender (RFC 3834, 3.3).
func (k OutgoingKind) Replies() bool { return k == OutgoingAcknowledgement || k == OutgoingRefusal }

// Automatic reports whether no person wrote the mail.
func (k OutgoingKind) Automatic() bool { return k != OutgoingAnswer }

// OutgoingState is what has become of an outgoing mail.
type OutgoingState string

// The states of an outgoing mail.
const (
	OutgoingDraft     OutgoingState = "draft"    // Held: something is missing to send it.
	OutgoingQueued    OutgoingState = "queued"   // Waiting for its turn or for the next attempt.
	OutgoingAccepted  OutgoingState = "accepted" // The server took it over; more nobody can know.
	OutgoingFailed    OutgoingState = "failed"   // Given up, with the server's words.
	OutgoingBounced   OutgoingState = "bounced"  // Taken over and come back.
	OutgoingCancelled OutgoingState = "cancelled"
)

// Outgoing is one mail to one recipient in the outbox.
type Outgoing struct {
	ID            int64
	Kind          OutgoingKind
	AccountID     int64
	InboxID       *int64 // The inbox that the issue came by; nil when none.
	IssueNumber   int64
	CommentID     *int64 // The answer.
	MessageID     *int64 // The ledger row that called it forth.
	Recipient     string // Lower case.
	RecipientName string
	RFCMessageID  string `gorm:"column:rfc_message_id"` // Ours, without brackets; the same for every attempt. Unique.
	Language      string
	Content       OutgoingContent `gorm:"serializer:json"`
	CreatedBy     *int64          // The person who wrote it.

	State         OutgoingState
	Attempts      int
	NextAttemptAt *time.Time // Not before.
	Claim         string     // Names the attempt under way; "" when there is none.
	ClaimedUntil  *time.Time // In database time; another process may take it from then on.
	Code          string     // Of the message catalogue: why it is not accepted.
	Answer        string     // The server's last words, one line.
	CreatedAt     time.Time
	ExpiresAt     time.Time // Given up when it is not accepted by then.
	AcceptedAt    *time.Time
	BouncedAt     *time.Time
}

// TableName is the name of its table.
func (Outgoing) TableName() string { return "outbox" }

// OutgoingContent is what is written into the mail. The text of an answer is that of its comment.
type OutgoingContent struct {
	Subject    string   `json:"subject"`
	Text       string   `json:"text,omitempty"`
	To         []string `json:"to,omitempty"` // All who get the answer, for To and Cc; the recipient among them.
	Cc         []string `json:"cc,omitempty"`
	InReplyTo  string   `json:"in_reply_to,omitempty"`
	References []string `json:"references,omitempty"` // Oldest first.
	Link       int64    `json:"link,omitempty"`       // The [PasswordLink] that the mail is about; 0: none.
}

// Suppression keeps every mail from an address until it expires or a person releases it.
type Suppression struct {
	Address     string `gorm:"primaryKey"` // Lower case.
	Reason      string // "hard_bounce", "soft_bounces", "refused", "manual".
	Detail      string // The server's words or a status code; one line.
	IssueNumber int64  // Where it showed; 0 when a person entered it.
	CreatedBy   *int64
	CreatedAt   time.Time
	ExpiresAt   *time.Time // Nil: until it is released.
}

// Breaker says that automatic mail stopped because there was too much of it.
type Breaker struct {
	Place     string `gorm:"primaryKey"` // "inbox:5".
	Reason    string
	TrippedAt time.Time
	EndsAt    time.Time
}
