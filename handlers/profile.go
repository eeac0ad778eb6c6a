package handlers

import (
	"net/http"

	"letterbox/models"
	"letterbox/tracker"
)

// profileView is what the page of one's own account shows beside its fields.
type profileView struct {
	*models.User
	Themes      []option
	MayPassword bool // Has a password to change.
	Sessions    []sessionRow
	Factor      tracker.SecondFactor
	Pictures    []models.PictureSender
}

// profileShow shows one's own account.
func profileShow(v *visit) error { return v.showProfile(http.StatusOK, nil) }

// showProfile shows the account of the person; sent is a form to be checked, nil otherwise.
func (v *visit) showProfile(status int, sent *form) error {
	theme := v.me.Theme
	if theme == "" {
		theme = "system"
	}
	f := v.newForm("profile", map[string]string{
		"name": v.me.Name, "language": v.me.Language, "theme": theme, "current": "", "password": "",
	})
	if sent != nil {
		f.errs = sent.errs
		for name, value := range sent.values {
			f.values[name] = value
		}
	}
	me := *v.me
	data := profileView{User: &me, MayPassword: me.Login != nil && me.PasswordHash != ""}
	me.PasswordHash = ""
	for _, name := range []string{"system", "light", "dark"} {
		data.Themes = append(data.Themes, option{name, v.l.T("theme." + name)})
	}
	var err error
	if data.Factor, err = v.h.Tracker.SecondFactorOf(v.ctx(), v.me, v.me.ID); err != nil {
		return err
	}
	if data.Sessions, err = v.sessions(v.me.ID); err != nil {
		return err
	}
	if data.Pictures, err = v.h.Tracker.PictureSenders(v.ctx(), v.me); err != nil {
		return err
	}
	return v.render(status, "profile", view{Title: v.l.T("profile.title"), Section: "profile", Form: f, Data: data})
}

// profileUpdate keeps name, language and theme of the person.
func profileUpdate(v *visit) error {
	f, err := v.readForm("profile", "name", "language", "theme")
	if err != nil {
		return err
	}
	theme := f.get("theme")
	if theme == "system" {
		theme = ""
	}
	u, err := v.h.Tracker.SetProfile(v.ctx(), v.me, v.me.ID, f.get("name"), f.get("language"), theme)
	if list, ok := invalid(err); ok {
		f.take(list, nil)
		return v.showProfile(http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	v.remember(languageCookie, u.Language)
	v.remember(themeCookie, u.Theme)
	v.say("ok", "flash.profile_saved")
	return v.redirect("/profile")
}

// remember keeps a choice in this browser, too, for the pages before sign-in; "" forgets it.
func (v *visit) remember(name, value string) {
	age := 365 * 24 * 3600
	if value == "" {
		age = -1
	}
	v.setCookie(name, value, age)
}

// profilePassword changes the password of the person, who has to know the one in force: a browser that was left open
// is not enough. Guesses count as those at sign-in do. All sessions end, and this browser gets a new one.
func profilePassword(v *visit) error {
	if v.me.Login == nil || v.me.PasswordHash == "" {
		return models.ErrForbidden
	}
	f, err := v.readForm("profile", "current", "password")
	if err != nil {
		return err
	}
	if status, err := v.knowsPassword(f); err != nil {
		return err
	} else if status != http.StatusOK {
		return v.showProfile(status, f)
	}
	err = v.h.Tracker.SetPassword(v.ctx(), v.me, v.me.ID, f.text("password"))
	if list, ok := invalid(err); ok {
		f.take(list, nil)
		return v.showProfile(http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	if err := v.startSession(v.me, "password"); err != nil {
		return err
	}
	v.say("ok", "flash.password_changed")
	return v.redirect("/profile")
}
