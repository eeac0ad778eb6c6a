package models

import "time"

// Project is a container of issues.
type Project struct {
	ID          int64
	Key         string // Short label in capitals, unique: "SUP".
	Name        string
	Description string
	CreatedAt   time.Time
	ArchivedAt  *time.Time // Not nil: nothing new comes in.
	// DefaultAssigneeID has the issues that come by mail or name nobody; nil: nobody.
	DefaultAssigneeID *int64
	ActiveIssue       *int64 // The "active case"; nil: none.
}

// IssueState is where an issue stands.
type IssueState string

// The states of an issue.
const (
	IssueNew      IssueState = "new"
	IssueOpen     IssueState = "open"
	IssueWaiting  IssueState = "waiting"
	IssueResolved IssueState = "resolved"
	IssueClosed   IssueState = "closed"
)

// IssueStates lists the states in their usual order.
func IssueStates() []IssueState {
	return []IssueState{IssueNew, IssueOpen, IssueWaiting, IssueResolved, IssueClosed}
}

// Done reports whether nobody is expected to work on the issue any more.
func (s IssueState) Done() bool { return s == IssueResolved || s == IssueClosed }

// Issue is a unit of work. Its number is one running number for the whole installation.
type Issue struct {
	Number      int64 `gorm:"primaryKey;autoIncrement:false"`
	ProjectID   int64
	Title       string
	Description string
	State       IssueState
	StateID     *int64 // The state of its project that it is in, which counts as State; nil: the first one that does.
	ReporterID  int64
	AssigneeID  *int64
	// OriginMessageID is the ledger row that made the issue, nil when a person did. It is unique: a message has its
	// effect once.
	OriginMessageID *int64
	Mentions        string // Numbers that its mail named but was not allowed to write to: "12,15".
	Priority        Priority
	PriorityID      *int64     // As StateID.
	DueOn           *time.Time // The day, at 00:00 UTC; nil when there is none.
	MergedInto      *int64     // The issue that has taken this one over; nil for most.
	Version         int64      // Grows with each change; two people who edit at once are told.
	CreatedAt       time.Time
	UpdatedAt       time.Time
	ClosedAt        *time.Time
}

// Comment is an answer or a note on an issue.
type Comment struct {
	ID              int64
	IssueNumber     int64
	AuthorID        int64
	Body            string
	Internal        bool   // Never leaves the house.
	OriginMessageID *int64 // The ledger row that made it, nil when a person did. Unique.
	CreatedAt       time.Time
}

// Attachment is a file of an issue or of one of its comments.
type Attachment struct {
	ID          int64
	IssueNumber int64
	CommentID   *int64 // Nil: it came with the description.
	Place       int    // Order within its issue or comment.
	BlobID      int64
	Name        string // Cleaned; only ever shown, never a path.
	ContentType string
	Size        int64
	SHA256      string // Lower-case hex.
	ContentID   string
	Inline      bool
	CreatedAt   time.Time
}

// Watcher is a user who follows an issue.
type Watcher struct {
	IssueNumber int64 `gorm:"primaryKey"`
	UserID      int64 `gorm:"primaryKey"`
}

// Participant is an address that stood in From, To or Cc of a mail of the issue, our own aside.
type Participant struct {
	IssueNumber int64  `gorm:"primaryKey"`
	Address     string `gorm:"primaryKey"` // Lower case.
}
