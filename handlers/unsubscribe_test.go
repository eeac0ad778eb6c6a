package handlers

import (
	"net/url"
	"testing"

	"letterbox/gateway"
)

// A scanner that opens the link of a mail changes nothing; a mail program that posts what RFC 8058 says needs no sign-in
// and no cookie (SEC-55).
func TestLookingAtAnUnsubscribeLinkChangesNothing(t *testing.T) {
	s := newSite(t)
	s.mail(s.inbox, plainMail)
	member := s.users["member"]
	token, err := s.h.Gateway.UnsubscribeToken(t.Context(), member.ID, gateway.Unsubscription{Issue: 1, Reason: "watching"})
	s.ok(err)
	muted := func() bool {
		t.Helper()
		yes, err := s.h.Tracker.Muted(t.Context(), member, 1)
		s.ok(err)
		return yes
	}
	path := "/unsubscribe/" + token
	for range 3 {
		s.get(path, "").want(t, 200, "#1", `value="all"`)
	}
	if muted() {
		t.Fatal("looking at the link has muted the issue")
	}
	s.post(path+"x", "", url.Values{"List-Unsubscribe": {"One-Click"}}).want(t, 404)
	if muted() {
		t.Fatal("a wrong token has muted the issue")
	}
	for range 2 {
		s.post(path, "", url.Values{"List-Unsubscribe": {"One-Click"}}).want(t, 200)
	}
	if !muted() {
		t.Error("one click has not muted the issue")
	}
	s.post(path, "", url.Values{"what": {"all"}}).want(t, 200)
	if got, err := s.h.Tracker.NotifySettings(t.Context(), member); err != nil || got.Assigned != "off" || got.Watching != "off" {
		t.Errorf("all: got %+v %v, want no mails", got, err)
	}
}
