package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/rule"
	"letterbox/models"
)

// planSettle decides, with the result, what the server is to be told about the message: it is committed together with
// the result, so nothing is told that is not durable, and it is told again until the server has confirmed it.
func (g *Gateway) planSettle(s models.InboxSettings, d *delivery, row *models.Message) {
	action, folder, delay := disposition(s, row.Door, row.State, rule.Reason(row.Reason))
	row.SettleAction, row.SettleFolder = string(action), folder
	row.SettleState = models.SettlePending
	switch {
	case row.Door != doorIMAP && row.Door != doorPOP3:
		row.SettleState = models.SettleNone
	case action == mailbox.Leave:
		row.SettleState = models.SettleDone
		settled := now()
		row.SettledAt = &settled
		d.note(models.StepSettle, "settle.leave")
	default:
		if delay > 0 {
			at := g.believed().Add(delay)
			row.SettleAfter = &at
		}
		d.note(models.StepSettle, "settle."+string(action), "folder", folder)
	}
}

// disposition is what is to happen on the server to a message with that result. A message that somebody must still
// look at stays where it is, unless a folder is named for such messages. A delete waits for a second look: it is read
// again from the ledger, one poll later at the earliest, before the server is told.
func disposition(
	s models.InboxSettings, door string, state models.MessageState, reason rule.Reason,
) (mailbox.Action, string, time.Duration) {
	failed := state == models.MessageQuarantined || state == models.MessageOversize || state == models.MessageReceived
	if door == doorPOP3 {
		switch {
		case failed || s.POP3After == "keep" || reason == rule.BeforeStart:
			return mailbox.Leave, "", 0
		case s.POP3After == "delete_after_days":
			return mailbox.Delete, "", time.Duration(s.POP3DeleteDays) * 24 * time.Hour
		default:
			return mailbox.Delete, "", s.PollInterval
		}
	}
	if failed {
		if s.After == string(mailbox.Move) && s.MoveFailedTo != "" {
			return mailbox.Move, s.MoveFailedTo, 0
		}
		return mailbox.Leave, "", 0
	}
	switch mailbox.Action(s.After) {
	case mailbox.Seen:
		return mailbox.Seen, "", 0
	case mailbox.Delete:
		return mailbox.Delete, "", s.PollInterval
	case mailbox.Move:
		if state == models.MessageRejected && s.MoveRejectedTo != "" {
			return mailbox.Move, s.MoveRejectedTo, 0
		}
		return mailbox.Move, s.MoveTo, 0
	default:
		return mailbox.Leave, "", 0
	}
}

// settle tells the server what has become of messages that are final in the ledger. It groups them, so that a window
// costs one command per disposition.
func (v *visit) settle(ctx context.Context) error {
	if !fromServer(v.door) {
		return nil // What the server is to be told waits for a visit to it.
	}
	at, err := v.g.trustedTime(ctx)
	if err != nil {
		return err
	}
	for {
		due, err := v.g.Store.UnsettledMessages(ctx, v.inbox.ID, at, 500)
		if err != nil {
			return fmt.Errorf("read unsettled messages: %w", err)
		}
		lost := throughOther(due, v.door)
		if err := v.saveSettled(ctx, lost, models.SettleGone); err != nil {
			return err
		}
		progress := len(lost) > 0
		for _, group := range grouped(due, v.door, v.deferred) {
			settled := v.box.Settle(ctx, group.refs, group.do)
			if err := v.keepSettled(ctx, group, settled); err != nil {
				return err
			}
			progress = true
		}
		if !progress || len(due) < 500 {
			return nil
		}
	}
}

// settleGroup is messages that are told the server with one command.
type settleGroup struct {
	do   mailbox.Disposition
	refs []mailbox.Ref
	ids  map[mailbox.Ref]models.Message
}

// throughOther are the messages that came by another protocol than this visit speaks: their names mean nothing here.
func throughOther(due []models.Message, door string) []int64 {
	var ids []int64
	for _, m := range due {
		if m.Door != door {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// grouped puts messages with the same disposition and folder together, in the order in which they came. Those in skip
// have been told in this visit already and wait for its end.
func grouped(due []models.Message, door string, skip map[int64]bool) []*settleGroup {
	var all []*settleGroup
	byKey := map[string]*settleGroup{}
	for _, m := range due {
		if skip[m.ID] || m.Door != door {
			continue
		}
		key := m.Folder + "\x00" + m.SettleAction + "\x00" + m.SettleFolder
		gr := byKey[key]
		if gr == nil {
			gr = &settleGroup{
				do:  mailbox.Disposition{Action: mailbox.Action(m.SettleAction), Folder: m.SettleFolder},
				ids: map[mailbox.Ref]models.Message{},
			}
			byKey[key] = gr
			all = append(all, gr)
		}
		ref := refOf(m)
		gr.refs = append(gr.refs, ref)
		gr.ids[ref] = m
	}
	return all
}

// keepSettled writes down what the server confirmed. Where a settlement is only final once the visit is closed (POP3),
// it is kept for finish. A message of which the answer says nothing counts as refused.
func (v *visit) keepSettled(ctx context.Context, gr *settleGroup, settled []mailbox.Settled) error {
	var done, gone []int64
	refused := map[refusal][]int64{}
	var cause error
	refuse := func(m models.Message, err error) {
		code, _ := failure(err)
		key := refusal{code, m.SettleAttempts}
		refused[key] = append(refused[key], m.ID)
		cause = err
	}
	for _, s := range settled {
		m, ok := gr.ids[s.Ref]
		if !ok {
			continue
		}
		delete(gr.ids, s.Ref)
		switch {
		case s.Err != nil:
			refuse(m, s.Err)
		case s.Gone:
			gone = append(gone, m.ID)
		case v.watcher == nil:
			v.deferred[m.ID] = true
		default:
			done = append(done, m.ID)
		}
	}
	for _, m := range gr.ids {
		refuse(m, errNotAnswered)
	}
	if err := v.saveSettled(ctx, done, models.SettleDone); err != nil {
		return err
	}
	if err := v.saveSettled(ctx, gone, models.SettleGone); err != nil || len(refused) == 0 {
		return err
	}
	return v.keepRefused(ctx, refused, cause)
}

// refusal is what messages have in common that the server has not settled.
type refusal struct {
	code     string
	attempts int
}

var errNotAnswered = errors.New("the server said nothing about the message")

// keepRefused has messages settled again later. A visit that is ended by us has refused nothing.
func (v *visit) keepRefused(ctx context.Context, refused map[refusal][]int64, cause error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for r, ids := range refused {
		v.g.counts.refused.Add(int64(len(ids)))
		v.g.Log.LogAttrs(ctx, slog.LevelWarn, "settlement refused", slog.Int64("inbox_id", v.inbox.ID), slog.Int64("message_id", ids[0]),
			slog.Int("messages", len(ids)), slog.String("code", r.code), slog.Any("err", cause))
		again := now().Add(retryDelay(r.attempts + 1))
		if err := v.g.Store.SaveSettled(ctx, ids, models.SettleFailed, r.code, &again); err != nil {
			return fmt.Errorf("keep a failed settlement: %w", err)
		}
	}
	return nil
}

func (v *visit) saveSettled(ctx context.Context, ids []int64, state models.SettleState) error {
	if len(ids) == 0 {
		return nil
	}
	if err := v.g.Store.SaveSettled(ctx, ids, state, "", nil); err != nil {
		return fmt.Errorf("keep settlements: %w", err)
	}
	return nil
}
