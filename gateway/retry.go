package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/rule"
	"letterbox/models"
)

// How often a message is tried before a person must look at it: so many attempts that failed in order, or so many that
// took the process with them.
const (
	mostAttempts = 5
	mostDeaths   = 3
)

// lastingDelay is how long to wait after a refusal that lasts until somebody acts.
const lastingDelay = 6 * time.Hour

// retryDelay is how long to wait after that many attempts at one message.
func retryDelay(attempts int) time.Duration {
	steps := [...]time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 6 * time.Hour}
	return jitter(steps[min(max(attempts-1, 0), len(steps)-1)])
}

// visitDelay is how long to wait after that many visits to an inbox that failed in a row. A refused sign-in is tried
// rarely, so that no account is locked.
func visitDelay(failures int, phase mailbox.Phase, poll time.Duration) time.Duration {
	steps := []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 15 * time.Minute}
	if phase == mailbox.PhaseSignIn {
		steps = []time.Duration{5 * time.Minute, 15 * time.Minute, time.Hour}
	}
	d := steps[min(max(failures-1, 0), len(steps)-1)]
	if failures <= 1 && phase != mailbox.PhaseSignIn {
		d = min(d, poll)
	}
	return jitter(d)
}

func jitter(d time.Duration) time.Duration { return d - d/10 + rand.N(d/5+1) }

// failed keeps a failed attempt with its message: it is tried again later, or set aside when it was tried often enough.
func (g *Gateway) failed(ctx context.Context, ib models.Inbox, row *models.Message, cause error) error {
	code, detail := failure(cause)
	if row.Attempts >= mostAttempts {
		return g.setAside(ctx, ib, row, code, detail)
	}
	g.counts.attempts.Add(1)
	next := now().Add(retryDelay(row.Attempts))
	g.Log.LogAttrs(ctx, slog.LevelWarn, "attempt failed", slog.Int64("inbox_id", ib.ID), slog.Int64("message_id", row.ID),
		slog.Int("attempts", row.Attempts), slog.String("code", code), slog.Any("err", cause))
	if err := g.Store.SaveFailure(ctx, row.ID, code, detail, &next); err != nil {
		return fmt.Errorf("keep a failed attempt: %w", err)
	}
	return nil
}

// setAside quarantines a message: it stays on the server and here, and a person decides.
func (g *Gateway) setAside(ctx context.Context, ib models.Inbox, row *models.Message, code, detail string) error {
	m := *row
	m.State, m.Reason, m.ErrorCode, m.ErrorDetail = models.MessageQuarantined, string(rule.Quarantined), code, detail
	if row.State == models.MessageKnown && m.BlobID != nil { // Only its header is here; the rest can be asked for again.
		m.State, m.Reason = models.MessageOversize, string(rule.TooLarge)
	}
	g.describe(ctx, &m, code)
	finished := now()
	m.FinishedAt, m.NextAttemptAt = &finished, nil
	d := &delivery{inbox: ib, row: m, state: m.State}
	d.note(m.Step, "retry.set_aside", "attempts", itoa(int64(m.Attempts)), "code", code)
	g.planSettle(ib.Settings, d, &m)
	err := g.Store.WithTx(ctx, func(ctx context.Context) error {
		if err := g.Store.SaveTrace(ctx, &models.Trace{MessageID: m.ID, Run: m.Reprocessed, Entries: d.trace, CreatedAt: finished}); err != nil {
			return err
		}
		if err := g.Store.FinishMessage(ctx, &m, models.MessageKnown, models.MessageReceived); err != nil {
			return err
		}
		return g.publishMessage(ctx, ib, m)
	})
	if err != nil && !errors.Is(err, models.ErrConflict) {
		return fmt.Errorf("set a message aside: %w", err)
	}
	g.counts.aside.Add(1)
	g.Log.LogAttrs(ctx, slog.LevelError, "message set aside", slog.Int64("inbox_id", ib.ID), slog.Int64("message_id", m.ID),
		slog.Int("attempts", m.Attempts), slog.String("code", code))
	g.Changed("message")
	return nil
}
