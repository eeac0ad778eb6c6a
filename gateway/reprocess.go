package gateway

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/rule"
	"letterbox/models"
)

// Reprocess has a final message decided again with the rules in force. A message that already became an issue or a
// comment keeps it: its effect is never repeated, only the trace says what would be decided now. An oversize message is
// fetched from the server after all and its text added to its issue. The server is not told again.
func (g *Gateway) Reprocess(ctx context.Context, by *models.User, id int64) (models.Message, error) {
	return g.ReprocessAs(ctx, by, id, Again{})
}

// Again says how a message is processed again. The zero value is: with the rules in force, as any other message.
type Again struct {
	RuleVersion int64 // The version of the rules that decides; 0: the one in force.
	// LetIn has the message taken in whatever the rules say: as a comment on Issue, or as a new issue when that is 0.
	LetIn bool
	Issue int64
}

// ReprocessAs is Reprocess in another way than usual. A message that a person lets in and that has had its effect
// before is models.ErrConflict; one whose octets are not here, and an issue or a version that is not there,
// models.ErrNotFound.
func (g *Gateway) ReprocessAs(ctx context.Context, by *models.User, id int64, how Again) (models.Message, error) {
	return g.reprocess(ctx, by, id, how, nil)
}

// reprocess is ReprocessAs; unread is the lease of the visit that has found the message marked as unread, nil for a person.
func (g *Gateway) reprocess(ctx context.Context, by *models.User, id int64, how Again, unread *fence) (models.Message, error) {
	row, err := g.Store.MessageByID(ctx, id)
	if err != nil {
		return row, err
	}
	if !row.State.Final() {
		return row, fmt.Errorf("message %d is still on its way: %w", id, models.ErrConflict)
	}
	ib, err := g.Store.InboxByID(ctx, row.InboxID)
	if err != nil {
		return row, fmt.Errorf("read the inbox: %w", err)
	}
	if how.LetIn {
		if err := g.mayLetIn(ctx, row, how); err != nil {
			return row, err
		}
	} else if fromServer(row.Door) && (row.State == models.MessageOversize || row.State == models.MessageQuarantined && row.BlobID == nil) {
		return g.fetchAnyway(ctx, by, row)
	}
	if row.BlobID == nil && unread != nil && row.IssueNumber == nil {
		return g.fetchAnyway(ctx, by, row) // It is on the server still.
	}
	if row.BlobID == nil {
		return row, fmt.Errorf("the octets of message %d are not kept any more: %w", id, models.ErrNotFound)
	}
	deciding := ib
	if how.RuleVersion != 0 {
		deciding.RuleVersion = how.RuleVersion
	}
	rules, err := g.rulesOf(ctx, deciding)
	if err != nil {
		return row, err
	}
	if row, err = g.markHeaderOnly(ctx, row); err != nil {
		return row, err
	}
	row.Reprocessed++
	d := &delivery{inbox: ib, rules: rules, row: row, rerun: true, run: row.Reprocessed}
	if unread != nil {
		d.marking, d.fence = true, *unread
		d.note(models.StepFetch, "reprocess.unread", "version", itoa(rules.version))
	} else {
		d.note(models.StepStore, "reprocess.by", "user", nameOf(by), "version", itoa(rules.version))
	}
	if how.LetIn {
		d.told = &order{by: nameOf(by), issue: how.Issue}
	}
	if row.IssueNumber != nil {
		return g.decideAgain(ctx, by, d)
	}
	if err := g.process(ctx, d); err != nil {
		return row, err
	}
	g.notify(ctx, d)
	return d.row, g.audit(ctx, by, "message.reprocess", "message:"+itoa(id), d.auditAgain())
}

