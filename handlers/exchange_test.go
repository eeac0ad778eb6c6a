package handlers

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"letterbox/gateway"
	"letterbox/models"
)

func TestMailsInAndOutAreOneList(t *testing.T) {
	s := newSite(t)
	s.mail(s.inbox, plainMail)
	s.mail(s.global, strings.NewReplacer("printer-1", "printer-2", "printer burns", "roof leaks").Replace(plainMail))
	out := models.Outgoing{Kind: models.OutgoingAnswer, InboxID: &s.inbox.ID, IssueNumber: 1, Recipient: "anna@customer.example", RFCMessageID: "out-1@here.example",
		State: models.OutgoingQueued, CreatedAt: time.Now().UTC().Add(time.Minute), ExpiresAt: time.Now().UTC().Add(time.Hour), Language: "en", Content: models.OutgoingContent{Subject: "Re: The printer burns"}}
	s.ok(s.store.AddOutgoing(t.Context(), []*models.Outgoing{&out}))
	lead, admin := s.as("lead"), s.as("admin")
	s.get("/messages/both", lead).want(t, 200, "The printer burns", "Re: The printer burns", `href="/outbox?issue=1"`, `href="/issues/1"`, "!roof leaks")
	s.get("/messages/both", admin).want(t, 200, "Re: The printer burns", "The roof leaks")
	s.get("/messages/both?direction=out", admin).want(t, 200, "Re: The printer burns", "!roof leaks")
	s.get("/messages/both?direction=in", admin).want(t, 200, "!Re: The printer burns", "The roof leaks")
	s.get("/messages/both?direction=up", admin).want(t, 404)
	s.get("/messages/both?cursor=x", admin).want(t, 404)
	s.get("/messages/both?inbox=999", lead).want(t, 404)
	s.get("/outbox?issue=1", lead).want(t, 200, "Re: The printer burns")
	s.get("/outbox?issue=2", lead).want(t, 200, "!Re: The printer burns")

	var got []string
	for f := (gateway.ExchangeFilter{Limit: 1}); ; {
		rows, next, err := s.h.Gateway.Exchange(t.Context(), f)
		s.ok(err)
		for _, x := range rows {
			if x.In != nil {
				got = append(got, x.In.Subject)
			} else {
				got = append(got, x.Out.Content.Subject)
			}
		}
		if f.Cursor = next; next == "" {
			break
		}
	}
	if want := []string{"Re: The printer burns", "The roof leaks", "The printer burns"}; !slices.Equal(got, want) {
		t.Errorf("page by page: got %q, want %q", got, want)
	}

	edit := s.pathOf("/inboxes/%d/edit", s.inbox.ID)
	in, err := s.h.Gateway.Inbox(t.Context(), s.inbox.ID)
	s.ok(err)
	form := url.Values{}
	for name, value := range inboxValues(in.Inbox, in.Rules) {
		if value != "" && value != "false" {
			form.Set(name, value)
		}
	}
	form.Set("hide_in_messages", "true")
	s.post(edit, admin, form).want(t, 303)
	s.get("/messages/both", admin).want(t, 200, "!printer burns", "The roof leaks")
	s.get("/messages", admin).want(t, 200, "The printer burns")
}
