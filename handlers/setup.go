package handlers

import (
	"fmt"
	"net/http"

	"letterbox/models"
	"letterbox/tracker"
)

func setupFields() []string { return []string{"token", "login", "name", "address", "password"} }

// setupForm shows the form behind the one-time link. A link that is no longer good is not there.
func setupForm(v *visit) error {
	token := v.Query("token")
	if err := v.h.Tracker.CheckSetupToken(v.ctx(), token); err != nil {
		return err
	}
	f := v.newForm("setup", nil)
	for _, name := range setupFields() {
		f.values[name] = ""
	}
	f.values["token"] = token
	return v.showSetup(http.StatusOK, f)
}

func (v *visit) showSetup(status int, f *form) error {
	return v.render(status, "setup", view{Title: v.l.T("setup.title"), Form: f})
}

// setup makes the first admin and signs it in.
func setup(v *visit) error {
	f, err := v.readForm("setup", setupFields()...)
	if err != nil {
		return err
	}
	u, err := v.h.Tracker.Setup(v.ctx(), f.get("token"), tracker.SetupDraft{
		Login: f.get("login"), Name: f.get("name"), Address: f.get("address"), Password: f.text("password"), Language: v.l.Lang,
	})
	if list, ok := invalid(err); ok {
		f.take(list, map[string]string{"addresses": "address"})
		return v.showSetup(http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	if err := v.startSession(&u, "password"); err != nil {
		return err
	}
	v.say("ok", "flash.setup_done", "name", u.Name)
	return v.redirect("/inboxes")
}

// startSession signs a person in with a new secret, so that one from before is worth nothing.
func (v *visit) startSession(u *models.User, method string) error {
	if old := cookie(v.Context, v.h.sessionCookie()); old != "" {
		if err := v.h.Tracker.EndSession(v.ctx(), old); err != nil {
			return fmt.Errorf("end the session before: %w", err)
		}
	}
	secret, err := v.h.Tracker.StartSession(v.ctx(), u, &tracker.Browser{
		Agent: v.GetHeader("User-Agent"), Client: v.RemoteIP(), Method: method,
	})
	if err != nil {
		return fmt.Errorf("start session: %w", err)
	}
	v.setCookie(v.h.sessionCookie(), secret, 0)
	return nil
}