// markHeaderOnly notes again that only the header of a message is kept, when it was refused by its header: the size in
// the ledger is then that of the whole message.
func (g *Gateway) markHeaderOnly(ctx context.Context, row models.Message) (models.Message, error) {
	r, size, err := g.Store.OpenBlob(ctx, *row.BlobID)
	if err != nil {
		return row, fmt.Errorf("open the octets: %w", err)
	}
	if size != row.Size && row.IssueNumber == nil {
		row.Reason, row.FetchAnyway = string(rule.TooLarge), false
	}
	return row, r.Close()
}

// decideAgain writes down what today's rules say of a message that has had its effect.
func (g *Gateway) decideAgain(ctx context.Context, by *models.User, d *delivery) (models.Message, error) {
	d.dry = true
	if err := g.decide(ctx, d); err != nil {
		return d.row, err
	}
	d.note(models.StepApply, "apply.has_effect", "key", issueKey(*d.row.IssueNumber))
	row, err := g.Store.MessageByID(ctx, d.row.ID)
	if err != nil {
		return row, err
	}
	from := row.State
	row.Reprocessed = d.run
	settled := row.SettleState
	err = g.Store.WithTx(ctx, func(ctx context.Context) error {
		row.SettleState = settled
		if err := d.fence.hold(ctx, g.Store); err != nil {
			return err
		}
		if err := g.takeUnread(ctx, d, &row); err != nil {
			return err
		}
		if err := g.Store.AddReprocessed(ctx, row.ID); err != nil {
			return err
		}
		if err := g.Store.SaveTrace(ctx, &models.Trace{MessageID: row.ID, Run: d.run, Entries: d.trace, CreatedAt: now()}); err != nil {
			return err
		}
		if err := g.Store.FinishMessage(ctx, &row, from); err != nil {
			return err
		}
		return g.audit(ctx, by, "message.reprocess", "message:"+itoa(row.ID), d.auditAgain())
	})
	return row, err
}

// fetchAnyway puts a message that was never downloaded back to known; the next visit fetches it whatever its size.
func (g *Gateway) fetchAnyway(ctx context.Context, by *models.User, row models.Message) (models.Message, error) {
	err := g.Store.WithTx(ctx, func(ctx context.Context) error {
		if err := g.Store.ResetToFetch(ctx, row.ID); err != nil {
			return err
		}
		return g.audit(ctx, by, "message.fetch", "message:"+itoa(row.ID), nil)
	})
	if err != nil {
		return row, fmt.Errorf("put the message back: %w", err)
	}
	if err := g.Poll(ctx, row.InboxID); err != nil {
		return row, err
	}
	return g.Store.MessageByID(ctx, row.ID)
}

// DryRun decides on one message and throws the decision away: nothing is written.
func (g *Gateway) DryRun(ctx context.Context, inboxID int64, r io.Reader) (Decision, error) {
	ib, err := g.Store.InboxByID(ctx, inboxID)
	if err != nil {
		return Decision{}, err
	}
	rules, err := g.rulesOf(ctx, ib)
	if err != nil {
		return Decision{}, err
	}
	raw, err := io.ReadAll(io.LimitReader(r, ib.Settings.MaxMessageSize+1))
	if err != nil {
		return Decision{}, fmt.Errorf("read the message: %w", err)
	}
	d := &delivery{inbox: ib, rules: rules, raw: raw, dry: true, row: models.Message{InboxID: inboxID, Size: int64(len(raw))}}
	large := d.row.Size > ib.Settings.MaxMessageSize
	if large {
		var head bytes.Buffer
		if err := mailbox.CopyHeader(&head, bytes.NewReader(raw), headerMost); err != nil {
			return Decision{}, err
		}
		d.raw, d.row.Reason = head.Bytes(), string(rule.TooLarge)
	}
	if err := g.decide(ctx, d); err != nil {
		return Decision{}, err
	}
	if large && d.hasEffect() {
		d.state, d.reason = models.MessageOversize, rule.TooLarge
	}
	return d.decision(), nil
}

func nameOf(u *models.User) string {
	if u == nil {
		return "-"
	}
	return u.Name
}
