package gateway

import (
	"context"
	"log/slog"

	"letterbox/gateway/mailbox"
	"letterbox/models/store"
)

// Deps is what a Gateway needs.
type Deps struct {
	Store   *store.Store
	Tracker Tracker
	Secrets Secrets
	Log     *slog.Logger
	Dial    mailbox.DialFunc // Guards which hosts may be reached.
	Changed func(topic string) // Told after each commit that pages may want to show ("message", "issue:12", "inbox:3"); may be nil.
}

// Secrets encrypts stored credentials; *secret.Ring is one. where names table, row and column and is bound to the
// ciphertext.
type Secrets interface {
	Seal(plain, where string) (string, error)
	Open(sealed, where string) (string, error)
}

// Gateway turns mail into issues.
type Gateway struct {
	Deps
}

// New returns a Gateway that does nothing yet.
func New(d Deps) *Gateway { return &Gateway{Deps: d} }

// Run visits the inboxes until ctx is done and its work is put down.
func (g *Gateway) Run(ctx context.Context) error { panic("being written") }
