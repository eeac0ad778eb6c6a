package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"letterbox/gateway/authenticity"
	"letterbox/gateway/outbound"
	"letterbox/gateway/rule"
	"letterbox/models"
)

// refusalPause is how long a sender gets no second notice of a refusal (RFC 3834, 2: at most one in some days for the
// same reason; here it is one a day).
const refusalPause = 24 * time.Hour

// tellsRefused reports whether the inbox tells verified senders that their mail was refused.
func (d *delivery) tellsRefused() bool {
	return d.rules != nil && d.rules.rules.RejectNotice == "verified"
}

// planRefusal puts the notice of a refusal into the outbox, in the transaction of the refusal, or records why the sender
// is not told. The notice is the same whatever the reason, so nobody learns the rules from it (SEC-51);
// a flow rule that refuses may have a text of its own.
func (g *Gateway) planRefusal(ctx context.Context, d *delivery) error {
	if !d.tellsRefused() || d.rerun {
		return nil
	}
	code, err := g.tellRefused(ctx, d)
	if err != nil {
		return fmt.Errorf("tell of a refusal: %w", err)
	}
	if code != "" {
		d.note(models.StepNotify, code, "address", sender(d.mail))
	}
	return nil
}

// tellRefused fills the outbox, or returns the code of the reason why the sender is not told.
func (g *Gateway) tellRefused(ctx context.Context, d *delivery) (silent string, err error) {
	from, at := sender(d.mail), now()
	may, _ := d.mayAnswer()
	switch {
	case !may, d.row.Archived, d.row.Door == doorImport, !d.mail.Date.IsZero() && d.mail.Date.Before(at.Add(-oldForAnAck)):
		return "notify.refusal_silent", nil
	case d.reason == rule.SenderBlocked:
		return "notify.refusal_blocked", nil
	case d.auth.State != authenticity.Pass: // What anybody could have written must not have us write to others.
		return "notify.refusal_unverified", nil
	}
	account, err := g.sendingFor(ctx, d.inbox.ID, d.inbox.ProjectID)
	if errors.Is(err, models.ErrNotFound) {
		return "notify.no_account", nil
	}
	if err != nil {
		return "", err
	}
	n, err := g.Store.RefusalsSince(ctx, from, at.Add(-refusalPause))
	if err != nil {
		return "", err
	}
	if n > 0 {
		return "notify.refusal_limited", nil
	}
	if code, err := g.tooMany(ctx, d.inbox.ID, from, at); code != "" || err != nil {
		return "notify.refusal_limited", err
	}
	return "", g.queueRefusal(ctx, d, account, from, at)
}

func (g *Gateway) queueRefusal(ctx context.Context, d *delivery, account models.SendingAccount, to string, at time.Time) error {
	keys, err := g.signing(ctx)
	if err != nil {
		return err
	}
	ack, err := g.Acknowledgement(ctx, d.inbox.ID)
	if err != nil {
		return err
	}
	lang := d.language(account)
	subject, text := g.refusalText(ack, lang, titleOf(d.mail), d.mail.From[0].Name)
	if d.reason == rule.FlowRejected && d.flowed.Text != "" {
		text = d.flowed.Text // Somebody has written it for the sender.
	}
	o := models.Outgoing{
		Kind: models.OutgoingRefusal, AccountID: account.ID, InboxID: &d.inbox.ID, MessageID: &d.row.ID,
		Recipient: to, RecipientName: outbound.Line(d.mail.From[0].Name, 100), Language: lang, State: models.OutgoingQueued,
		RFCMessageID: keys.MessageID("x", 0, d.row.ID, to, helloOf(account.Address)),
		Content: models.OutgoingContent{
			Subject: subject, Text: text, To: []string{to}, InReplyTo: d.mail.MessageID, References: append(lastOf(d.mail.References, 20), d.mail.MessageID),
		},
		NextAttemptAt: &at, CreatedAt: at, ExpiresAt: at.Add(ackLife),
	}
	if err := g.Store.AddOutgoing(ctx, []*models.Outgoing{&o}); err != nil {
		return err
	}
	d.queued = true
	d.note(models.StepNotify, "notify.refusal", "address", to, "from", account.Address)
	return nil
}

// PreviewRefusal returns subject and text of the notice of a refusal as it would go out.
func (g *Gateway) PreviewRefusal(a Acknowledgement, lang string) (subject, text string) {
	return g.refusalText(a, lang, g.say(lang, "mail.ack.example"), g.say(lang, "mail.ack.example_name"))
}

func (g *Gateway) refusalText(a Acknowledgement, lang, title, name string) (subject, text string) {
	title = outbound.HarmlessSubject(title)
	text = g.say(lang, "mail.refusal.text")
	if a.Refusal[lang] != "" {
		text = fillTemplate(a.Refusal[lang], map[string]string{"subject": title, "name": outbound.HarmlessSubject(name)})
	}
	return g.say(lang, "mail.refusal.subject", "subject", title), text
}
