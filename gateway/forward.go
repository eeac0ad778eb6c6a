package gateway

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"letterbox/gateway/flow"
	"letterbox/gateway/outbound"
	"letterbox/models"
)

// forwardsHour is how many mails of an inbox flow rules send on in an hour.
const forwardsHour = 100

// planForward puts a mail that flow rules send on into the outbox, in the transaction of its result, or records why it does
// not go on. It is a new mail of ours with the original inside, so it says that it is automatic and carries our mark
// (RFC 3834, 5), and what comes back of it is a bounce of ours (RFC 5321, 3.9).
func (g *Gateway) planForward(ctx context.Context, d *delivery) error {
	if len(d.flowed.Forward) == 0 || !d.hasEffect() {
		return nil
	}
	for _, f := range d.flowed.Forward {
		code, err := g.forward(ctx, d, f)
		if err != nil {
			return fmt.Errorf("forward: %w", err)
		}
		d.note(models.StepNotify, code, "address", f.To, "rule", f.Rule)
	}
	return nil
}

// forward fills the outbox, or returns the code of the reason why the mail does not go to that address.
func (g *Gateway) forward(ctx context.Context, d *delivery, f flow.Forward) (code string, err error) {
	at := now()
	switch {
	case d.row.Archived || d.row.Door == doorImport:
		return "notify.forward_archived", nil
	case d.mail.Auto.Generated, d.mail.Bounce != nil, d.mail.FeedbackReport != nil, len(d.mail.Loop) > 0, d.people.outgoing:
		return "notify.forward_automatic", nil
	case d.mail.List && !f.Lists:
		return "notify.forward_list", nil
	case isOwn(d.people.own, f.To):
		return "notify.forward_own", nil
	case f.To == sender(d.mail):
		return "notify.forward_sender", nil
	case headerOnly(d.row) || d.row.BlobID == nil:
		return "notify.forward_too_large", nil
	}
	account, err := g.sendingFor(ctx, d.inbox.ID, d.project())
	if errors.Is(err, models.ErrNotFound) {
		return "notify.forward_no_account", nil
	}
	if err != nil {
		return "", err
	}
	if _, err := g.Store.Suppressed(ctx, f.To, at); !errors.Is(err, models.ErrNotFound) {
		return "notify.forward_suppressed", err
	}
	n, err := g.Store.ForwardsSince(ctx, d.inbox.ID, at.Add(-time.Hour))
	if err != nil {
		return "", err
	}
	if n >= forwardsHour {
		g.Log.LogAttrs(ctx, slog.LevelWarn, "mail not forwarded, too many of them", slog.Int64("inbox_id", d.inbox.ID), slog.Int64("message_id", d.row.ID))
		return "notify.forward_limited", nil
	}
	return "notify.forward", g.queueForward(ctx, d, account, f, at)
}

func (g *Gateway) queueForward(ctx context.Context, d *delivery, account models.SendingAccount, f flow.Forward, at time.Time) error {
	keys, err := g.signing(ctx)
	if err != nil {
		return err
	}
	lang, from := account.Settings.Language, ""
	if len(d.mail.From) > 0 {
		from = outbound.Line(d.mail.From[0].Name+" <"+d.mail.From[0].Address+">", 300)
	}
	subject := outbound.Line(d.mail.Subject, 200)
	text := g.say(lang, "mail.forward.text", "inbox", outbound.Line(d.inbox.Name, 100), "rule", f.Rule, "from", from, "subject", subject, "key", issueKey(d.issue))
	if link := g.linkTo(d.issue); link != "" {
		text += "\n" + g.say(lang, "mail.notice.open", "url", link)
	}
	o := models.Outgoing{
		Kind: models.OutgoingForward, AccountID: account.ID, InboxID: &d.inbox.ID, IssueNumber: d.issue, MessageID: &d.row.ID,
		Recipient: f.To, Language: lang, State: models.OutgoingQueued,
		RFCMessageID: keys.MessageID("f", 0, d.row.ID, f.To, helloOf(account.Address)), // Once, however often the mail is processed.
		Content: models.OutgoingContent{
			Subject: g.say(lang, "mail.forward.subject", "subject", subject), Text: text, To: []string{f.To},
			References: append(lastOf(d.mail.References, 20), d.mail.MessageID),
		},
		NextAttemptAt: &at, CreatedAt: at, ExpiresAt: at.Add(answerLife),
	}
	d.queued = true
	return g.Store.AddOutgoing(ctx, []*models.Outgoing{&o})
}

// attachOriginal adds the mail that is sent on, as it came. It reports false when it is not kept any more.
func (g *Gateway) attachOriginal(ctx context.Context, o models.Outgoing, m *outbound.Mail) (bool, error) {
	if o.MessageID == nil {
		return false, nil
	}
	row, err := g.Store.MessageByID(ctx, *o.MessageID)
	if err != nil || row.BlobID == nil {
		return false, ignoreGone(err)
	}
	open := func() (io.ReadCloser, error) {
		r, _, err := g.Store.OpenBlob(ctx, *row.BlobID)
		return r, err
	}
	r, err := open()
	if err != nil {
		return false, fmt.Errorf("open the original: %w", err)
	}
	plain, err := plainLines(r)
	if err = errors.Join(err, r.Close()); err != nil {
		return false, fmt.Errorf("read the original: %w", err)
	}
	m.Files = []outbound.File{{Name: "original.eml", ContentType: "message/rfc822", Size: row.Size, Open: open, Verbatim: plain}}
	return true, nil
}

// plainLines reports whether octets may stand in a mail as they are: ASCII in lines of at most 998, each with CRLF.
func plainLines(r io.Reader) (bool, error) {
	in, length, last := bufio.NewReader(r), 0, byte('\n')
	for {
		c, err := in.ReadByte()
		if errors.Is(err, io.EOF) {
			return last == '\n', nil
		}
		if err != nil {
			return false, err
		}
		switch length++; {
		case c == '\n' && last == '\r':
			length = 0
		case c == '\n', c == 0, c >= 0x80, last == '\r', length > 999:
			return false, nil
		}
		last = c
	}
}
