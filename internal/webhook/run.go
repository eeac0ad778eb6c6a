package webhook

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"time"

	"letterbox/internal/lane"
	"letterbox/models"
)

// The rhythm of sending.
const (
	lookEvery  = 2 * time.Second     // How often what is to be sent is looked for.
	claimTTL   = 10 * time.Minute    // How long a claim keeps other processes away; claimSize attempts take less.
	claimSize  = 10                  // Events of one claim.
	keepFor    = 30 * 24 * time.Hour // How long what was sent is shown.
	tooLong    = 5 * 24 * time.Hour  // A webhook that has taken nothing for this long is switched off.
	purgeEvery = time.Hour
)

// pauses are those after the first, second, ... attempt (Standard Webhooks 1.0, "Deliverability and reliability").
func pauses() []time.Duration {
	const h = time.Hour
	return []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * h, 5 * h, 10 * h, 14 * h, 20 * h, 24 * h}
}

// Run sends what is queued until ctx is done. Each webhook has a goroutine of its own while there is something for it, so
// a slow one delays no other. Any number of processes may do so at once. It returns nil.
func (s *Service) Run(ctx context.Context) error {
	var purged time.Time
	var hooks lane.Lanes
	defer hooks.Wait()
	for {
		ids, err := s.due(ctx)
		if err == nil && time.Since(purged) >= purgeEvery {
			purged = time.Now()
			err = s.Store.PurgeDeliveries(ctx, now().Add(-keepFor), 1000)
		}
		if err != nil && ctx.Err() == nil {
			s.Log.LogAttrs(ctx, slog.LevelError, "webhooks could not be read, trying again", slog.Any("err", err))
		}
		for _, id := range ids {
			hooks.Go(id, func() {
				if err := s.drain(ctx, id); err != nil && ctx.Err() == nil {
					s.Log.LogAttrs(ctx, slog.LevelError, "events could not be sent, trying again", slog.Int64("webhook_id", id), slog.Any("err", err))
				}
			})
		}
		pause := time.NewTimer(lookEvery)
		select {
		case <-ctx.Done():
			pause.Stop()
			return nil
		case <-pause.C:
		case <-s.wake:
			pause.Stop()
		}
	}
}

// due returns the webhooks for which something is to be sent; while there is no webhook it asks nothing.
func (s *Service) due(ctx context.Context) ([]int64, error) {
	all, err := s.webhooks(ctx)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return s.Store.WebhooksWithDue(ctx, now())
}

// drain sends what is due for a webhook, the oldest first.
func (s *Service) drain(ctx context.Context, id int64) error {
	for ctx.Err() == nil {
		w, err := s.Store.WebhookByID(ctx, id)
		if errors.Is(err, models.ErrNotFound) {
			return s.Store.CancelDeliveries(ctx, id, now()) // Queued while it was being removed.
		}
		if err != nil {
			return err
		}
		if !w.Enabled || w.SecretEnc == "" {
			return s.Store.CancelDeliveries(ctx, id, now())
		}
		secrets, err := s.secrets(w)
		if err != nil {
			return err
		}
		claim := rand.Text()
		list, err := s.Store.ClaimDeliveries(ctx, id, claim, now(), claimTTL, claimSize)
		if err != nil || len(list) == 0 {
			return err
		}
		if goOn, err := s.sendClaimed(ctx, w, list, claim, secrets); err != nil || !goOn {
			return err
		}
	}
	return nil
}

// sendClaimed sends the events of one claim. It reports false when nothing more is to be sent to the webhook now. Events
// that were not tried are given back; one that was tried and could not be noted is sent again once the claim is over.
func (s *Service) sendClaimed(ctx context.Context, w models.Webhook, list []models.Delivery, claim string, secrets []string) (bool, error) {
	untried := list
	defer func() {
		if len(untried) == 0 {
			return
		}
		release, done := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer done()
		if err := s.Store.ReleaseDeliveries(release, claim, untried); err != nil {
			s.Log.LogAttrs(ctx, slog.LevelWarn, "events not given back, their claim will run out", slog.Any("err", err))
		}
	}()
	for _, d := range list {
		out := s.send(ctx, w, d, secrets)
		if ctx.Err() != nil && out.code != "" {
			return false, nil
		}
		untried = untried[1:]
		off, err := s.finish(ctx, w, d, claim, out)
		if err != nil {
			return false, err
		}
		if off || out.wait > 0 {
			return false, nil
		}
	}
	return true, nil
}

// finish keeps what came of one attempt, and switches the webhook off when it wants nothing more or has taken nothing for
// days.
func (s *Service) finish(ctx context.Context, w models.Webhook, d models.Delivery, claim string, out outcome) (off bool, err error) {
	at := now()
	d.Status, d.Code, d.Took, d.FinishedAt, d.NextAttemptAt = out.status, out.code, out.took.Milliseconds(), &at, nil
	steps := pauses()
	switch {
	case out.code == "":
		d.State = models.DeliveryDone
	case d.Attempts > len(steps):
		d.State = models.DeliveryFailed
	default:
		next := at.Add(max(jitter(steps[d.Attempts-1]), out.wait))
		d.NextAttemptAt, d.FinishedAt = &next, nil
	}
	reason := ""
	if out.code == codeGone {
		reason = codeGone
	} else if out.code != "" && w.FailingSince != nil && at.Sub(*w.FailingSince) > tooLong {
		reason = codeTooLong
	}
	err = s.Store.WithTx(ctx, func(ctx context.Context) error {
		if err := s.Store.FinishDelivery(ctx, d, claim); err != nil {
			return err
		}
		if out.code == "" {
			if w.Failures == 0 {
				return nil
			}
			return s.Store.SaveWebhookWorks(ctx, w.ID)
		}
		var until *time.Time
		if out.wait > 0 {
			next := at.Add(out.wait)
			until = &next
		}
		if err := s.Store.SaveWebhookFails(ctx, w.ID, at, until); err != nil || reason == "" {
			return err
		}
		return s.switchOff(ctx, w, reason, at)
	})
	if errors.Is(err, models.ErrFenced) {
		return false, nil // Another process has it by now, or a person has removed it.
	}
	if err != nil {
		return false, fmt.Errorf("keep what came of an attempt: %w", err)
	}
	level := slog.LevelInfo
	if out.code != "" {
		level = slog.LevelWarn
	}
	if reason != "" {
		level = slog.LevelError
		s.changed()
	}
	s.Log.LogAttrs(ctx, level, "event sent", slog.Int64("webhook_id", w.ID), slog.Int64("delivery_id", d.ID), slog.String("type", d.Type),
		slog.String("state", string(d.State)), slog.Int("status", d.Status), slog.String("code", d.Code), slog.Bool("switched_off", reason != ""))
	s.Changed("webhook")
	return reason != "", nil
}

// switchOff joins the transaction in ctx.
func (s *Service) switchOff(ctx context.Context, w models.Webhook, reason string, at time.Time) error {
	off, err := s.Store.SwitchOffWebhook(ctx, w.ID, reason, at)
	if err != nil || !off {
		return err
	}
	if err := s.audit(ctx, nil, "webhook.switch_off", w.ID, map[string]string{"code": reason}); err != nil || s.Off == nil {
		return err
	}
	w.Enabled, w.OffReason = false, reason
	return s.Off(ctx, w)
}

func jitter(d time.Duration) time.Duration { return d - d/10 + mathrand.N(d/5+1) }
