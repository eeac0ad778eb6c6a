package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"letterbox/gateway/message"
	"letterbox/gateway/rule"
	"letterbox/gateway/thread"
	"letterbox/models"
	"letterbox/models/store"
)

// unknownSender is whose issues are that came from nobody in particular.
const unknownSender = models.UnknownSender

// mostRaces is how often a transaction is made again at once because another one was faster.
const mostRaces = 3

// apply makes the effect of the message and its final state durable together, in one transaction. It can run twice:
// the ledger row and the effect are guarded by unique keys and by the state the row must still be in.
func (g *Gateway) apply(ctx context.Context, d *delivery) error {
	if d.held {
		return g.applyOnce(ctx, d)
	}
	for try := 1; ; try++ {
		err := g.applyOnce(ctx, d)
		if errors.Is(err, models.ErrConflict) || errors.Is(err, store.ErrCommitUnknown) {
			err = g.applied(ctx, d, err)
		}
		if try < mostRaces && errors.Is(err, models.ErrConflict) {
			if again := g.matchAgain(ctx, d); again != nil {
				return again
			}
		}
		if try == mostRaces || !errors.Is(err, models.ErrConflict) {
			return err
		}
	}
}

func (g *Gateway) applyOnce(ctx context.Context, d *delivery) error {
	before := *d
	err := g.Store.WithTx(ctx, func(ctx context.Context) error {
		d.row, d.trace, d.state, d.reason, d.issue, d.comment = before.row, slices.Clone(before.trace), before.state, before.reason, 0, 0
		if !d.held {
			if err := d.fence.hold(ctx, g.Store); err != nil {
				return err
			}
		}
		if err := g.lookAgain(ctx, d); err != nil {
			return err
		}
		if err := g.effect(ctx, d); err != nil {
			return err
		}
		return g.saveResult(ctx, d)
	})
	if err != nil {
		d.row, d.trace, d.state, d.reason, d.issue, d.comment = before.row, before.trace, before.state, before.reason, 0, 0
	}
	return err
}

// hasEffect reports whether the message makes an issue or a comment.
func (d *delivery) hasEffect() bool {
	return d.state == models.MessageCreated || d.state == models.MessageCommented
}

// lookAgain finds the same mail once more, where nobody else can bring it to a result at the same moment: one mail to two
// inboxes of a project reaches both at once. What is held was looked for like that before.
func (g *Gateway) lookAgain(ctx context.Context, d *delivery) error {
	if !d.hasEffect() || d.rerun || d.row.BlobID == nil || d.held && g.Store.Exclusive() {
		return nil
	}
	if !d.held {
		if err := g.Store.HoldBlobs(ctx, *d.row.BlobID); err != nil {
			return fmt.Errorf("hold the octets: %w", err)
		}
	}
	if d.mayComeTwice() {
		if err := g.Store.HoldMessageID(ctx, d.mail.MessageID); err != nil {
			return fmt.Errorf("hold the message id: %w", err)
		}
	}
	if !d.held {
		if err := g.markDuplicate(ctx, d); err != nil || !d.hasEffect() {
			return err
		}
	}
	return g.lookForCopy(ctx, d)
}

// applied resolves an outcome that is not known: the ledger row tells whether the transaction took effect.
func (g *Gateway) applied(ctx context.Context, d *delivery, cause error) error {
	row, err := g.Store.MessageByID(ctx, d.row.ID)
	if err != nil {
		return errors.Join(cause, err)
	}
	if !row.State.Final() || d.rerun && row.Reprocessed < d.run {
		return cause
	}
	d.row, d.state, d.reason = row, row.State, rule.Reason(row.Reason)
	if row.IssueNumber != nil {
		d.issue = *row.IssueNumber
	}
	return nil
}

// effect creates the issue or adds the comment.
func (g *Gateway) effect(ctx context.Context, d *delivery) error {
	if !d.hasEffect() {
		return nil
	}
	author, err := g.author(ctx, d)
	if err != nil {
		return err
	}
	files, err := g.attachments(ctx, d)
	if err != nil {
		return err
	}
	origin, people := &d.row.ID, participants(d)
	if d.target.note {
		people = nil
	}
	if d.state == models.MessageCommented {
		c, err := g.Tracker.AddComment(ctx, models.NewComment{
			IssueNumber: d.target.comment, AuthorID: author.ID, Body: d.body(), OriginMessageID: origin,
			Reopen: d.target.reopen && !d.row.Archived && d.changed.State == nil, Attachments: files, WatcherIDs: d.watching(), Participants: people,
			Internal: d.target.note, Aside: d.active.only, Tell: tellOf(d),
		})
		if err != nil {
			return fmt.Errorf("add the comment: %w", err)
		}
		d.issue, d.comment = c.IssueNumber, c.ID
		d.note(models.StepApply, "apply.comment", "key", issueKey(c.IssueNumber))
		if err := g.updateByProfile(ctx, d, author.ID); err != nil {
			return err
		}
		if err := g.changeByFlow(ctx, d, author.ID); err != nil {
			return err
		}
	} else {
		state := cmp.Or(d.flowed.New.State, models.IssueNew)
		if d.row.Archived {
			state = models.IssueClosed
		}
		i, err := g.Tracker.CreateIssue(ctx, d.setByProfile(models.NewIssue{
			ProjectID: d.project(), Title: d.title(), Description: d.body(), State: state,
			ReporterID: author.ID, OriginMessageID: origin, Attachments: files, WatcherIDs: d.watching(),
			Participants: people, Mentions: d.target.mentioned(), Tell: tellOf(d),
		}))
		if err != nil {
			return fmt.Errorf("create the issue: %w", err)
		}
		d.issue = i.Number
		d.note(models.StepApply, "apply.issue", "key", issueKey(i.Number))
	}
	if err := g.recordIntake(ctx, d); err != nil {
		return err
	}
	if err := g.addToActive(ctx, d, author.ID, files); err != nil {
		return err
	}
	if err := g.claimKey(ctx, d); err != nil {
		return err
	}
	if err := g.runCommands(ctx, d); err != nil {
		return err
	}
	if d.mail.MessageID != "" {
		if err := g.Store.AddMessageIDs(ctx, d.issue, []string{d.mail.MessageID}, false); err != nil {
			return fmt.Errorf("keep the message id: %w", err)
		}
	}
	return nil
}

