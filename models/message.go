package models

import "time"

// MessageState is what has become of a message. Every message ends in exactly one of the final states.
type MessageState string

// The states, in the order in which a message can take them.
const (
	MessageKnown       MessageState = "known"    // Listed by the server, not downloaded yet.
	MessageReceived    MessageState = "received" // Its octets are kept here, durably.
	MessageCreated     MessageState = "created"  // It became an issue.
	MessageCommented   MessageState = "commented"
	MessageRejected    MessageState = "rejected"
	MessageIgnored     MessageState = "ignored"
	MessageDuplicate   MessageState = "duplicate"
	MessageQuarantined MessageState = "quarantined"
	MessageOversize    MessageState = "oversize" // Too large to be fetched; its header became the issue, or it was refused.
)

// Final reports whether nothing more happens to the message by itself.
func (s MessageState) Final() bool { return s != MessageKnown && s != MessageReceived }

// SettleState is whether the server has been told what becomes of a message.
type SettleState string

// The settle states.
const (
	SettlePending SettleState = "pending"
	SettleDone    SettleState = "done"
	SettleGone    SettleState = "gone"   // The server no longer holds it.
	SettleFailed  SettleState = "failed" // Tried and refused; tried again.
	SettleNone    SettleState = "none"   // Nothing to tell: it did not come from a server.
)

// Step is one of the eight steps of a message.
type Step string

// The steps, always in this order.
const (
	StepFetch  Step = "fetch"
	StepStore  Step = "store"
	StepParse  Step = "parse"
	StepGate   Step = "gate"
	StepMatch  Step = "match"
	StepApply  Step = "apply"
	StepSettle Step = "settle"
	StepNotify Step = "notify"
)

// Message is a row of the ledger: one message of one mailbox, and what became of it. The four columns InboxID, Folder,
// UIDValidity and UID are its identity and unique.
type Message struct {
	ID          int64
	InboxID     int64
	Door        string // "imap", "pop3", "receive", "import", "api".
	Folder      string // Compared octet by octet; "" where there is only one.
	UIDValidity uint32 `gorm:"column:uidvalidity"`
	UID         string `gorm:"column:uid"` // IMAP UID in decimal, POP3 UIDL, or "sha256:<hex>" for other doors.

	State       MessageState
	Step        Step   // The last step that is recorded.
	Reason      string // Code of the closed list (rule.Reason).
	FetchAnyway bool   // A person wants it fetched although it is larger than the limit.
	Archived    bool   // Imported as archive: the issue is closed and nobody is told.

	Attempts      int // Committed before each attempt, so it survives a kill.
	NextAttemptAt *time.Time
	ErrorCode     string // Of the last failed attempt.
	ErrorDetail   string // For operators: no mail text.

	Size   int64
	SHA256 []byte // Of the raw octets; nil until received.
	BlobID *int64 // The raw octets; nil when not received or past retention.

	// Copies of header fields for lists; the truth is in the raw message.
	Subject      string
	FromAddress  string // Lower case.
	FromName     string
	RFCMessageID string `gorm:"column:rfc_message_id"`
	Date         *time.Time

	IssueNumber *int64
	CommentID   *int64
	DuplicateOf *int64
	RuleVersion int64

	SettleState    SettleState
	SettleAction   string // What the server is to be told: leave, seen, delete, move.
	SettleFolder   string // Target of move.
	SettleAttempts int
	SettleAfter    *time.Time // Not before; for two-look and delayed deletes.
	SettleError    string     // Code of the last failure.

	ReceivedAt  time.Time // When it became known here.
	InternalAt  *time.Time
	FinishedAt  *time.Time
	SettledAt   *time.Time
	Reprocessed int // How often a person had it processed again.
}

// Trace is the story of one run of a message through the steps.
type Trace struct {
	MessageID int64        `gorm:"primaryKey;autoIncrement:false"`
	Run       int          `gorm:"primaryKey;autoIncrement:false"` // 0 for the first, then one for each reprocessing.
	Entries   []TraceEntry `gorm:"serializer:json"`
	CreatedAt time.Time
}

// TraceEntry is one thing that was looked at or done. Its sentence is the catalogue entry "trace.<code>" or, for checks
// of the gate, "check.<code>".
type TraceEntry struct {
	Step Step              `json:"step"`
	Code string            `json:"code"`
	Args map[string]string `json:"args,omitempty"`
	At   time.Time         `json:"at"`
}

// MessageIDRef ties a Message-ID, ours or received, to its issue.
type MessageIDRef struct {
	Hash         []byte `gorm:"primaryKey"` // SHA-256 of the Message-ID without brackets.
	IssueNumber  int64  `gorm:"primaryKey;autoIncrement:false"`
	RFCMessageID string `gorm:"column:rfc_message_id"`
	Outgoing     bool
	CreatedAt    time.Time
}

// TableName is the name of its table.
func (MessageIDRef) TableName() string { return "message_ids" }

// Lease says which process visits an inbox. Epoch grows with each holder and fences off the ones before.
type Lease struct {
	Name      string `gorm:"primaryKey"`
	Holder    string
	Epoch     int64
	Touched   int64     // Grows with each effect; writing it is what fences (SELECT ... FOR UPDATE does not on Galera).
	ExpiresAt time.Time // In database time.
}

// Blob is a run of octets, kept in chunks of at most 1 MiB. It never changes once it is sealed.
type Blob struct {
	ID        int64
	SHA256    []byte // Nil while it is being written.
	Size      int64
	CreatedAt time.Time
	TouchedAt time.Time // When it was last sealed; what is not referenced is deleted some time after.
}
