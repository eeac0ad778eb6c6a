package gateway

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/oauth"
	"letterbox/gateway/outbound"
	"letterbox/internal/lane"
	"letterbox/models"
)

// The rhythm of sending.
const (
	lookIntoOutbox = 5 * time.Second  // How often the outbox is looked into without being asked.
	claimTTL       = 45 * time.Minute // How long a claim keeps other processes away; no mail takes longer.
	claimUse       = 15 * time.Minute // Within this time the last mail of a claim is begun.
	claimSize      = 20               // Mails of one claim.
	mostSendTime   = 25 * time.Minute // Bound on sending one mail.
	mostKeepTime   = 15 * time.Minute // How long what came of an attempt is kept in mind when it cannot be written down.
	keepAtEnd      = 5 * time.Second  // The same once the process is to end.
	stale          = 10 * time.Second // A connection on which nothing was said for so long is not used again.
)

// sendOutbox sends what the outbox holds until ctx is done. Each account has a goroutine of its own while it has mail to
// send, so a dead server delays only its own mail. Any number of processes may do so at once.
func (g *Gateway) sendOutbox(ctx context.Context) {
	expired := time.Now() // When those whose time is over were last looked for.
	var accounts lane.Lanes
	defer accounts.Wait()
	for {
		ids, err := g.Store.AccountsWithDue(ctx, now())
		if err == nil && time.Since(expired) >= time.Minute {
			expired = time.Now()
			var at time.Time
			if at, err = g.trustedTime(ctx); err == nil {
				_, err = g.Store.FailExpired(ctx, at, "E-SMTP-10")
			}
		}
		if err != nil && ctx.Err() == nil {
			g.Log.LogAttrs(ctx, slog.LevelError, "outbox could not be read, trying again", slog.Any("err", err))
		}
		for _, id := range ids {
			accounts.Go(id, func() {
				if err := g.drain(ctx, id); err != nil && ctx.Err() == nil {
					g.Log.LogAttrs(ctx, slog.LevelError, "mail could not be sent, trying again", slog.Int64("account_id", id), slog.Any("err", err))
				}
			})
		}
		if !wait(ctx, lookIntoOutbox, g.mailOut) {
			return
		}
	}
}

// drain sends the due mails of an account, the oldest first, over one connection.
func (g *Gateway) drain(ctx context.Context, id int64) error {
	a, err := g.Store.SendingAccountByID(ctx, id)
	if errors.Is(err, models.ErrNotFound) {
		return nil // Deleted: its mails were given up with it.
	}
	if err != nil {
		return err
	}
	var session *outbound.Session
	defer func() {
		if session != nil {
			session.Close()
		}
	}()
	for ctx.Err() == nil {
		limit, err := g.allowance(ctx, a)
		if err != nil || limit == 0 {
			return err
		}
		claim := rand.Text()
		rows, err := g.Store.ClaimOutgoing(ctx, id, claim, now(), claimTTL, limit)
		if err != nil || len(rows) == 0 {
			return err
		}
		var ok bool
		session, ok, err = g.sendClaimed(ctx, &a, session, rows, claim)
		if err != nil || !ok {
			return err
		}
	}
	return nil
}

// allowance is how many mails the account may send now.
func (g *Gateway) allowance(ctx context.Context, a models.SendingAccount) (int, error) {
	if a.Settings.PerMinute == 0 {
		return claimSize, nil
	}
	n, err := g.Store.AcceptedSince(ctx, a.ID, now().Add(-time.Minute))
	return min(claimSize, max(0, a.Settings.PerMinute-n)), err
}

// sendClaimed sends the mails of one claim. It reports false when the account is in trouble: nothing more is tried now.
// The mails of the claim that were not tried are given back; one that was keeps its claim until it is known what came of it.
func (g *Gateway) sendClaimed(ctx context.Context, a *models.SendingAccount, s *outbound.Session, rows []models.Outgoing, claim string) (*outbound.Session, bool, error) {
	defer func() {
		if len(rows) == 0 {
			return
		}
		release, done := context.WithTimeout(context.WithoutCancel(ctx), keepAtEnd)
		defer done()
		if err := g.Store.ReleaseOutgoing(release, claim, rows); err != nil {
			g.Log.LogAttrs(ctx, slog.LevelWarn, "mail not given back, its claim will run out", slog.Any("err", err))
		}
	}()
	begun := time.Now()
	for len(rows) > 0 {
		if ctx.Err() != nil || time.Since(begun) > claimUse {
			return s, true, nil
		}
		if s != nil && !s.Usable() {
			s.Close()
			s = nil
		}
		if s == nil {
			var err error
			if s, err = g.connect(ctx, a); err != nil || s == nil {
				return nil, false, err
			}
		}
		out := g.sendOne(ctx, *a, s, rows[0])
		if ctx.Err() != nil && out.Verdict != outbound.Accepted && !out.Unclear {
			return s, false, nil
		}
		if out.Verdict == outbound.Trouble {
			return s, false, g.inTrouble(ctx, a, &mailbox.Problem{Phase: mailbox.PhaseSignIn, Code: out.Code, Args: out.Args, Err: out.Err})
		}
		tried, done := rows[0], time.Now()
		rows = rows[1:]
		if err := g.keepOutcome(ctx, *a, tried, claim, out); err != nil {
			return s, false, err
		}
		if time.Since(done) > stale { // The server may have hung up meanwhile.
			s.Close()
			s = nil
		}
	}
	return s, true, nil
}

