package models

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
}

// NewComment is what a comment is made of.
type NewComment struct {
	IssueNumber     int64
	AuthorID        int64
	Body            string
	Internal        bool
	OriginMessageID *int64
	Reopen          bool // Set a resolved or closed issue back to open.
	Attachments     []Attachment
	WatcherIDs      []int64
	Participants    []string
}
