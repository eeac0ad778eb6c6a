package gateway

import (
	"context"
	"io"
	"time"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/message"
	"letterbox/gateway/rule"
	"letterbox/models"
)

// InboxDraft is all that a person or a program can set of an inbox.
type InboxDraft struct {
	Name      string
	Address   string
	ProjectID int64
	Global    bool
	Enabled   bool
	Settings  models.InboxSettings
	Rules     models.Rules
	Password  *string // Nil: leave what is set. Changing host, port, protocol, security or user name clears it otherwise.
}

// InboxView is an inbox as people see it. It never holds the password.
type InboxView struct {
	models.Inbox
	Rules       models.Rules
	Status      models.InboxStatus
	PasswordSet bool
	Today       TodayCounts
}

// TodayCounts are the messages that became known since midnight UTC, by what became of them.
type TodayCounts struct {
	Accepted, Refused, Other int
}

// CheckReport is what a check of a connection found, phase by phase. It changes nothing in the mailbox.
type CheckReport struct {
	OK     bool
	Phases []CheckPhase
}

// CheckPhase is one phase of a check.
type CheckPhase struct {
	Phase    mailbox.Phase
	State    string            // "ok", "failed" or "skipped" (an earlier one failed).
	Code     string            // Of the message catalogue when failed.
	Args     map[string]string // Placeholders of its sentence; what was found when ok.
	Duration time.Duration
}

// Reconciliation compares the server's list with the ledger.
type Reconciliation struct {
	Server      int // Messages that the server lists and that are ours.
	Ledger      int // Of these, those that the ledger knows.
	Unaccounted int
	Before      int // Older than the start mark: left alone.
}

// MessageQuery selects messages of the inbound log, newest first.
type MessageQuery struct {
	InboxIDs []int64 // Nil: all.
	State    models.MessageState
	Reason   string
	Text     string // Part of sender, subject or Message-ID.
	Cursor   string
	Limit    int // At most 200; 50 when 0.
}

// MessagePage is one page of the inbound log.
type MessagePage struct {
	Items []models.Message
	Next  string // Cursor of the next page, "" at the end.
}

// Decision is what the way of a message comes to, before anything is written.
type Decision struct {
	State       models.MessageState
	Reason      rule.Reason
	IssueNumber int64 // For a comment.
	ProjectID   int64 // For a new issue.
	Title       string
	Trace       []models.TraceEntry
	Parsed      *message.Message
}

// Inboxes returns all inboxes by name.
func (g *Gateway) Inboxes(ctx context.Context) ([]InboxView, error) { panic("being written") }

// Inbox returns one inbox; models.ErrNotFound when there is none.
func (g *Gateway) Inbox(ctx context.Context, id int64) (InboxView, error) { panic("being written") }

// InboxByName returns the inbox with that name, or with that number in decimal.
func (g *Gateway) InboxByName(ctx context.Context, name string) (InboxView, error) {
	panic("being written")
}

// CreateInbox adds an inbox. A draft that cannot be taken is a models.InvalidList.
func (g *Gateway) CreateInbox(ctx context.Context, by *models.User, d InboxDraft) (InboxView, error) {
	panic("being written")
}

// UpdateInbox changes an inbox when its version is still version; models.ErrConflict otherwise. 0 skips that check.
func (g *Gateway) UpdateInbox(ctx context.Context, by *models.User, id, version int64, d InboxDraft) (InboxView, error) {
	panic("being written")
}

// DeleteInbox removes an inbox. Its messages stay in the log.
func (g *Gateway) DeleteInbox(ctx context.Context, by *models.User, id int64) error {
	panic("being written")
}

// CheckInbox tries the connection of an inbox as it is stored; each is called after every finished phase (may be nil).
func (g *Gateway) CheckInbox(ctx context.Context, id int64, each func(CheckPhase)) (CheckReport, error) {
	panic("being written")
}

// CheckDraft tries a connection before it is saved. id names the inbox whose stored password is used when the draft
// has none and its server and user are unchanged; 0 for a new one.
func (g *Gateway) CheckDraft(ctx context.Context, id int64, d InboxDraft, each func(CheckPhase)) (CheckReport, error) {
	panic("being written")
}

// Folders asks the server of an inbox for its folders. A failure is a *mailbox.Problem.
func (g *Gateway) Folders(ctx context.Context, id int64) ([]mailbox.Folder, error) {
	panic("being written")
}

// Poll has the inbox visited now and returns at once.
func (g *Gateway) Poll(ctx context.Context, id int64) error { panic("being written") }

// Reconcile compares the server's list with the ledger.
func (g *Gateway) Reconcile(ctx context.Context, id int64) (Reconciliation, error) {
	panic("being written")
}

// Messages returns a page of the inbound log.
func (g *Gateway) Messages(ctx context.Context, q MessageQuery) (MessagePage, error) {
	panic("being written")
}

// Message returns one message of the log and the stories of its runs, oldest first.
func (g *Gateway) Message(ctx context.Context, id int64) (models.Message, []models.Trace, error) {
	panic("being written")
}

// ParsedMessage parses the kept octets of a message again, for the message page. models.ErrNotFound when they are
// past retention.
func (g *Gateway) ParsedMessage(ctx context.Context, id int64) (*message.Message, error) {
	panic("being written")
}

// RawMessage opens the octets of a message as they were received and writes the download to the audit log.
func (g *Gateway) RawMessage(ctx context.Context, by *models.User, id int64) (io.ReadCloser, int64, error) {
	panic("being written")
}

// Reprocess has a final message processed again with the rules in force; the server is not told again.
func (g *Gateway) Reprocess(ctx context.Context, by *models.User, id int64) (models.Message, error) {
	panic("being written")
}

// Receive takes one message from r through all steps now. door is "receive", "import" or "api". The result is final
// unless err says that it is to be tried later.
func (g *Gateway) Receive(ctx context.Context, inboxID int64, door string, r io.Reader) (models.Message, error) {
	panic("being written")
}

// DryRun decides on one message and throws the decision away: nothing is written.
func (g *Gateway) DryRun(ctx context.Context, inboxID int64, r io.Reader) (Decision, error) {
	panic("being written")
}
