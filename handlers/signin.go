package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"letterbox/models"
	"letterbox/tracker"
)

// home sends to the issues, or to where one has to go before.
func home(v *visit) error {
	if v.me != nil {
		return v.redirect("/issues")
	}
	needed, err := v.h.Tracker.SetupNeeded(v.ctx())
	if err != nil {
		return err
	}
	if needed {
		return v.render(http.StatusOK, "setup_hint", view{Title: v.l.T("setup.title")})
	}
	return v.redirect("/signin")
}

// signInForm asks for login and password.
func signInForm(v *visit) error {
	if v.me != nil {
		return v.redirect(local(v.Query("to")))
	}
	f := v.signInForm(v.Query("to"))
	data := v.signInView(f.get("to"))
	if v.h.SignOn != nil && v.Query("left") != "" {
		ctx, stop := context.WithTimeout(v.ctx(), 3*time.Second)
		defer stop()
		data.SignOut = v.h.SignOn.SignOutURL(ctx)
	}
	return v.render(http.StatusOK, "signin", view{Title: v.l.T("signin.title"), Form: f, Data: data})
}

func (v *visit) signInForm(to string) *form {
	return v.newForm("signin", map[string]string{"login": "", "password": "", "to": to})
}

func (v *visit) showSignIn(status int, f *form) error {
	return v.render(status, "signin", view{Title: v.l.T("signin.title"), Form: f, Data: v.signInView(f.get("to"))})
}

// tooManySignIns says from when on somebody may try again.
func (v *visit) tooManySignIns(f *form, many *tracker.TooManyAttempts) error {
	v.Header("Retry-After", strconv.Itoa(int((many.RetryAfter+time.Second-1)/time.Second)))
	f.refuse("login", "E-SIGNIN-02", "time", v.l.Clock(time.Now().Add(many.RetryAfter)))
	return v.showSignIn(http.StatusTooManyRequests, f)
}

// signIn opens a session. A wrong password, an unknown login and a person who may not sign in get the same answer.
func signIn(v *visit) error {
	f, err := v.readForm("signin", "login", "password", "to")
	if err != nil {
		return err
	}
	u, err := v.h.Tracker.SignIn(v.ctx(), f.get("login"), f.text("password"), v.RemoteIP())
	var many *tracker.TooManyAttempts
	switch {
	case errors.As(err, &many):
		return v.tooManySignIns(f, many)
	case errors.Is(err, tracker.ErrSignIn):
		f.refuse("login", "E-SIGNIN-01")
		return v.showSignIn(http.StatusUnprocessableEntity, f)
	case err != nil:
		return err
	}
	return v.signedIn(&u, "password", f.get("to"))
}

// signedIn opens a session for somebody whose password was right, or asks for the second factor first.
func (v *visit) signedIn(u *models.User, method, to string) error {
	token, err := v.h.Tracker.SecondFactorNeeded(v.ctx(), u)
	if err != nil {
		return err
	}
	if token != "" {
		v.setCookie(stepCookie, token, 600)
		return v.redirect(address("/signin/code", url.Values{"to": {to}}))
	}
	if err := v.startSession(u, method); err != nil {
		return err
	}
	return v.redirect(local(to))
}

// signInCodeForm asks for the code of the second factor.
func signInCodeForm(v *visit) error {
	if v.me != nil {
		return v.redirect(local(v.Query("to")))
	}
	return v.showSignInCode(http.StatusOK, v.newForm("signin", map[string]string{"code": "", "to": v.Query("to")}))
}

func (v *visit) showSignInCode(status int, f *form) error {
	return v.render(status, "signin_code", view{Title: v.l.T("signin.code_title"), Form: f})
}

// signInCode opens a session when the code is right, too.
func signInCode(v *visit) error {
	f, err := v.readForm("signin", "code", "to")
	if err != nil {
		return err
	}
	u, err := v.h.Tracker.FinishSignIn(v.ctx(), cookie(v.Context, stepCookie), f.get("code"))
	if errors.Is(err, models.ErrNotFound) {
		v.say("warn", "flash.signin_again")
		return v.redirect(address("/signin", url.Values{"to": {f.get("to")}}))
	}
	if status, ok := f.refusedCode(v, err); ok {
		return v.showSignInCode(status, f)
	}
	if err != nil {
		return err
	}
	v.setCookie(stepCookie, "", -1)
	if err := v.startSession(&u, "code"); err != nil {
		return err
	}
	return v.redirect(local(f.get("to")))
}

// refusedCode notes that a code was wrong, or that there were too many; ok is false when err is about something else.
func (f *form) refusedCode(v *visit, err error) (status int, ok bool) {
	var many *tracker.TooManyAttempts
	if errors.As(err, &many) {
		v.Header("Retry-After", strconv.Itoa(int((many.RetryAfter+time.Second-1)/time.Second)))
		f.refuse("code", "E-SIGNIN-02", "time", v.l.Clock(time.Now().Add(many.RetryAfter)))
		return http.StatusTooManyRequests, true
	}
	if list, bad := invalid(err); bad {
		f.take(list, nil)
		return http.StatusUnprocessableEntity, true
	}
	return 0, false
}

// signOut ends the session of this browser.
func signOut(v *visit) error {
	if err := v.h.Tracker.EndSession(v.ctx(), cookie(v.Context, v.h.sessionCookie())); err != nil {
		return fmt.Errorf("sign out: %w", err)
	}
	v.setCookie(v.h.sessionCookie(), "", -1)
	v.say("ok", "flash.signed_out")
	if v.h.SignOn != nil { // The page then tells how to sign out there, too.
		return v.redirect("/signin?left=yes")
	}
	return v.redirect("/signin")
}

// preferences keeps language or theme: with the person, or in this browser for those who have not signed in.
func preferences(v *visit) error {
	f, err := v.readForm("preferences", "language", "theme", "back")
	if err != nil {
		return err
	}
	language := oneOf(f.get("language"), "de", "en")
	theme := oneOf(f.get("theme"), "light", "dark", "system")
	if language != "" {
		v.setCookie(languageCookie, language, 365*24*3600)
	}
	if theme != "" {
		v.setCookie(themeCookie, theme, 365*24*3600)
	}
	if v.me == nil {
		return v.redirect(local(f.get("back")))
	}
	if language == "" {
		language = v.me.Language
	}
	switch theme {
	case "":
		theme = v.me.Theme
	case "system":
		theme = ""
	}
	if _, err := v.h.Tracker.SetProfile(v.ctx(), v.me, v.me.ID, v.me.Name, language, theme); err != nil {
		return fmt.Errorf("keep preferences: %w", err)
	}
	return v.redirect(local(f.get("back")))
}
