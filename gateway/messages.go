package gateway

import (
	"context"
	"fmt"
	"io"
	"time"

	"letterbox/gateway/extract"
	"letterbox/gateway/flow"
	"letterbox/gateway/message"
	"letterbox/gateway/rule"
	"letterbox/gateway/script"
	"letterbox/models"
	"letterbox/models/store"
)

// MessageQuery selects messages of the inbound log, newest first.
type MessageQuery struct {
	InboxIDs []int64 // Nil: all.
	State    models.MessageState
	States   []models.MessageState // One of them; nil: any.
	Reason   string
	Text     string    // Part of sender, subject or Message-ID.
	Sender   string    // The address, or a part of it.
	Subject  string    // A part of it.
	RFCID    string    // The Message-ID without angle brackets, or a part of it.
	Since    time.Time // Known since then; zero: any time.
	Until    time.Time // Known before; zero: any time.
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
	Args        map[string]string // Placeholders of the sentence of Reason, when the gate has decided.
	Data        *extract.Outcome  // What a profile has read and the script has set; nil: nothing.
	Flow        flow.Decision     // What the flow rules want.
	Scripts     []ScriptRun       // What scripts said, in order.
}

// ScriptNamed returns what the shared script of that name said, or with "" the inbox's own; nil when it was not asked.
func (d Decision) ScriptNamed(name string) *script.Result {
	for i := range d.Scripts {
		if rule.Fold(d.Scripts[i].Name) == rule.Fold(name) {
			return &d.Scripts[i].Result
		}
	}
	return nil
}

// Messages returns a page of the inbound log.
func (g *Gateway) Messages(ctx context.Context, q MessageQuery) (MessagePage, error) {
	items, next, err := g.Store.Messages(ctx, store.MessageFilter{
		InboxIDs: q.InboxIDs, State: q.State, States: q.States, Reason: q.Reason, Text: q.Text, Sender: q.Sender, Subject: q.Subject,
		RFCID: q.RFCID, Since: q.Since, Until: q.Until, Cursor: q.Cursor, Limit: q.Limit,
	})
	if err != nil {
		return MessagePage{}, fmt.Errorf("read the log: %w", err)
	}
	return MessagePage{Items: items, Next: next}, nil
}

// Message returns one message of the log and the stories of its runs, oldest first.
func (g *Gateway) Message(ctx context.Context, id int64) (models.Message, []models.Trace, error) {
	m, err := g.Store.MessageByID(ctx, id)
	if err != nil {
		return m, nil, err
	}
	traces, err := g.Store.Traces(ctx, id)
	if err != nil {
		return m, nil, fmt.Errorf("read the traces: %w", err)
	}
	return m, traces, nil
}

// ParsedMessage parses the kept octets of a message again, for the message page. models.ErrNotFound when they are past
// retention.
func (g *Gateway) ParsedMessage(ctx context.Context, id int64) (*message.Message, error) {
	m, err := g.Store.MessageByID(ctx, id)
	if err != nil {
		return nil, err
	}
	r, _, err := g.octets(ctx, m)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return message.Parse(r, g.reading(m))
}

// RawMessage opens the octets of a message as they were received and writes the download to the audit log.
func (g *Gateway) RawMessage(ctx context.Context, by *models.User, id int64) (io.ReadCloser, int64, error) {
	if err := g.audit(ctx, by, "message.raw", "message:"+itoa(id), nil); err != nil {
		return nil, 0, err
	}
	m, err := g.Store.MessageByID(ctx, id)
	if err != nil {
		return nil, 0, err
	}
	return g.octets(ctx, m)
}

func (g *Gateway) octets(ctx context.Context, m models.Message) (io.ReadCloser, int64, error) {
	if m.BlobID == nil {
		return nil, 0, models.ErrNotFound
	}
	return g.Store.OpenBlob(ctx, *m.BlobID)
}
