package handlers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"letterbox/gateway"
	"letterbox/models"
)

// until asks for something until it is as wanted.
func (w *apiWorld) until(what, path string, as func(map[string]any) bool) map[string]any {
	w.t.Helper()
	var got map[string]any
	for range 3000 {
		if got = w.get("admin", "GET", path, "", 200); as(got) {
			return got
		}
		select {
		case <-w.t.Context().Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
	w.t.Fatalf("%s: GET %s = %v", what, path, got)
	return nil
}

// sendsBy gives the inboxes a sending account at an address of this machine.
func (w *apiWorld) sendsBy(address string) {
	w.t.Helper()
	host, port, err := net.SplitHostPort(address)
	w.ok(err)
	d := gateway.SendingDraft{Place: "default", Address: "post@here.example", Settings: models.DefaultSendingSettings()}
	d.Settings.Host, d.Settings.Auth, d.Settings.Security = host, "none", "none"
	d.Settings.Port, err = strconv.Atoi(port)
	w.ok(err)
	_, err = w.h.Gateway.CreateSendingAccount(w.t.Context(), nil, d)
	w.ok(err)
}

func TestTestMailComesBackAndBecomesNoIssue(t *testing.T) {
	w := newAPIWorld(t)
	w.get("boss", "POST", "/inboxes/1/test-mail", "", 409) // By which account?
	w.sendsBy(w.servers.SMTPAddr)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.h.Gateway.Run(ctx) }()
	defer func() {
		stop()
		w.ok(<-ended)
	}()
	w.until("the inbox is visited", "/inboxes/1", func(v map[string]any) bool { return strings.Contains(fmt.Sprint(v), "state:active") })
	w.get("stranger", "POST", "/inboxes/1/test-mail", "", 404)
	sent := w.get("boss", "POST", "/inboxes/1/test-mail", "", 202)
	path := "/inboxes/1/test-mail?message_id=" + url.QueryEscape(fmt.Sprint(sent["message_id"]))
	got := w.until("the mail arrives", path, func(v map[string]any) bool { return v["state"] == "ignored" })
	if got["arrived"] != true || got["reason"] != "test_mail" {
		t.Errorf("the test mail = %v, want it ignored as test_mail", got)
	}
	issues := w.get("admin", "GET", "/issues", "", 200)
	if list := issues["items"].([]any); len(list) != 1 {
		t.Errorf("%d issues, want the one there was", len(list))
	}
	if out, err := w.h.Gateway.OutboxCounts(t.Context()); err != nil || len(out) != 0 {
		t.Errorf("the outbox has %v (%v), want nobody told", out, err)
	}
	other := strings.Replace(fmt.Sprint(sent["message_id"]), "t.", "t.1", 1) // Nobody makes one up.
	if got := w.get("admin", "GET", "/inboxes/1/test-mail?message_id="+url.QueryEscape(other), "", 200); got["arrived"] != false {
		t.Errorf("a Message-ID that was made up = %v", got)
	}
	forged := "From: Nora <nora@elsewhere.example>\r\nTo: support@here.example\r\nSubject: Not a test\r\nMessage-ID: <" + other + ">\r\n\r\nText\r\n"
	m, err := w.h.Gateway.Receive(t.Context(), 1, "api", strings.NewReader(forged))
	if err != nil || m.Reason == "test_mail" || m.IssueNumber == nil {
		t.Errorf("a mail with it became %s (%s, %v), want an issue", m.State, m.Reason, err)
	}
}

func TestTestMailThatCannotBeSentSaysWhy(t *testing.T) {
	w := newAPIWorld(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	w.ok(err)
	w.ok(l.Close())
	w.sendsBy(l.Addr().String())
	problem := w.get("admin", "POST", "/inboxes/1/test-mail", "", 409)
	if text := fmt.Sprint(problem); !strings.Contains(text, "refuses connections") {
		t.Errorf("the answer = %s, want the cause", text)
	}
	problem = w.get("boss", "POST", "/inboxes/1/test-mail", "", 409) // Who is no admin learns nothing about the network.
	if text := fmt.Sprint(problem); !strings.Contains(text, "An admin sees why") || strings.Contains(text, "127.0.0.1") {
		t.Errorf("the answer to a project admin = %s", text)
	}
}

func TestPageOfATestMail(t *testing.T) {
	s := newSite(t)
	path := fmt.Sprintf("/inboxes/%d/trip", s.inbox.ID)
	s.get(path, s.as("member")).want(t, 403)
	s.get(path, s.as("lead")).want(t, 200, "Send test mail", "support@letterbox.example", "!On its way")
	s.post(path, s.as("lead"), url.Values{"do": {"send"}}).want(t, 422, "There is no sending account")
	s.get(path+"?mail=t.0.1.x.y@z&at=1790000000000", s.as("lead")).want(t, 200, "On its way", "Look again")
	s.post(path, s.as("lead"), url.Values{"do": {"look"}, "mail": {"t.0.1.x.y@z"}, "at": {"1790000000000"}}).want(t, 303)
	if _, err := s.h.Gateway.ArrivedTestMail(t.Context(), 77, "t"); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("a test mail of no inbox = %v, want ErrNotFound", err)
	}
}
