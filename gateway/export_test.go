package gateway

import (
	"context"
	"time"

	"letterbox/gateway/mailbox"
	"letterbox/models"
)

// The constants that tests reckon with.
const (
	LeaseTTL     = leaseTTL
	MostAttempts = mostAttempts
	MostDeaths   = mostDeaths
)

// OpenBoxesWith makes g open its mailboxes with f.
func (g *Gateway) OpenBoxesWith(f func(context.Context, models.Inbox) (mailbox.Mailbox, error)) {
	g.box = f
}

// RetryDelay is retryDelay.
func RetryDelay(attempts int) time.Duration { return retryDelay(attempts) }

// VisitDelay is visitDelay.
func VisitDelay(failures int, phase mailbox.Phase, poll time.Duration) time.Duration {
	return visitDelay(failures, phase, poll)
}
