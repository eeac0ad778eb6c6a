package gateway

import (
	"context"
	"errors"
	"fmt"

	"letterbox/gateway/outbound"
	"letterbox/models"
)

// SendsLinks reports whether links by which people choose a password can go out by mail: there is a sending account that works,
// and somebody has said where people reach the server.
func (g *Gateway) SendsLinks(ctx context.Context) (bool, error) {
	_, ok, err := g.linkAccount(ctx)
	return ok, err
}

func (g *Gateway) linkAccount(ctx context.Context) (a models.SendingAccount, ok bool, err error) {
	if g.BaseURL == "" {
		return a, false, nil
	}
	a, err = g.sendingFor(ctx, 0, 0)
	if errors.Is(err, models.ErrNotFound) {
		return a, false, nil
	}
	return a, err == nil && a.TroubleCode == "", err
}

// QueueLink puts the mail with a link into the outbox, in the transaction that made the link, and reports whether it did: not
// when no account sends, or nothing can be sent to the person. The mail holds the number of the link; the link itself is
// written when the mail goes out.
func (g *Gateway) QueueLink(ctx context.Context, u models.User, l models.PasswordLink) (bool, error) {
	a, ok, err := g.linkAccount(ctx)
	if err != nil || !ok || len(u.Addresses) == 0 || !outbound.Sendable(u.Addresses[0]) {
		return false, err
	}
	to, at := u.Addresses[0], now()
	own, err := g.ownAddresses(ctx)
	if err != nil || isOwn(own, to) {
		return false, err
	}
	if _, err := g.Store.Suppressed(ctx, to, at); !errors.Is(err, models.ErrNotFound) {
		return false, err
	}
	keys, err := g.signing(ctx)
	if err != nil {
		return false, err
	}
	lang := or(u.Language, a.Settings.Language)
	o := &models.Outgoing{
		Kind: models.OutgoingAccess, AccountID: a.ID, Recipient: to, RecipientName: u.Name, Language: lang, State: models.OutgoingQueued,
		RFCMessageID: keys.MessageID("p", 0, at.UnixMicro(), to, helloOf(a.Address)),
		Content: models.OutgoingContent{
			Subject: g.say(lang, "mail.access."+string(l.Kind)+".subject"), To: []string{to}, Link: l.ID,
		},
		CreatedBy: l.CreatedBy, NextAttemptAt: &at, CreatedAt: at, ExpiresAt: l.ExpiresAt,
	}
	if err := g.Store.AddOutgoing(ctx, []*models.Outgoing{o}); err != nil {
		return false, fmt.Errorf("queue a link: %w", err)
	}
	g.sendSoon()
	return true, nil
}

// composeLink writes the text of a mail with a link. It reports false when the link is worth nothing any more, or the address is
// somebody else's by now.
func (g *Gateway) composeLink(ctx context.Context, o models.Outgoing, m *outbound.Mail) (bool, error) {
	l, err := g.Store.PasswordLinkByID(ctx, o.Content.Link)
	if err != nil || l.TokenEnc == "" {
		return false, ignoreGone(err)
	}
	u, err := g.Store.UserByAddress(ctx, o.Recipient)
	if err != nil || u.ID != l.UserID || u.Login == nil {
		return false, ignoreGone(err)
	}
	token, err := g.Secrets.Open(l.TokenEnc, models.PasswordLinkPlace(l.ID))
	if err != nil {
		return false, fmt.Errorf("open a link: %w", err)
	}
	from := ""
	if l.CreatedBy != nil {
		by, err := g.Store.UserByID(ctx, *l.CreatedBy)
		if ignoreGone(err) != nil {
			return false, err
		}
		from = outbound.Line(by.Name, 100)
	}
	if from == "" {
		from = g.say(o.Language, "mail.notice.system")
	}
	m.Text = g.say(o.Language, "mail.access."+string(l.Kind)+".text",
		"name", from, "login", *u.Login, "url", g.BaseURL+"/password/"+token, "until", l.ExpiresAt.UTC().Format("2006-01-02 15:04")+" UTC")
	return true, nil
}
