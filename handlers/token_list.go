package handlers

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"letterbox/models"
	"letterbox/tracker"
)

// tokenView is what the page of one's own API tokens shows.
type tokenView struct {
	Tokens      []models.Token
	Fresh       string // The token that was just made: shown once.
	Days        []option
	MayPassword bool // Has a password to give.
	Now         time.Time
}

// Header is the field of each request that has the token in it.
func (d tokenView) Header() string { return "Authorization: Bearer " + d.Fresh }

// tokenList shows the API tokens of the person, without the tokens themselves.
func tokenList(v *visit) error {
	return v.showTokens(http.StatusOK, v.newForm("token", map[string]string{"name": "", "days": "365", "read_only": "", "current": ""}), "")
}

func (v *visit) showTokens(status int, f *form, fresh string) error {
	list, err := v.h.Tracker.Tokens(v.ctx(), v.me, v.me.ID)
	if err != nil {
		return err
	}
	data := tokenView{Tokens: list, Fresh: fresh, MayPassword: v.me.Login != nil && v.me.PasswordHash != "", Now: time.Now()}
	for _, days := range []string{"30", "90", "365", "0"} {
		data.Days = append(data.Days, option{days, v.l.T("token.days." + days)})
	}
	v.Header("Cache-Control", "private, no-store")
	return v.render(status, "token_list", view{Title: v.l.T("token.title"), Section: "profile", Form: f, Data: data})
}

// tokenCreate makes a token for the person and shows it, once. Who has a password gives it: a browser that was left open
// is not enough for something that goes on working when its session has ended.
func tokenCreate(v *visit) error {
	f, err := v.readForm("token", "name", "days", "read_only", "current")
	if err != nil {
		return err
	}
	if status, err := v.knowsPassword(f); err != nil {
		return err
	} else if status != http.StatusOK {
		return v.showTokens(status, f, "")
	}
	days, err := strconv.Atoi(f.get("days"))
	if err != nil {
		days = -1
	}
	token, _, err := v.h.Tracker.AddToken(v.ctx(), v.me, v.me.ID, tracker.TokenDraft{Name: f.get("name"), Days: days, ReadOnly: f.yes("read_only")})
	if list, ok := invalid(err); ok {
		f.take(list, nil)
		return v.showTokens(http.StatusUnprocessableEntity, f, "")
	}
	if err != nil {
		return err
	}
	return v.showTokens(http.StatusOK, v.newForm("token", nil), token)
}

// tokenRemove makes a token of the person worthless at once.
func tokenRemove(v *visit) error {
	if err := v.removeToken(v.me.ID, "id"); err != nil {
		return err
	}
	return v.redirect("/profile/tokens")
}

// userTokenRemove makes a token of somebody else worthless at once.
func userTokenRemove(v *visit) error {
	id, err := v.id("id")
	if err == nil {
		err = v.removeToken(id, "token")
	}
	if err != nil {
		return err
	}
	return v.redirect(fmt.Sprintf("/users/%d#tokens", id))
}

func (v *visit) removeToken(user int64, name string) error {
	id, err := v.id(name)
	if err == nil {
		err = v.h.Tracker.DeleteToken(v.ctx(), v.me, user, id)
	}
	if err != nil {
		return err
	}
	v.say("ok", "flash.token_removed")
	return nil
}

// knowsPassword checks the field current of a form: the password in force. Guesses count as those at sign-in do. The
// status is 200 when it is right, or the person has none; otherwise the form says what to do.
func (v *visit) knowsPassword(f *form) (status int, err error) {
	if v.me.Login == nil || v.me.PasswordHash == "" {
		return http.StatusOK, nil
	}
	_, err = v.h.Tracker.SignIn(v.ctx(), *v.me.Login, f.text("current"), v.RemoteIP())
	var many *tracker.TooManyAttempts
	switch {
	case errors.As(err, &many):
		v.Header("Retry-After", strconv.Itoa(int(math.Ceil(many.RetryAfter.Seconds()))))
		f.refuse("current", "E-SIGNIN-02", "time", v.l.Clock(time.Now().Add(many.RetryAfter)))
		return http.StatusTooManyRequests, nil
	case errors.Is(err, tracker.ErrSignIn):
		f.refuse("current", "E-PROFILE-01")
		return http.StatusUnprocessableEntity, nil
	case err != nil:
		return 0, fmt.Errorf("check the current password: %w", err)
	}
	return http.StatusOK, nil
}
