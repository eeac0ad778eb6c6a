package handlers

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"letterbox/gateway"
	"letterbox/gateway/mailbox/preset"
	"letterbox/models"
)

// A sign-in with OAuth 2.0 leads away to the provider and back, maybe on another day, and tokens belong to an inbox. So
// the inbox is stored before, at rest: it reads no mail until the last step is done.

// resume takes up an inbox that was stored at rest.
func (w *wizard) resume() error {
	text := w.PostForm("inbox")
	if text == "" {
		return nil
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return errUnreadable
	}
	in, err := w.h.Gateway.Inbox(w.ctx(), id)
	if err != nil {
		return err
	}
	if !w.access.SeesInbox(in.Inbox) || in.Enabled || in.StartedAt != nil {
		return models.ErrNotFound
	}
	w.stored = w.discreet(in)
	values := inboxValues(w.stored.Inbox, w.stored.Rules)
	for _, name := range []string{"provider", "create_folders", "confirm_folders"} {
		values[name] = w.f.values[name]
	}
	values["enabled"] = "true"
	w.f = w.newForm("inbox", values)
	return nil
}

// beginOAuth stores the inbox at rest and goes on to the steps at the provider.
func (w *wizard) beginOAuth() error {
	if w.stored.ID != 0 {
		return w.redirect(oauthPath(w.stored.ID))
	}
	w.f.values["auth"], w.f.values["password"], w.sealed = "oauth2_user", "", ""
	if err := w.read(); err != nil {
		return err
	}
	if w.f.Failed() {
		w.f.values["auth"] = "password" // Whoever goes on with a password must be able to.
		return w.show(http.StatusUnprocessableEntity, wizardView{Step: stepSignIn})
	}
	d := w.draft
	d.Enabled, d.Password, d.Settings.OAuth.Provider = false, nil, providerOf(d.Settings.Host)
	in, err := w.h.Gateway.CreateInbox(w.ctx(), w.me, d)
	if list, ok := invalid(err); ok {
		w.f.values["auth"] = "password"
		return w.refuse(list)
	}
	if err != nil {
		return err
	}
	w.say("ok", "wizard.oauth.rests", "name", in.Name)
	return w.redirect(oauthPath(in.ID))
}

func oauthPath(inbox int64) string { return fmt.Sprintf("/inboxes/%d/oauth", inbox) }

// save makes the inbox, or sets the one at rest to work.
func (w *wizard) save() (gateway.InboxView, error) {
	if w.stored.ID != 0 {
		return w.h.Gateway.UpdateInbox(w.ctx(), w.me, w.stored.ID, w.stored.Version, w.draft)
	}
	return w.h.Gateway.CreateInbox(w.ctx(), w.me, w.draft)
}

// offerOAuth says how the page offers the sign-in with OAuth 2.0.
func (w *wizard) offerOAuth(data *wizardView, known *preset.Provider) {
	data.Stored = w.stored.ID
	service := providerOf(w.f.get("host"))
	if w.f.get("host") == "" {
		service = "other"
	}
	data.OAuth = w.l.T("wizard.oauth." + service)
	if known != nil {
		data.OAuthSuits, data.OnlyOAuth = slices.Contains(known.Auth, "oauth"), known.OnlyOAuth()
	}
}
