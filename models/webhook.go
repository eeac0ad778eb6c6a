package models

import "time"

// Event is something that has happened, as it is told to the outside. It holds identities and states, never the text of
// a mail, of an issue or of a comment.
type Event struct {
	Type      string         // One of EventTypes.
	ProjectID int64          // 0: of no project, unless InboxID or Issue says which.
	InboxID   int64          // Where ProjectID is not known: the inbox that it is about; 0 for none.
	Issue     int64          // Where neither is known: the issue that it is about; 0 for none.
	Data      map[string]any // Named and written as the API does.
	To        string         // Name of the webhook that alone is told, if it wants such events; "": all that want them.
}

// The types of events.
const (
	IssueCreatedEvent       = "issue.created"
	IssueUpdatedEvent       = "issue.updated"
	IssueClosedEvent        = "issue.closed" // An update that sets an issue to a state in which it is done.
	CommentCreatedEvent     = "comment.created"
	MessageReceivedEvent    = "message.received" // Came to any result but the two below.
	MessageRejectedEvent    = "message.rejected"
	MessageQuarantinedEvent = "message.quarantined"
	MessageMatchedEvent     = "message.matched" // A flow rule calls the webhook: only the one that it names is told.
	InboxStateEvent         = "inbox.state_changed"
	DeliveryFailedEvent     = "delivery.failed" // A mail of ours was given up, or came back.
)

// EventTypes returns the types of events in the order in which people see them.
func EventTypes() []string {
	return []string{
		IssueCreatedEvent, IssueUpdatedEvent, IssueClosedEvent, CommentCreatedEvent,
		MessageReceivedEvent, MessageRejectedEvent, MessageQuarantinedEvent, MessageMatchedEvent, InboxStateEvent, DeliveryFailedEvent,
	}
}

// Webhook is an address that is told of events (Standard Webhooks 1.0).
type Webhook struct {
	ID        int64
	Name      string
	ProjectID *int64 // Only events of this project; nil: all.
	URL       string
	Events    []string `gorm:"serializer:json"` // Of EventTypes.
	Enabled   bool
	SecretEnc string // Encrypted (package secret); "" when it was forgotten: nothing is sent.
	// OldSecretEnc signs besides until OldSecretUntil, so that the receiver can change over.
	OldSecretEnc   string
	OldSecretUntil *time.Time
	Version        int64
	CreatedAt      time.Time
	UpdatedAt      time.Time

	// How it is doing. It is written when something changed.
	Failures     int        // Attempts in a row that came to nothing.
	FailingSince *time.Time // The first of them.
	NextTryAt    *time.Time // Nothing is sent before: the receiver asked for it.
	OffReason    string     // Code of the sentence that says why it was switched off; "" when a person did it.
}

// TableName is the name of its table.
func (Webhook) TableName() string { return "webhooks" }

// DeliveryState is what has become of an event for one webhook.
type DeliveryState string

// The states of a delivery.
const (
	DeliveryQueued    DeliveryState = "queued"
	DeliveryDone      DeliveryState = "delivered"
	DeliveryFailed    DeliveryState = "failed"
	DeliveryCancelled DeliveryState = "cancelled" // The webhook was switched off first.
)

// Delivery is an event for one webhook.
type Delivery struct {
	ID            int64
	WebhookID     int64
	EventID       string // The webhook-id: the same for every attempt, another one for every webhook.
	Type          string
	Body          string // JSON, as it is sent.
	State         DeliveryState
	Attempts      int
	NextAttemptAt *time.Time
	Claim         string
	ClaimedUntil  *time.Time // In database time.
	Status        int        // Of the last answer; 0 when there was none.
	Code          string     // Of the message catalogue: why the last attempt came to nothing.
	Took          int64      // Milliseconds of the last attempt.
	CreatedAt     time.Time
	FinishedAt    *time.Time // When State was left or reached last.
}

// TableName is the name of its table.
func (Delivery) TableName() string { return "webhook_deliveries" }
