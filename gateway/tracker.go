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
	// CheckCommand reports whether the person may have a command carried out on an issue of the project.
	CheckCommand(ctx context.Context, by *models.User, projectID int64, c models.Command) (models.Command, bool, error)
	// RunCommands carries out commands that were checked.
	RunCommands(ctx context.Context, by *models.User, number int64, list []models.Command) error
	// UpdateByMail changes an issue as a further mail of the same incident says, and reports whether anything changed.
	UpdateByMail(ctx context.Context, u models.MailUpdate) (bool, error)
	// EnsureCustomer returns the user with that address and makes a customer when there is none.
	EnsureCustomer(ctx context.Context, name, address string) (models.User, error)
}
