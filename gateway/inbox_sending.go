package gateway

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"letterbox/gateway/inboxfile"
	"letterbox/gateway/oauth"
	"letterbox/models"
)

// inboxPlace is the place of the sending account that an inbox has of its own.
func inboxPlace(id int64) string { return "inbox:" + itoa(id) }

// wantedSending is the sending account of an inbox as it is to be.
type wantedSending struct {
	had   int64                // The account that is there; 0: none.
	draft SendingDraft         // Its place follows from the inbox.
	oauth *OAuthDraft          // Nil: it does not sign in so, or nothing of it changes.
	app   models.OAuthSettings // What it signs in with so far.
	gone  bool                 // It is removed.
}

// wantSending finds out what a file says of the sending account of an inbox, and puts it into w when that changes. after gets
// what is stored then. Only admins change sending accounts; a version that somebody else restores leaves them as they are.
func (g *Gateway) wantSending(
	ctx context.Context, by *models.User, q ConfigImport, e *inboxfile.Entry, was *models.Inbox, before inboxfile.Inbox, after *inboxfile.Inbox, w *wanted,
) (more []RuleChange, err error) {
	if q.Restores != 0 && !mayScript(by) {
		after.Sending = before.Sending
		return nil, nil
	}
	var had models.SendingAccount
	place := inboxPlace(1) // That of a new inbox is not known yet.
	if was != nil {
		place = inboxPlace(was.ID)
		if had, err = g.Store.SendingAccountAt(ctx, place); err != nil && !errors.Is(err, models.ErrNotFound) {
			return nil, err
		}
	}
	wish := wantedSending{had: had.ID, app: had.Settings.OAuth, gone: after.Sending == nil}
	if !wish.gone {
		said := *after.Sending
		after.Sending = &said
		wish.draft = SendingDraft{Place: place, Address: said.Address, Name: said.Name, Settings: said.Settings}
		d := &wish.draft
		if list := completeSending(d); len(list) > 0 {
			return nil, ofSending(list)
		}
		said.Address, said.Name, said.Settings = lower(d.Address), d.Name, d.Settings
		if d.Settings.TLSVerify == "pinned" {
			at := now()
			if d.Settings.TrustedAt = &at; before.Sending != nil && before.Sending.Settings.Fingerprint == d.Settings.Fingerprint {
				d.Settings.TrustedAt = had.Settings.TrustedAt
			}
		}
		if more, err = g.sendingPassword(q, e, had, &said, d); err != nil {
			return nil, err
		}
		apart, err := g.sendingOAuth(ctx, q, e, had, &said, &wish)
		if err != nil {
			return nil, err
		}
		more = append(more, apart...)
	}
	if len(more) == 0 && wish.draft.Password == nil && wish.oauth == nil && len(CompareConfig(inboxfile.Inbox{Sending: before.Sending}, inboxfile.Inbox{Sending: after.Sending})) == 0 {
		return nil, nil
	}
	if !mayScript(by) {
		return nil, models.InvalidList{{Field: "sending", Code: "E-CONF-14"}}
	}
	w.sends = &wish
	return more, nil
}

// sendingPassword finds out what a file says of the password of a sending account, and puts it into d when it changes.
func (g *Gateway) sendingPassword(q ConfigImport, e *inboxfile.Entry, had models.SendingAccount, said *inboxfile.Sending, d *SendingDraft) ([]RuleChange, error) {
	const field = "sending.password"
	held := g.opened(had.PasswordEnc, SendingSecretPlace(had.ID))
	cleared := had.ID != 0 && otherServer(had.Settings, d.Settings)
	value, given, err := resolve(q, field, said.Password, had.ID == 0 && e.Says(field))
	switch {
	case err != nil:
		return nil, err
	case !given:
		if said.Password = stored(held); cleared && d.Settings.Auth != "password" { // It was given for another server.
			said.Password = inboxfile.None
		}
		return nil, nil
	case value == held && !cleared:
		said.Password = stored(held)
		return nil, nil
	}
	d.Password, said.Password = &value, stored(value)
	if held != "" && value != "" {
		return []RuleChange{{Field: field, Before: inboxfile.Keep, After: secretReplaced}}, nil
	}
	return nil, nil
}

