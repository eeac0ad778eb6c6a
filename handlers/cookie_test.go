package handlers

import (
	"encoding/base64"
	"testing"
)

func TestSentenceLeftForTheNextPageIsShownOnce(t *testing.T) {
	s := newSite(t)
	admin := s.as("admin")
	left := func(text string) string {
		return admin + "; " + flashCookie + "=" + base64.RawURLEncoding.EncodeToString([]byte(text))
	}
	got := s.get("/inboxes", left(`{"kind":"bad","key":"E-OAUTH-01","args":{"authority":"login.example"}}`))
	got.want(t, 200, "data-flash", "No sign-in service answers at login.example.")
	s.get("/inboxes", left(`{"kind":"bad","key":"nav.outbox"}`)).want(t, 200, "!data-flash")
	s.get("/inboxes", admin+"; "+got.setCookie(flashCookie)).want(t, 200, "!data-flash")
}
