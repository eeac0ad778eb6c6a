package models

import "time"

// Tell is who hears of something that came by mail.
type Tell string

// Who hears of it.
const (
	TellAll    Tell = ""       // In the pages, and by mail who wants that.
	TellPages  Tell = "pages"  // Only in the pages: a machine sent it, and mail about it could call forth the next one.
	TellNobody Tell = "nobody" // It is old.
)

// Command is something that a mail asks for besides what it says.
type Command struct {
	Name  string // "status", "priority", "assignee", "label" or "due".
	Value string // In the form of the API.
}

// NewIssue is what an issue is made of.
type NewIssue struct {
	ProjectID       int64
	Title           string // "" is shown as "(no subject)".
	Description     string
	State           IssueState // "": IssueNew.
	ReporterID      int64
	OriginMessageID *int64
	Attachments     []Attachment // BlobID, Name, ContentType, Size, SHA256, ContentID, Inline are set.
	WatcherIDs      []int64
	Participants    []string // Addresses of the mail, lower case, our own aside.
	Mentions        string   // See Issue.Mentions.
	MadeBy          int64    // Who makes it, when that is not the reporter; 0 otherwise.
	Tell            Tell

	// What a mail that is data sets besides; the zero values set nothing.
	AssigneeID *int64
	Priority   Priority
	PriorityID *int64 // Of the project, when it has one of its own for it.
	DueOn      *time.Time
	Labels     []string // Names; those that the project lacks are made.
	Fields     []IssueField
}

// MailUpdate is what a further mail of the same incident changes of an issue. What is "" or nil stays.
type MailUpdate struct {
	IssueNumber int64
	AuthorID    int64
	Title       string
	AssigneeID  *int64
	Priority    *Priority
	PriorityID  *int64 // With Priority: that of the project.
	DueOn       *time.Time
	Labels      []string     // Added to those that are there.
	Fields      []IssueField // Fields of other names stay.
	State       *IssueState
	Always      bool // Also when no field says something else than before.
	Tell        Tell
}

// NewComment is what a comment is made of.
type NewComment struct {
	IssueNumber     int64
	AuthorID        int64
	Body            string
	Internal        bool
	Aside           bool // Its author takes no part in the issue by it: it does not follow it from then on.
	OriginMessageID *int64
	Reopen          bool // Set a resolved or closed issue back to open.
	Attachments     []Attachment
	WatcherIDs      []int64
	Participants    []string
	Tell            Tell
}
