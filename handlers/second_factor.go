package handlers

import (
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"net/http"

	"letterbox/models"
	"letterbox/tracker"
)

// factorView is what the page of the second factor shows.
type factorView struct {
	tracker.SecondFactor
	Setup   *tracker.SecondFactorSetup // Nil when none was begun.
	Picture template.URL               // Of Setup.
	Fresh   []string                   // Recovery codes, shown once.
}

// factorShow shows how it stands with the second factor of the person.
func factorShow(v *visit) error {
	return v.showFactor(http.StatusOK, v.newForm("factor", map[string]string{"code": ""}), nil)
}

func (v *visit) showFactor(status int, f *form, fresh []string) error {
	data := factorView{Fresh: fresh}
	var err error
	if data.SecondFactor, err = v.h.Tracker.SecondFactorOf(v.ctx(), v.me, v.me.ID); err != nil {
		return err
	}
	setup, err := v.h.Tracker.SecondFactorSetup(v.ctx(), v.me)
	switch {
	case err == nil:
		data.Setup = &setup
		data.Picture = template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(setup.QR)) //nolint:gosec // Octets that we have drawn.
	case !errors.Is(err, models.ErrNotFound):
		return err
	}
	v.Header("Cache-Control", "private, no-store")
	return v.render(status, "second_factor", view{Title: v.l.T("factor.title"), Section: "profile", Form: f, Data: data})
}

// factorBegin makes a new secret, which holds once a code has confirmed it.
func factorBegin(v *visit) error {
	err := v.h.Tracker.BeginSecondFactor(v.ctx(), v.me)
	if err != nil && !errors.Is(err, models.ErrConflict) { // It is on already: the page says so.
		return err
	}
	return v.redirect("/profile/second-factor")
}

// factorConfirm switches the second factor on and shows the recovery codes, once.
func factorConfirm(v *visit) error {
	f, err := v.readForm("factor", "code")
	if err != nil {
		return err
	}
	codes, err := v.h.Tracker.ConfirmSecondFactor(v.ctx(), v.me, f.get("code"))
	if status, ok := f.refusedCode(v, err); ok {
		return v.showFactor(status, f, nil)
	}
	if errors.Is(err, models.ErrConflict) || errors.Is(err, models.ErrNotFound) {
		return v.redirect("/profile/second-factor")
	}
	if err != nil {
		return err
	}
	return v.showFactor(http.StatusOK, v.newForm("factor", map[string]string{"code": ""}), codes)
}

// factorRemove switches it off when the code is right.
func factorRemove(v *visit) error {
	f, err := v.readForm("factor", "code")
	if err != nil {
		return err
	}
	err = v.h.Tracker.RemoveSecondFactor(v.ctx(), v.me, v.me.ID, f.get("code"))
	if status, ok := f.refusedCode(v, err); ok {
		return v.showFactor(status, f, nil)
	}
	if err != nil {
		return err
	}
	v.say("ok", "flash.factor_removed")
	return v.redirect("/profile/second-factor")
}

// userFactorRemove helps somebody who has lost the app.
func userFactorRemove(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	if id == v.me.ID {
		return v.redirect("/profile/second-factor") // Whose own it is has to give a code.
	}
	if err := v.h.Tracker.RemoveSecondFactor(v.ctx(), v.me, id, ""); err != nil {
		return err
	}
	v.say("ok", "flash.factor_removed")
	return v.redirect(fmt.Sprintf("/users/%d", id))
}
