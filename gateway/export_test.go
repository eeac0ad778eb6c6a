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

// ReadClockWith makes g read the clock of the database with f.
func (g *Gateway) ReadClockWith(f func(context.Context) (time.Time, error)) { g.clock.read = f }

// TrustedTime is trustedTime.
func (g *Gateway) TrustedTime(ctx context.Context) (time.Time, error) { return g.trustedTime(ctx) }

// RetryDelay is retryDelay.
func RetryDelay(attempts int) time.Duration { return retryDelay(attempts) }

// VisitDelay is visitDelay.
func VisitDelay(failures int, phase mailbox.Phase, poll time.Duration) time.Duration {
	return visitDelay(failures, phase, poll)
}

// TakeTokensYoungerThan makes the checks of g take access tokens that are younger than d.
func (g *Gateway) TakeTokensYoungerThan(d time.Duration) { g.proof = d }

// MakeCustomersAnHour makes g make that many customers of senders in an hour at most.
func (g *Gateway) MakeCustomersAnHour(n int) { g.newcomers.most = n }

// DrainOutbox sends what is due of a sending account now.
func (g *Gateway) DrainOutbox(ctx context.Context, account int64) error { return g.drain(ctx, account) }

// TendTokens renews tokens and reminds of secrets that end, once.
func (g *Gateway) TendTokens(ctx context.Context) error { return g.renewTokens(ctx) }
