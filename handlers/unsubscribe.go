package handlers

import (
	"errors"
	"net/http"

	"letterbox/gateway"
	"letterbox/models"
)

// unsubscribeView is what the page behind the link of a notification shows.
type unsubscribeView struct {
	gateway.Unsubscription
	Token string
	Done  bool
	Gone  bool
}

// unsubscribeForm shows what can be ended. Looking changes nothing: mail scanners open every link (SEC-55).
func unsubscribeForm(v *visit) error { return v.showUnsubscribe(http.StatusOK, false) }

func (v *visit) showUnsubscribe(status int, done bool) error {
	data := unsubscribeView{Token: v.Param("token"), Done: done}
	var err error
	data.Unsubscription, err = v.h.Gateway.Unsubscription(v.ctx(), data.Token)
	if data.Gone = errors.Is(err, models.ErrNotFound); err != nil && !data.Gone {
		return err
	}
	if data.Gone {
		status = http.StatusNotFound
	}
	v.Header("Referrer-Policy", "no-referrer")
	return v.render(status, "unsubscribe", view{Title: v.l.T("unsubscribe.title"), Data: data})
}

// unsubscribe ends mails, without sign-in: for a person on the page, and for a mail program that posts what RFC 8058 says.
func unsubscribe(v *visit) error {
	what := oneOf(v.PostForm("what"), "issue", "reason", "all")
	err := v.h.Gateway.Unsubscribe(v.ctx(), v.Param("token"), what)
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return err
	}
	return v.showUnsubscribe(http.StatusOK, err == nil)
}