// sendingOAuth finds out what a file says of how a sending account signs in with OAuth 2.0, and puts it into wish when that
// changes.
func (g *Gateway) sendingOAuth(
	ctx context.Context, q ConfigImport, e *inboxfile.Entry, had models.SendingAccount, said *inboxfile.Sending, wish *wantedSending,
) ([]RuleChange, error) {
	auth := said.Settings.Auth
	d := OAuthDraft{Auth: auth, Settings: said.Settings.OAuth}
	signsIn := auth == oauth.ClientFlow || auth == oauth.UserFlow
	if signsIn {
		if list := g.completeOAuth(&d); len(list) > 0 {
			return nil, ofSending(list)
		}
		said.Settings.OAuth, wish.draft.Settings.OAuth = d.Settings, d.Settings
	}
	o := OAuthSending(had.ID)
	c, err := g.Store.OAuthCredential(ctx, string(o))
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return nil, err
	}
	secret, certificate := g.opened(c.SecretEnc, o.SecretPlace("secret")), g.opened(c.CertificateEnc, o.SecretPlace("certificate"))
	lost := had.ID != 0 && sendingLosesOAuth(had.Settings, said.Settings)
	more, err := saidSecrets(q, e, []saidSecret{
		{"sending.client_secret", &said.ClientSecret, secret, lost, &d.Secret, had.ID == 0 || lost && secret != ""},
		{"sending.certificate", &said.Certificate, certificate, lost, &d.Certificate, had.ID == 0 || lost && certificate != ""},
	})
	if signsIn && (had.ID == 0 || had.Settings.OAuth != d.Settings || had.Settings.Auth != auth || d.Secret != nil || d.Certificate != nil) {
		wish.oauth = &d
	}
	return more, err
}

// changeSending makes the sending account of an inbox what is wanted of it.
func (g *Gateway) changeSending(ctx context.Context, by *models.User, inbox int64, w *wantedSending) error {
	if w == nil {
		return nil
	}
	var err error
	w.draft.Place = inboxPlace(inbox)
	id := w.had
	if w.oauth != nil {
		w.draft.Settings.OAuth = w.app // Changed below.
	}
	switch {
	case w.gone:
		err = g.DeleteSendingAccount(ctx, by, w.had)
	case w.had == 0:
		var made SendingView
		made, err = g.CreateSendingAccount(ctx, by, w.draft)
		id = made.ID
	default:
		_, err = g.UpdateSendingAccount(ctx, by, w.had, 0, w.draft)
	}
	if err == nil && w.oauth != nil {
		err = g.SetOAuth(ctx, by, OAuthSending(id), 0, *w.oauth)
	}
	if list, ok := errors.AsType[models.InvalidList](err); ok {
		return ofSending(list)
	}
	return err
}

// ofSending names the fields of a sending account as a file does.
func ofSending(list models.InvalidList) models.InvalidList {
	out := make(models.InvalidList, len(list))
	for i, one := range list {
		copied := *one
		copied.Field = "sending." + one.Field
		out[i] = &copied
	}
	return out
}

// sendingToRestore is the sending account of a version. A version without one leaves it as it is: who rolls rules back does not
// want the account gone, with its password and the mail that waits for it. The password stays as it is stored.
func (g *Gateway) sendingToRestore(ctx context.Context, v ConfigVersion) (*inboxfile.Sending, error) {
	current, err := g.Config(ctx, v.InboxID)
	if err != nil {
		return nil, err
	}
	if v.Config.Sending == nil {
		return current.Sending, nil
	}
	one := *v.Config.Sending
	of := inboxfile.Keep
	if current.Sending == nil {
		of = inboxfile.None
	}
	one.Password, one.ClientSecret, one.Certificate = of, of, of
	return &one, nil
}

// sendingVersioned changes a sending account in a transaction. What changes that of an inbox makes a version of the inbox.
func (g *Gateway) sendingVersioned(ctx context.Context, by *models.User, action string, fn func(ctx context.Context) error, places ...string) error {
	return g.Store.WithTx(ctx, func(ctx context.Context) error {
		run := fn
		for _, place := range places {
			text, ok := strings.CutPrefix(place, "inbox:")
			id, err := strconv.ParseInt(text, 10, 64)
			if !ok || err != nil {
				continue
			}
			if _, err := g.Store.InboxByID(ctx, id); errors.Is(err, models.ErrNotFound) {
				continue
			} else if err != nil {
				return err
			}
			inner := run
			run = func(ctx context.Context) error { return g.versioned(ctx, by, id, action, inner) }
		}
		return run(ctx)
	})
}
