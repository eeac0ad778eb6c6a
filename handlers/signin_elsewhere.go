package handlers

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"net/url"

	"letterbox/internal/identity"
	"letterbox/models"
	"letterbox/tracker"
)

// signInView is what the sign-in page shows beside its form.
type signInView struct {
	Provider string // Name of the identity provider; "" for none.
	Problem  string // Why the sign-in there came to nothing.
	SignOut  string // Where people sign out there, after they have signed out here.
	To       string
}

// elsewhereCookie binds a sign-in at the identity provider to the browser that began it.
func (h *Handlers) elsewhereCookie() string {
	if h.Secure {
		return "__Host-letterbox_oidc"
	}
	return "letterbox_oidc"
}

// signInRequest is the request that belongs to the secret in the cookie. State, nonce and verifier follow from it, so
// nothing of it has to be kept here: who has none of the secret can guess none of them.
func (v *visit) signInRequest(secret string) identity.Request {
	part := func(name string) string {
		sum := sha256.Sum256([]byte(name + "\x00" + secret))
		return base64.RawURLEncoding.EncodeToString(sum[:])
	}
	base := v.h.BaseURL
	if base == "" {
		base = "http://" + v.Request.Host
	}
	return identity.Request{State: part("state"), Nonce: part("nonce"), Verifier: part("verifier"), Redirect: base + "/signin/oidc/callback"}
}

// signInElsewhere sends the browser to the identity provider, over a page of ours: see [visit.oauthConnect].
func signInElsewhere(v *visit) error {
	if v.h.SignOn == nil {
		return models.ErrNotFound
	}
	f, err := v.readForm("signin", "to")
	if err != nil {
		return err
	}
	if v.me != nil {
		return v.redirect(local(f.get("to")))
	}
	secret, err := v.h.Tracker.BeginElsewhere(v.ctx(), v.RemoteIP(), local(f.get("to")))
	if many := (*tracker.TooManyAttempts)(nil); errors.As(err, &many) {
		return v.tooManySignIns(v.signInForm(f.get("to")), many)
	}
	if err != nil {
		return err
	}
	address, err := v.h.SignOn.SignInURL(v.ctx(), v.signInRequest(secret))
	if err != nil {
		return v.signInFailed(err, f.get("to"), "")
	}
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	v.setCookie(v.h.elsewhereCookie(), secret, 600)
	return v.render(http.StatusOK, "signin_leave", view{Title: v.l.T("oauth.leave", "host", u.Host), Data: address})
}

// signInReturn takes what the browser brings back from the identity provider and opens a session.
func signInReturn(v *visit) error {
	if v.h.SignOn == nil {
		return models.ErrNotFound
	}
	secret := cookie(v.Context, v.h.elsewhereCookie())
	v.setCookie(v.h.elsewhereCookie(), "", -1)
	to, err := v.h.Tracker.ReturnFromElsewhere(v.ctx(), secret)
	if errors.Is(err, models.ErrNotFound) {
		if v.me != nil { // Came back twice.
			return v.redirect("/issues")
		}
		v.say("warn", "flash.signin_again")
		return v.redirect("/signin")
	}
	if err != nil {
		return err
	}
	p, err := v.h.SignOn.Finish(v.ctx(), v.signInRequest(secret), identity.Answer{
		State: v.Query("state"), Code: v.Query("code"), Issuer: v.Query("iss"), Error: v.Query("error"),
	})
	if err != nil {
		return v.signInFailed(err, to, "")
	}
	admit := v.h.SignOnAdmits
	if admit == nil {
		admit = func(string) bool { return false }
	}
	u, err := v.h.Tracker.SignInElsewhere(v.ctx(), tracker.Elsewhere{
		Issuer: p.Issuer, Subject: p.Subject, Address: p.Address, Name: p.Name, Language: v.l.Lang,
	}, admit, v.RemoteIP())
	if err != nil {
		return v.signInFailed(err, to, p.Address)
	}
	return v.signedIn(&u, "oidc", to)
}

// signInFailed shows the sign-in page with why nobody came in. What is not expected is returned.
func (v *visit) signInFailed(err error, to, address string) error {
	status, code := http.StatusUnprocessableEntity, ""
	var failed *identity.Error
	switch {
	case errors.As(err, &failed):
		switch failed.Cause {
		case identity.Unreachable:
			status, code = http.StatusBadGateway, "E-SIGNIN-03"
		case identity.Declined:
			code = "E-SIGNIN-04"
		case identity.Refused:
			status, code = http.StatusBadGateway, "E-SIGNIN-05"
		default:
			status, code = http.StatusBadRequest, "E-SIGNIN-06"
		}
		v.h.Log.WarnContext(v.ctx(), "sign-in with the identity provider failed", slog.String("cause", string(failed.Cause)), slog.Any("err", failed.Err))
	case errors.Is(err, tracker.ErrNoAddress):
		code = "E-SIGNIN-07"
	case errors.Is(err, tracker.ErrNotInvited):
		code = "E-SIGNIN-08"
	case errors.Is(err, tracker.ErrOtherIdentity):
		code = "E-SIGNIN-09"
	default:
		return err
	}
	data := v.signInView(to)
	data.Problem = v.l.T(code, "name", data.Provider, "address", address)
	return v.render(status, "signin", view{Title: v.l.T("signin.title"), Form: v.signInForm(to), Data: data})
}

func (v *visit) signInView(to string) signInView {
	data := signInView{To: to}
	if v.h.SignOn != nil {
		data.Provider = v.h.SignOn.Name()
	}
	return data
}

// userIdentitiesRemove has a person be nobody at identity providers any more.
func userIdentitiesRemove(v *visit) error {
	return v.changeUser("identity", "flash.identity_removed", func(id int64, _ *form) error {
		return v.h.Tracker.ForgetIdentities(v.ctx(), v.me, id)
	})
}
