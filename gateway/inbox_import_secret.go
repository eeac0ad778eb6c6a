package gateway

import (
	"context"
	"errors"
	"fmt"

	"letterbox/gateway/inboxfile"
	"letterbox/gateway/oauth"
	"letterbox/models"
)

// What becomes of a secret, in a difference.
const secretReplaced = "replaced"

// secretsOf finds out what a file says of the secrets of an inbox, and puts into w those that change. after gets what is
// stored then. The differences that after does not show are returned.
func (g *Gateway) secretsOf(
	ctx context.Context, q ConfigImport, e *inboxfile.Entry, was *models.Inbox, before inboxfile.Inbox, after *inboxfile.Inbox, w *wanted,
) (more []RuleChange, err error) {
	var held, secret, certificate string // What is stored.
	if was != nil {
		o := OAuthInbox(was.ID)
		c, err := g.Store.OAuthCredential(ctx, string(o))
		if err != nil && !errors.Is(err, models.ErrNotFound) {
			return nil, err
		}
		held = g.opened(was.PasswordEnc, InboxSecretPlace(was.ID))
		secret, certificate = g.opened(c.SecretEnc, o.SecretPlace("secret")), g.opened(c.CertificateEnc, o.SecretPlace("certificate"))
	}
	signsIn := after.Settings.Auth == oauth.ClientFlow || after.Settings.Auth == oauth.UserFlow
	lost := was != nil && otherApp(before.Settings.OAuth, after.Settings.OAuth)
	d := OAuthDraft{Auth: after.Settings.Auth, Settings: after.Settings.OAuth}
	more, err = saidSecrets(q, e, []saidSecret{
		{"password", &after.Password, held, was != nil && clearsPassword(before.Settings, after.Settings), &w.draft.Password, was == nil},
		{"client_secret", &after.ClientSecret, secret, lost, &d.Secret, was == nil || lost && secret != ""},
		{"certificate", &after.Certificate, certificate, lost, &d.Certificate, was == nil || lost && certificate != ""},
	})
	if err != nil {
		return nil, err
	}
	if signsIn && (was == nil || before.Settings.OAuth != after.Settings.OAuth || before.Settings.Auth != after.Settings.Auth || d.Secret != nil || d.Certificate != nil) {
		w.oauth = &d
	}
	return more, nil
}

// saidSecret is a secret as it is stored, and what a file says of it.
type saidSecret struct {
	field     string
	said      *string
	held      string
	cleared   bool // It goes unless it is given anew.
	to        **string
	forbidden bool // Keep is not enough then.
}

// saidSecrets resolves secrets: those that change are put where they belong, and what is said of each becomes what is stored
// then. The differences that this does not show are returned.
func saidSecrets(q ConfigImport, e *inboxfile.Entry, list []saidSecret) (more []RuleChange, err error) {
	for _, s := range list {
		value, given, err := resolve(q, s.field, *s.said, s.forbidden && e.Says(s.field))
		if err != nil {
			return nil, err
		}
		switch {
		case !given:
			if *s.said = stored(s.held); s.cleared { // It was given for another server.
				*s.said = inboxfile.None
			}
			continue
		case value == s.held && !s.cleared:
			*s.said = stored(s.held)
			continue
		case value != s.held && s.held != "" && value != "":
			more = append(more, RuleChange{Field: s.field, Before: inboxfile.Keep, After: secretReplaced})
		}
		*s.to, *s.said = &value, stored(value)
	}
	return more, nil
}

// resolve returns what a file says of a secret: given is false when it stays as it is stored.
func resolve(q ConfigImport, field, said string, needed bool) (value string, given bool, err error) {
	refuse := func(code string, name string) error {
		return models.InvalidList{{Field: field, Code: code, Args: map[string]string{"field": field, "name": name}}}
	}
	kind, name, ok := inboxfile.Reference(said)
	switch {
	case said == inboxfile.None:
		return "", true, nil
	case !ok && needed:
		return "", false, refuse("E-CONF-05", "")
	case !ok:
		return "", false, nil
	case q.Secret == nil:
		return "", false, refuse("E-CONF-07", name)
	}
	if value, err = q.Secret(kind, name); err != nil || value == "" {
		return "", false, refuse("E-CONF-06", fmt.Sprint(kind, ":", name))
	}
	return value, true, nil
}

// opened is a stored secret; "" when there is none, or none that can be opened: then every other one replaces it.
func (g *Gateway) opened(sealed, place string) string {
	if sealed == "" {
		return ""
	}
	plain, err := g.Secrets.Open(sealed, place)
	if err != nil {
		return "\x00" + sealed // No secret is like that.
	}
	return plain
}
