package models

import "time"

// Label is a word that issues of one project carry.
type Label struct {
	ID        int64
	ProjectID int64
	Name      string // As it was written first.
	Folded    string // In small letters; unique in its project.
	CreatedAt time.Time
}

// IssueLabel ties a label to an issue.
type IssueLabel struct {
	IssueNumber int64 `gorm:"primaryKey"`
	LabelID     int64 `gorm:"primaryKey"`
}

// LinkKind is how two issues belong together, read from the first one to the second.
type LinkKind string

// The kinds of links.
const (
	LinkRelates    LinkKind = "relates"
	LinkBlocks     LinkKind = "blocks"
	LinkDuplicates LinkKind = "duplicates"
	LinkSplit      LinkKind = "split" // The second was a comment of the first.
)

// LinkKinds lists the kinds that a person can choose.
func LinkKinds() []LinkKind { return []LinkKind{LinkRelates, LinkBlocks, LinkDuplicates} }

// IssueLink ties two issues together.
type IssueLink struct {
	FromNumber int64    `gorm:"primaryKey"`
	ToNumber   int64    `gorm:"primaryKey"`
	Kind       LinkKind `gorm:"primaryKey"`
	CreatedBy  int64
	CreatedAt  time.Time
}

// EventKind is what was changed of an issue.
type EventKind string

// The kinds of events. Was and Became hold a state, a priority, a date (2006-01-02), the number of a person, project
// or issue, or the names of labels; of title and text only that they changed.
const (
	EventState       EventKind = "state"
	EventPriority    EventKind = "priority"
	EventAssignee    EventKind = "assignee"
	EventDue         EventKind = "due"
	EventTitle       EventKind = "title"
	EventDescription EventKind = "description"
	EventProject     EventKind = "project"
	EventLabels      EventKind = "labels"
	EventField       EventKind = "field" // What a mail says: "Place: Main Street".
	EventLinked      EventKind = "linked"
	EventUnlinked    EventKind = "unlinked"
	EventMerged      EventKind = "merged"   // This issue went into another one.
	EventAbsorbed    EventKind = "absorbed" // Another one came into this issue.
	EventSplit       EventKind = "split"    // A comment became an issue of its own.
	EventActive      EventKind = "active"   // It became the active case of its project.
	EventInactive    EventKind = "inactive" // It is the active case no more.
	EventMoved       EventKind = "moved"    // A comment went to another issue.
)

// IssueEvent is one change of an issue.
type IssueEvent struct {
	ID          int64
	IssueNumber int64
	UserID      *int64 // Nil: the system.
	Kind        EventKind
	Was, Became string
	At          time.Time
}

// View is a saved filter of the list of issues.
type View struct {
	ID        int64
	UserID    int64
	Name      string
	Query     string // As it is typed into the box.
	Sort      string // "" for the usual one.
	Look      string // How the list looks, see [ParseListLook]; "" for the usual look.
	Shared    bool   // Everybody may use it; only its owner changes it.
	CreatedAt time.Time
}

// IssueVisit is when somebody looked at an issue last.
type IssueVisit struct {
	UserID      int64 `gorm:"primaryKey"`
	IssueNumber int64 `gorm:"primaryKey"`
	VisitedAt   time.Time
}

// Draft is what somebody has begun to write on an issue.
type Draft struct {
	UserID      int64 `gorm:"primaryKey"`
	IssueNumber int64 `gorm:"primaryKey"`
	Body        string
	Internal    bool
	UpdatedAt   time.Time
}

// Notification tells somebody of something that happened to an issue.
type Notification struct {
	ID          int64
	UserID      int64
	IssueNumber int64
	CommentID   *int64
	ActorID     *int64 // Who did it; nil: the system.
	Event       string // "comment", "note", "mail", "assigned", "state", "new".
	Reason      string // Why it is told: "assigned", "mentioned", "watching", "project".
	CreatedAt   time.Time
	ReadAt      *time.Time
	MailedWith  string // Message-ID, without brackets, of the mail that tells it too; "" when none does.
}

// Mute has somebody hear nothing of an issue.
type Mute struct {
	IssueNumber int64 `gorm:"primaryKey"`
	UserID      int64 `gorm:"primaryKey"`
}
