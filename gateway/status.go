package gateway

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"time"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/oauth"
	"letterbox/models"
)

// statusOf reads the status of an inbox; a new one when there is none yet.
func (g *Gateway) statusOf(ctx context.Context, inbox int64) *models.InboxStatus {
	s, err := g.Store.InboxStatus(ctx, inbox)
	if err != nil {
		return &models.InboxStatus{InboxID: inbox, State: models.InboxConnecting, Since: now()}
	}
	return &s
}

// connecting says that the first visit is under way.
func (g *Gateway) connecting(ctx context.Context, f fence, s *models.InboxStatus) {
	if s.State == models.InboxPaused || s.LastSuccessAt == nil && s.Failures == 0 && s.State != models.InboxConnecting {
		s.State, s.Since = models.InboxConnecting, now()
		g.saveStatus(ctx, f, s, nil)
	}
}

// visited says that a visit went well. It is written when that is news or mail has come, and once an hour.
func (g *Gateway) visited(ctx context.Context, f fence, s *models.InboxStatus, handled int) {
	at := now()
	g.beat(s.InboxID, pulse{polledAt: at, nextAt: g.livePulse(s.InboxID).nextAt})
	news := s.State != models.InboxActive || handled > 0 || s.LastSuccessAt == nil || at.Sub(*s.LastSuccessAt) > time.Hour
	if !news {
		return
	}
	var event *models.InboxEvent
	if s.State != models.InboxActive {
		s.State, s.Since = models.InboxActive, at
		event = &models.InboxEvent{InboxID: s.InboxID, At: at, State: s.State}
		g.Log.LogAttrs(ctx, slog.LevelInfo, "inbox connected", slog.Int64("inbox_id", s.InboxID), slog.Int("failures_before", s.Failures))
	}
	s.Phase, s.Code, s.Args, s.Failures = "", "", map[string]string{}, 0
	s.LastPollAt, s.LastSuccessAt, s.NextPollAt = &at, &at, nil
	if handled > 0 {
		s.LastMailAt = &at
	}
	g.saveStatus(ctx, f, s, event)
}

// visitFailed says why a visit failed and returns when the next one is due. With the zero fence, when there was no lease to
// be had, only this process remembers it.
func (g *Gateway) visitFailed(ctx context.Context, ib *models.Inbox, f fence, s *models.InboxStatus, cause error) time.Duration {
	var p *mailbox.Problem
	at := now()
	state, phase, code, args := models.InboxFailing, mailbox.PhaseFetch, "", map[string]string(nil)
	if errors.As(cause, &p) {
		phase, code, args = p.Phase, p.Code, p.Args
		if p.Phase == mailbox.PhaseSignIn || oauth.Lasting(p.Code) {
			state = models.InboxRefused
		}
	} else {
		code, _ = failure(cause)
	}
	args = maps.Clone(args)
	s.Failures++
	same := s.Code == code || betrays(mailbox.Phase(s.Phase), s.Code) && betrays(phase, code) // The port does not answer, one way or another.
	if s.State != state || !same {
		s.State, s.Since = state, at
	}
	delay := visitDelay(s.Failures, phase, ib.Settings.PollInterval)
	if oauth.Lasting(code) { // Only a person can help, and what they do is seen at once.
		delay = jitter(lastingDelay)
	}
	next := at.Add(delay)
	if args == nil {
		args = map[string]string{}
	}
	args["phase"] = string(phase)
	args["time"] = next.Format("15:04") + " UTC" // Some sentences tell it.
	var event *models.InboxEvent
	if s.Since.Equal(at) {
		event = &models.InboxEvent{InboxID: ib.ID, At: at, State: state, Code: code, Args: args}
	}
	s.Phase, s.Code, s.Args, s.LastPollAt, s.NextPollAt = string(phase), code, args, &at, &next
	g.Log.LogAttrs(ctx, slog.LevelWarn, "visit failed", slog.Int64("inbox_id", ib.ID), slog.String("phase", string(phase)),
		slog.String("code", code), slog.Int("failures", s.Failures), slog.Duration("next_in", delay), slog.Any("err", cause))
	if f.name == "" {
		g.keepUnsaved(*s, cause)
	} else {
		g.saveStatus(ctx, f, s, event)
	}
	return delay
}

// tellStored adds to a fetch that took too long how many messages it brought to their result before.
func tellStored(err error, handled int) {
	if p, ok := errors.AsType[*mailbox.Problem](err); ok && p.Code == "E-NET-04" && p.Args != nil {
		p.Args["n"] = itoa(int64(handled))
	}
}

// event keeps when an inbox began to fail and when it worked again.
func (g *Gateway) event(ctx context.Context, e models.InboxEvent) {
	if e.Args == nil {
		e.Args = map[string]string{}
	}
	err := g.Store.WithTx(ctx, func(ctx context.Context) error {
		if err := g.Store.AddInboxEvent(ctx, &e); err != nil {
			return err
		}
		return g.publishState(ctx, e)
	})
	if err != nil && ctx.Err() == nil {
		g.Log.LogAttrs(ctx, slog.LevelError, "event not kept", slog.Int64("inbox_id", e.InboxID), slog.Any("err", err))
	}
}

// saveStatus keeps the status of an inbox, and event when it is not nil, unless another process has taken the inbox over:
// that one knows better. A process that was paused must not write over what has become of it since.
func (g *Gateway) saveStatus(ctx context.Context, f fence, s *models.InboxStatus, event *models.InboxEvent) {
	if s.Args == nil {
		s.Args = map[string]string{}
	}
	err := g.Store.WithTx(ctx, func(ctx context.Context) error {
		if err := f.hold(ctx, g.Store); err != nil {
			return err
		}
		if event != nil {
			if event.Args == nil {
				event.Args = map[string]string{}
			}
			if err := g.Store.AddInboxEvent(ctx, event); err != nil {
				return err
			}
			if err := g.publishState(ctx, *event); err != nil {
				return err
			}
		}
		return g.Store.SaveInboxStatus(ctx, s)
	})
	if err != nil && ctx.Err() == nil && !errors.Is(err, models.ErrFenced) {
		g.Log.LogAttrs(ctx, slog.LevelError, "status not kept", slog.Int64("inbox_id", s.InboxID), slog.Any("err", err))
	}
	g.keepUnsaved(*s, err)
	g.Changed("inbox:" + itoa(s.InboxID))
}

// keepUnsaved remembers a status that the database did not take: it is the one that says so.
func (g *Gateway) keepUnsaved(s models.InboxStatus, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if DatabaseCode(err) == "" {
		delete(g.unsaved, s.InboxID)
		return
	}
	g.unsaved[s.InboxID] = s
}

// latest is the status of an inbox: the saved one, or a newer one that could not be saved.
func (g *Gateway) latest(saved models.InboxStatus) models.InboxStatus {
	g.mu.Lock()
	defer g.mu.Unlock()
	s, ok := g.unsaved[saved.InboxID]
	if !ok || saved.LastPollAt != nil && s.LastPollAt != nil && saved.LastPollAt.After(*s.LastPollAt) {
		return saved
	}
	return s
}

func (g *Gateway) livePulse(inbox int64) pulse {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.live[inbox]
}
