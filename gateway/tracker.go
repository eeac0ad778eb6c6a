package gateway

import (
	"context"

	"letterbox/models"
)

// Tracker is what the gateway needs of the tracker; tracker.Service is one. Calls join the transaction in ctx.
type Tracker interface {
	// CreateIssue makes an issue with the next number of the installation.
	CreateIssue(ctx context.Context, n models.NewIssue) (models.Issue, error)
	// AddComment adds a comment; it reopens a closed issue when n.Reopen is set.
	AddComment(ctx context.Context, n models.NewComment) (models.Comment, error)
	// EnsureCustomer returns the user with that address and makes a customer when there is none.
	EnsureCustomer(ctx context.Context, name, address string) (models.User, error)
}
