package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"letterbox/gateway/oauth"
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
	name := outbound.Line(w.Name, 100)
	err = g.alarm(ctx, account, alarm{
		project: project, kind: "w", page: "/webhooks/" + itoa(w.ID), admins: true,
		subject: func(lang string) string { return g.say(lang, "mail.alarm.webhook.subject", "name", name) },
		text: func(lang string) string {
			return g.say(lang, "mail.alarm.webhook.text", "name", name, "reason", g.say(lang, w.OffReason))
		},
	})
	if err != nil {
		return fmt.Errorf("tell that a webhook was switched off: %w", err)
	}
	return nil
}

// tellSecretEnds reminds by mail that the secret by which something signs in ends in so many days, or with -1 that it has ended:
// the admins of the installation, and those of the project of an inbox. It goes out by an account that needs no such secret
// where there is one. It joins the transaction in ctx.
func (g *Gateway) tellSecretEnds(ctx context.Context, t *oauthTarget, v OAuthView, days int) error {
	project, inbox := int64(0), int64(0)
	if t.isInbox {
		if inbox = t.inbox.ID; !t.inbox.Global {
			project = t.inbox.ProjectID
		}
	}
	account, err := g.sendingWithout(ctx, inbox, project, *t.settings, v.Owner)
	if errors.Is(err, models.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	key, name := "mail.alarm.secret", outbound.Line(v.Name, 100)
	if days < 0 {
		key = "mail.alarm.secret_over"
	}
	page := "/inboxes/" + itoa(inbox) + "/oauth"
	if !t.isInbox {
		page = "/sending/accounts/" + itoa(t.sending.ID) + "/oauth"
	}
	err = g.alarm(ctx, account, alarm{
		project: project, kind: "s", page: page,
		subject: func(lang string) string { return g.say(lang, key+".subject", "name", name, "n", itoa(int64(days))) },
		text: func(lang string) string {
			return g.say(lang, key+".text", "name", name, "n", itoa(int64(days)), "day", v.SecretEnds.UTC().Format("2006-01-02"))
		},
	})
	if err != nil {
		return fmt.Errorf("remind that a client secret ends: %w", err)
	}
	return nil
}

// sendingWithout returns the account by which mail about an inbox goes out, or another one where that account signs in by the
// app whose secret it is about. It is the first one again when all do.
func (g *Gateway) sendingWithout(ctx context.Context, inbox, project int64, app models.OAuthSettings, owner OAuthOwner) (models.SendingAccount, error) {
	first, err := g.sendingFor(ctx, inbox, project)
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return first, err
	}
	needs := func(a models.SendingAccount) bool {
		s := a.Settings
		return OAuthSending(a.ID) == owner || (s.Auth == oauth.ClientFlow || s.Auth == oauth.UserFlow) && s.OAuth.ClientID == app.ClientID
	}
	if err == nil && !needs(first) {
		return first, nil
	}
	all, lerr := g.Store.SendingAccounts(ctx)
	if lerr != nil {
		return first, fmt.Errorf("read sending accounts: %w", lerr)
	}
	if i := slices.IndexFunc(all, func(a models.SendingAccount) bool { return !needs(a) }); i >= 0 {
		return all[i], nil
	}
	return first, err
}

// alarm is a mail to those who look after something that needs them.
type alarm struct {
	project       int64  // Its admins are told, too; 0: none.
	kind          string // Of its Message-ID.
	subject, text func(lang string) string
	page          string // Where to see to it.
	admins        bool   // Only admins of the installation may see the page.
}

// alarm puts the mails into the outbox, in the transaction of what they tell of. Who has switched off mails about what is
// assigned to him gets none.
func (g *Gateway) alarm(ctx context.Context, account models.SendingAccount, a alarm) error {
	people, err := g.Store.AdminsOf(ctx, a.project)
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
	at := now()
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
		text := a.text(lang)
		if g.BaseURL != "" && (u.Role == models.RoleAdmin || !a.admins) {
			text += "\n\n" + g.say(lang, "mail.notice.open", "url", g.BaseURL+a.page)
		}
		list = append(list, &models.Outgoing{
			Kind: models.OutgoingAlarm, AccountID: account.ID, Recipient: to, RecipientName: u.Name, Language: lang, State: models.OutgoingQueued,
			RFCMessageID: keys.MessageID(a.kind, 0, at.UnixMicro(), to, helloOf(account.Address)),
			Content: models.OutgoingContent{
				Subject: a.subject(lang), To: []string{to},
				Text: text + "\n\n-- \n" + g.say(lang, "mail.alarm.because") + "\n" + g.say(lang, "mail.notice.settings"),
			},
			NextAttemptAt: &due, CreatedAt: at, ExpiresAt: due.Add(noticeLife),
		})
	}
	if len(list) == 0 {
		return nil
	}
	return g.Store.AddOutgoing(ctx, list)
}
