package handlers

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"letterbox/gateway"
	"letterbox/models"
)

// gatewayRuns has the inboxes visited until the test ends.
func (s *site) gatewayRuns() {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.h.Gateway.Run(ctx) }()
	s.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			s.t.Errorf("Run: %v", err)
		}
	})
}

// await asks again until it is so.
func (s *site) until(what string, is func() bool) {
	s.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !is() {
		if time.Now().After(deadline) {
			s.t.Fatalf("still waiting for %s", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestInboxPageComparesServerAndLedger(t *testing.T) {
	s := newSite(t)
	user, in := s.readsServer("imap")
	for n := range 3 {
		s.ok(user.Append("INBOX", []byte(strings.ReplaceAll(from(fmt.Sprint("m-", n), "anna@customer.example", fmt.Sprint("Mail ", n)), "\n", "\r\n"))))
	}
	lead := s.as("lead")
	path := fmt.Sprint("/inboxes/", in.ID)
	s.get(path, lead).want(t, 200, "Not compared yet", "Resume")
	got := s.post(path+"/reconcile", lead, nil)
	got.want(t, 303)
	s.get(path, lead+"; "+got.setCookie(flashCookie)).want(t, 200, "unaccounted 3", "Server 3 / ledger 0 / unaccounted 3")
	s.get("/inboxes", lead).want(t, 200, "3 unaccounted")
	s.get("/metrics", "").want(t, 200, fmt.Sprintf(`letterbox_inbox_unaccounted_messages{inbox="%d"} 3`, in.ID), "letterbox_gateway_visits_total 0",
		fmt.Sprintf(`letterbox_inbox_state{inbox="%d",state="paused"} 1`, in.ID), "!anna")

	s.change(in.ID, func(d *gateway.InboxDraft) { d.Settings.ImportSince = "all"; d.Rules.AllowUnknown = true })
	s.post(path+"/pause", lead, url.Values{"do": {"resume"}}).want(t, 303)
	s.gatewayRuns()
	s.until("three messages", func() bool {
		h, err := s.h.Gateway.InboxHealth(t.Context(), in.ID)
		v, verr := s.h.Gateway.Inbox(t.Context(), in.ID)
		return err == nil && verr == nil && v.Status.State == models.InboxActive && h.Account != nil && h.Account.Server == 3 && h.Account.Unaccounted == 0
	})
	s.get(path, lead).want(t, 200, "Server 3 / ledger 3 / unaccounted 0", "0 without a result", "Half in", "Connected, waiting for mail", "Pause")
	s.post(path+"/pause", lead, url.Values{"do": {"pause"}}).want(t, 303)
	s.get(path, lead).want(t, 200, "Paused", "Resume")
	s.post(path+"/pause", s.as("member"), nil).want(t, 403)
}

// change alters an inbox as its form does.
func (s *site) change(id int64, f func(*gateway.InboxDraft)) {
	s.t.Helper()
	in, err := s.h.Gateway.Inbox(s.t.Context(), id)
	s.ok(err)
	d := apiDraftOf(in)
	f(&d)
	_, err = s.h.Gateway.UpdateInbox(s.t.Context(), nil, id, in.Version, d)
	s.ok(err)
}

func TestFailureAndRecoveryAreTold(t *testing.T) {
	s := newSite(t)
	user, in := s.readsServer("imap")
	password := "wrong"
	s.change(in.ID, func(d *gateway.InboxDraft) { d.Password, d.Enabled = &password, true })
	s.gatewayRuns()
	lead, path := s.as("lead"), fmt.Sprint("/inboxes/", in.ID)
	state := func(want models.InboxState) func() bool {
		return func() bool {
			v, err := s.h.Gateway.Inbox(t.Context(), in.ID)
			return err == nil && v.Status.State == want
		}
	}
	s.until("a refused sign-in", state(models.InboxRefused))
	s.get("/healthz", "").want(t, 200, `"status":"warn"`, `"code":"E-AUTH-01"`, fmt.Sprintf(`"id":%d`, in.ID), "!post@")
	s.get("/readyz", "").want(t, 200, `"status":"ok"`)
	s.get(path, lead).want(t, 200, "Sign-in refused since", "1 attempt failed in a row", "E-AUTH-01", "History of the connection")
	s.get("/metrics", "").want(t, 200, fmt.Sprintf(`letterbox_inbox_state{inbox="%d",state="refused"} 1`, in.ID))
	right := "secret"
	s.change(in.ID, func(d *gateway.InboxDraft) { d.Password = &right })
	s.until("a connection", state(models.InboxActive))
	s.get(path, lead).want(t, 200, "The inbox is connected again", "Sign-in refused")
	s.get("/healthz", "").want(t, 200, `"status":"ok"`, `"inboxes":[]`)
	if user.Count("INBOX") != 0 {
		t.Error("there is mail on the server")
	}
}

func TestInboxIsDuplicatedWithoutItsPassword(t *testing.T) {
	s := newSite(t)
	_, in := s.readsServer("imap")
	lead := s.as("lead")
	for _, name := range []string{"Post imap (copy)", "Post imap (copy) 2"} {
		got := s.post(fmt.Sprintf("/inboxes/%d/duplicate", in.ID), lead, nil)
		got.want(t, 303)
		twin, err := s.h.Gateway.InboxByName(t.Context(), name)
		s.ok(err)
		if twin.Enabled || twin.PasswordSet || twin.Settings.Host != in.Settings.Host || got.Header.Get("Location") != fmt.Sprintf("/inboxes/%d/edit", twin.ID) {
			t.Errorf("copy: enabled %t, password %t, host %q, leads to %q", twin.Enabled, twin.PasswordSet, twin.Settings.Host, got.Header.Get("Location"))
		}
	}
	s.get(fmt.Sprintf("/inboxes/%d/delete", in.ID), lead).want(t, 200, "Messages without a result: 0", "Still to be told to the server: 0")
}

func TestProjectHasRoomForSoManyInboxes(t *testing.T) {
	s := newSite(t)
	s.h.Gateway.InboxesPerProject = 2
	lead := s.as("lead")
	s.get("/inboxes", lead).want(t, 200, "SUP: 1 of 2 inboxes are in use.", `href="/inboxes/add"`)
	s.addInbox("Second", s.sup.ID, false)
	s.get("/inboxes", lead).want(t, 200, "SUP: 2 of 2 inboxes are in use.", "disabled", `!primary" href="/inboxes/add"`)
	d := apiDraftOf(s.inbox)
	d.Name = "Third"
	_, err := s.h.Gateway.CreateInbox(t.Context(), nil, d)
	if list, ok := invalid(err); !ok || list[0].Code != "E-INBOX-06" {
		t.Errorf("a third inbox: %v, want E-INBOX-06", err)
	}
	s.addInbox("Global one", s.sup.ID, true) // It belongs to no project.
}