// author is the user who speaks: the known one, or a customer made of the sender.
func (g *Gateway) author(ctx context.Context, d *delivery) (models.User, error) {
	if d.people.sender != nil {
		return *d.people.sender, nil
	}
	address, name := sender(d.mail), ""
	if at := strings.LastIndexByte(address, '@'); d.people.forged || at < 1 || at == len(address)-1 { // "root" and "@@" are nobody.
		address = unknownSender
	} else {
		name = d.mail.From[0].Name
	}
	if address != unknownSender && g.tooManyNew(d) {
		d.note(models.StepApply, "apply.nobody", "address", address, "max", itoa(int64(g.newcomers.most)))
		address, name = unknownSender, ""
	}
	u, err := g.Tracker.EnsureCustomer(ctx, cut(name, 250), address)
	if _, unusable := errors.AsType[models.InvalidList](err); unusable { // "From: root" is let in where everybody is.
		u, err = g.Tracker.EnsureCustomer(ctx, "", unknownSender)
	}
	if err != nil {
		return u, fmt.Errorf("make a customer of the sender: %w", err)
	}
	return u, nil
}

func (g *Gateway) attachments(ctx context.Context, d *delivery) ([]models.Attachment, error) {
	var all []models.Attachment
	names := message.UniqueNames(d.mail.Attachments)
	for i, a := range d.mail.Attachments {
		if i >= len(d.files) || d.files[i] == nil || d.dropped[i] {
			continue
		}
		b, err := d.files[i].Seal(ctx)
		if err != nil {
			return nil, fmt.Errorf("keep attachment %d: %w", i, err)
		}
		all = append(all, models.Attachment{
			Place: i, BlobID: b.ID, Name: names[i], ContentType: a.ContentType, Size: a.Size, SHA256: a.SHA256,
			ContentID: a.ContentID, Inline: a.Inline,
		})
	}
	return all, nil
}

// saveResult writes the trace and moves the ledger row to its final state.
func (g *Gateway) saveResult(ctx context.Context, d *delivery) error {
	row := d.row
	row.State, row.Reason, row.Step = d.state, string(d.reason), models.StepApply
	if headerOnly(d.row) && d.issue != 0 {
		row.State, row.Reason = models.MessageOversize, string(rule.TooLarge)
	}
	row.ErrorCode, row.ErrorDetail, row.NextAttemptAt = "", "", nil
	finished := now()
	row.FinishedAt = &finished
	if d.issue != 0 {
		row.IssueNumber = &d.issue
	}
	if d.comment != 0 {
		row.CommentID = &d.comment
	}
	if !d.rerun {
		g.planSettle(d.settleAs(), d, &row)
	}
	if err := g.takeUnread(ctx, d, &row); err != nil {
		return err
	}
	if err := g.planNotice(ctx, d); err != nil {
		return err
	}
	if err := g.planForward(ctx, d); err != nil {
		return err
	}
	calls, err := g.callWebhooks(ctx, d)
	if err != nil {
		return err
	}
	if row.IssueNumber == nil && d.bounced != 0 {
		row.IssueNumber = &d.bounced
	}
	if err := g.Store.SaveTrace(ctx, &models.Trace{MessageID: row.ID, Run: d.run, Entries: d.trace, CreatedAt: finished}); err != nil {
		return fmt.Errorf("keep the trace: %w", err)
	}
	from := []models.MessageState{models.MessageReceived}
	if d.rerun {
		from = append(from, d.row.State)
		if err := g.Store.AddReprocessed(ctx, row.ID); err != nil {
			return fmt.Errorf("count the run: %w", err)
		}
	}
	if err := g.Store.FinishMessage(ctx, &row, from...); err != nil {
		return fmt.Errorf("finish the message: %w", err)
	}
	if err := g.publishMessage(ctx, d.inbox, row, calls...); err != nil {
		return err
	}
	d.row = row
	return nil
}

// participants are the addresses of the mail, our own aside.
func participants(d *delivery) []string {
	var all []string
	for _, list := range [][]message.Address{d.mail.From, d.mail.To, d.mail.Cc} {
		for _, a := range list {
			address := lower(a.Address)
			if d.people.forged && address == sender(d.mail) {
				continue
			}
			if address == "" || len(address) > 320 || isOwn(d.people.own, address) || slices.Contains(all, address) || len(all) == 100 {
				continue
			}
			all = append(all, address)
		}
	}
	return all
}

// titleOf is the title of an issue that a mail opens; the whole subject stays with the message.
func titleOf(m *message.Message) string { return cut(thread.Title(m.Subject), 255) }
