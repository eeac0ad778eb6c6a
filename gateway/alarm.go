package gateway

import (
	"context"
	"errors"
	"fmt"

	"letterbox/gateway/outbound"
	"letterbox/models"
)

// TellWebhookOff tells by mail that a webhook was switched off because it does not work: the admins of the installation, and
// those of its project, when they are told by mail of what is assigned to them. It joins the transaction in ctx. Without a
// sending account nothing goes out and it is no error: the pages say it too.
func (g *Gateway) TellWebhookOff(ctx context.Context, w models.Webhook) error {
	project := int64(0)
	if w.ProjectID != nil {
		project = *w.ProjectID
	}
	account, err := g.sendingFor(ctx, 0, project)
	if errors.Is(err, models.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	people, err := g.Store.AdminsOf(ctx, project)
	if err != nil {
		return err
	}
	ids := make([]int64, 0, len(people))
	for _, u := range people {
		ids = append(ids, u.ID)
	}
	settings, err := g.Store.NotifySettings(ctx, ids)
	if err != nil {
		return err
	}
	own, err := g.ownAddresses(ctx)
	if err != nil {
		return err
	}
	keys, err := g.signing(ctx)
	if err != nil {
		return err
	}
	at, name := now(), outbound.Line(w.Name, 100)
	var list []*models.Outgoing
	for _, u := range people {
		if len(u.Addresses) == 0 || isOwn(own, u.Addresses[0]) || !outbound.Sendable(u.Addresses[0]) {
			continue
		}
		due, _, ok := settings[u.ID].When("assigned", at)
		if !ok {
			continue
		}
		to, lang := u.Addresses[0], or(u.Language, account.Settings.Language)
		text := g.say(lang, "mail.alarm.webhook.text", "name", name, "reason", g.say(lang, w.OffReason))
		if g.BaseURL != "" && u.Role == models.RoleAdmin {
			text += "\n\n" + g.say(lang, "mail.notice.open", "url", g.BaseURL+"/webhooks/"+itoa(w.ID))
		}
		list = append(list, &models.Outgoing{
			Kind: models.OutgoingAlarm, AccountID: account.ID, Recipient: to, RecipientName: u.Name, Language: lang, State: models.OutgoingQueued,
			RFCMessageID: keys.MessageID("w", 0, at.UnixMicro(), to, helloOf(account.Address)),
			Content: models.OutgoingContent{
				Subject: g.say(lang, "mail.alarm.webhook.subject", "name", name), To: []string{to},
				Text: text + "\n\n-- \n" + g.say(lang, "mail.alarm.because") + "\n" + g.say(lang, "mail.notice.settings"),
			},
			NextAttemptAt: &due, CreatedAt: at, ExpiresAt: due.Add(noticeLife),
		})
	}
	if len(list) == 0 {
		return nil
	}
	if err := g.Store.AddOutgoing(ctx, list); err != nil {
		return fmt.Errorf("tell that a webhook was switched off: %w", err)
	}
	return nil
}