// keepOutcome writes down what came of one attempt, and tries again when the database fails: nobody else knows that the
// server has the mail by now. If it cannot be kept, the claim runs out and the mail is sent a second time.
func (g *Gateway) keepOutcome(ctx context.Context, a models.SendingAccount, o models.Outgoing, claim string, out outbound.Outcome) error {
	began := time.Now()
	for delay := 100 * time.Millisecond; ; delay = min(2*delay, 10*time.Second) {
		last := ctx.Err() != nil || time.Since(began) > mostKeepTime
		write, done := context.WithTimeout(context.WithoutCancel(ctx), keepAtEnd)
		err := g.finishSending(write, a, o, claim, out)
		done()
		if err == nil || last {
			return err
		}
		g.Log.LogAttrs(ctx, slog.LevelWarn, "what came of a mail not written down, trying again", slog.Int64("outbox_id", o.ID), slog.Any("err", err))
		wait(ctx, delay, nil)
	}
}

// connect opens a session, or notes why it cannot and returns none.
func (g *Gateway) connect(ctx context.Context, a *models.SendingAccount) (*outbound.Session, error) {
	s, encrypted, err := g.openSending(ctx, *a)
	if err != nil {
		if ctx.Err() != nil {
			return nil, nil
		}
		return nil, g.inTrouble(ctx, a, asProblem(err, mailbox.PhaseConnect))
	}
	if a.TroubleCode == "" && (encrypted == "" || encrypted == a.EncryptedWith) {
		return s, nil
	}
	news, err := g.Store.SaveSendingFine(ctx, a.ID, encrypted)
	if err != nil {
		s.Close()
		return nil, err
	}
	a.TroubleCode, a.EncryptedWith, a.Failures = "", encrypted, 0
	if news {
		g.Log.LogAttrs(ctx, slog.LevelInfo, "sending works again", slog.Int64("account_id", a.ID))
		g.Changed("sending")
	}
	return s, nil
}

// inTrouble notes that no mail gets out by an account and when it is tried again. It alarms once, in the log and on the
// pages, which need no mail.
func (g *Gateway) inTrouble(ctx context.Context, a *models.SendingAccount, p *mailbox.Problem) error {
	args, err := json.Marshal(p.Args)
	if err != nil {
		return err
	}
	next := now().Add(visitDelay(a.Failures+1, p.Phase, time.Minute))
	if oauth.Lasting(p.Code) {
		next = now().Add(jitter(lastingDelay))
	}
	news, err := g.Store.SaveSendingTrouble(ctx, a.ID, p.Code, string(args), next)
	if err != nil {
		return fmt.Errorf("keep the trouble of a sending account: %w", err)
	}
	level := slog.LevelWarn
	if news {
		level = slog.LevelError
	}
	g.Log.LogAttrs(ctx, level, "sending account does not work", slog.Int64("account_id", a.ID), slog.String("code", p.Code), slog.Any("err", p.Err))
	g.Changed("sending")
	return nil
}

// finishSending keeps what came of one attempt.
func (g *Gateway) finishSending(ctx context.Context, a models.SendingAccount, o models.Outgoing, claim string, out outbound.Outcome) error {
	at := now()
	o.Code, o.Answer, o.NextAttemptAt = out.Code, out.Answer, nil
	switch out.Verdict {
	case outbound.Accepted:
		o.State, o.AcceptedAt = models.OutgoingAccepted, &at
	case outbound.Hold:
		o.State = models.OutgoingDraft
	case outbound.Never:
		if o.State = models.OutgoingFailed; out.Code == codeNothingToTell {
			o.State = models.OutgoingCancelled
		}
	default:
		next := at.Add(sendDelay(o.Attempts))
		if next.After(o.ExpiresAt) {
			o.State = models.OutgoingFailed
		} else {
			o.NextAttemptAt = &next
		}
	}
	err := g.Store.WithTx(ctx, func(ctx context.Context) error {
		if err := g.Store.FinishOutgoing(ctx, o, claim); err != nil {
			return err
		}
		if o.State == models.OutgoingFailed {
			if err := g.publishFailed(ctx, o); err != nil {
				return err
			}
		}
		if o.Content.Link != 0 && o.State != models.OutgoingQueued && o.State != models.OutgoingDraft { // No attempt needs the link any more.
			if err := g.Store.SealPasswordLink(ctx, o.Content.Link, ""); err != nil {
				return err
			}
		}
		if !out.NoSuchMailbox() {
			return nil
		}
		return g.Store.Suppress(ctx, models.Suppression{
			Address: o.Recipient, Reason: "refused", Detail: out.Answer, IssueNumber: o.IssueNumber, CreatedAt: at,
		})
	})
	if errors.Is(err, models.ErrFenced) {
		return nil // Another process has it by now.
	}
	if err != nil {
		return fmt.Errorf("keep what came of an attempt: %w", err)
	}
	level := slog.LevelInfo
	if out.Verdict == outbound.Hold { // Somebody must put something right.
		level = slog.LevelError
	}
	g.Log.LogAttrs(ctx, level, "mail sent", slog.Int64("outbox_id", o.ID), slog.Int64("account_id", a.ID), slog.Int64("issue", o.IssueNumber),
		slog.String("state", string(o.State)), slog.String("verdict", string(out.Verdict)), slog.String("code", o.Code), slog.Bool("unclear", out.Unclear), slog.Any("err", out.Err))
	g.outgoingChanged(o)
	return nil
}

// sendDelay is how long to wait after that many attempts to send a mail.
func sendDelay(attempts int) time.Duration {
	steps := [...]time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour}
	return jitter(steps[min(max(attempts-1, 0), len(steps)-1)])
}
