package handlers

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"letterbox/models"
	"letterbox/tracker"
)

const (
	linkCookie = "letterbox_link" // The token of a link by which somebody chooses a password.
	linkTime   = 3600             // Seconds that the page stays open.
)

// passwordLinkView is what the page for choosing a password shows.
type passwordLinkView struct {
	Login string
	Kind  models.PasswordLinkKind
	Gone  bool // The link is worth nothing any more.
}

// passwordLink takes the token out of the address before a page is shown: it stands in no Referer field, no history of
// what was looked at on this page, and on no picture of the screen. Following the link changes nothing: mail scanners do.
func passwordLink(v *visit) error {
	v.Header("Referrer-Policy", "no-referrer")
	v.setCookie(linkCookie, v.Param("token"), linkTime)
	return v.redirect("/password")
}

// passwordForm asks for the password of whoever has followed a link.
func passwordForm(v *visit) error {
	return v.showPassword(http.StatusOK, v.newForm("choose", map[string]string{"password": ""}))
}

func (v *visit) showPassword(status int, f *form) error {
	u, l, err := v.h.Tracker.LinkedUser(v.ctx(), cookie(v.Context, linkCookie), v.RemoteIP())
	data := passwordLinkView{Kind: l.Kind}
	if err == nil {
		data.Login = *u.Login
	}
	return v.showPasswordOf(status, f, data, err)
}

// showPasswordOf shows the page, or what err says of the link.
func (v *visit) showPasswordOf(status int, f *form, data passwordLinkView, err error) error {
	var many *tracker.TooManyAttempts
	switch {
	case errors.As(err, &many):
		return v.tooManyLinks(many, f, func(status int) error {
			return v.render(status, "password", view{Title: v.l.T("choose.title"), Form: f, Data: passwordLinkView{Gone: true}})
		})
	case errors.Is(err, models.ErrNotFound):
		data, status = passwordLinkView{Gone: true}, http.StatusNotFound
	case err != nil:
		return err
	}
	return v.render(status, "password", view{Title: v.l.T("choose.title"), Form: f, Data: data})
}

// tooManyLinks says from when on somebody may try again.
func (v *visit) tooManyLinks(many *tracker.TooManyAttempts, f *form, show func(status int) error) error {
	v.Header("Retry-After", strconv.Itoa(int((many.RetryAfter+time.Second-1)/time.Second)))
	f.refuse("login", "E-SIGNIN-02", "time", v.l.Clock(time.Now().Add(many.RetryAfter)))
	return show(http.StatusTooManyRequests)
}

// passwordChoose sets the password and has the person sign in with it.
func passwordChoose(v *visit) error {
	f, err := v.readForm("choose", "password")
	if err != nil {
		return err
	}
	_, err = v.h.Tracker.ChoosePassword(v.ctx(), cookie(v.Context, linkCookie), f.text("password"), v.RemoteIP())
	if list, ok := invalid(err); ok {
		f.take(list, nil)
		return v.showPassword(http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return v.showPasswordOf(http.StatusOK, f, passwordLinkView{}, err)
	}
	v.setCookie(linkCookie, "", -1)
	v.say("ok", "flash.password_chosen")
	return v.redirect("/signin")
}

// forgottenView is what the page for those shows who have forgotten their password.
type forgottenView struct {
	Mails bool // Links can go out by mail.
	Asked bool
}

// forgottenForm asks who has forgotten the password.
func forgottenForm(v *visit) error {
	return v.showForgotten(http.StatusOK, v.newForm("forgotten", map[string]string{"login": ""}), false)
}

func (v *visit) showForgotten(status int, f *form, asked bool) error {
	mails, err := v.h.Gateway.SendsLinks(v.ctx())
	if err != nil {
		return err
	}
	return v.render(status, "forgotten", view{Title: v.l.T("forgotten.title"), Form: f, Data: forgottenView{mails, asked}})
}

// forgotten sends a link to whoever it is, if anybody. The answer is the same for everybody (SEC-65).
func forgotten(v *visit) error {
	f, err := v.readForm("forgotten", "login")
	if err != nil {
		return err
	}
	err = v.h.Tracker.AskForPassword(v.ctx(), f.get("login"), v.RemoteIP())
	var many *tracker.TooManyAttempts
	if errors.As(err, &many) {
		return v.tooManyLinks(many, f, func(status int) error { return v.showForgotten(status, f, false) })
	}
	if err != nil {
		return err
	}
	f.values["login"] = ""
	return v.showForgotten(http.StatusOK, f, true)
}
