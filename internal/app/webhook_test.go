package app

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway"
	"letterbox/internal/config"
	"letterbox/internal/webhook"
	"letterbox/models"
	"letterbox/tracker"
)

// opened is the program on a new database in its data folder, until the test ends.
func opened(t *testing.T, cfg config.Config) *App {
	t.Helper()
	cfg.DB = "sqlite:" + filepath.Join(cfg.Data, "letterbox.db")
	a, err := New(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

func TestWhatHappensToMailsAndIssuesIsToldOutsideWithoutTheirText(t *testing.T) {
	ctx, by := t.Context(), tracker.CommandLine()
	cfg := config.Default()
	cfg.Data = t.TempDir()
	a := opened(t, cfg)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	p, err := a.Tracker.CreateProject(ctx, by, tracker.ProjectDraft{Key: "SUP", Name: "Support"})
	must(err)
	st, rules := models.DefaultInboxSettings(), models.DefaultRules()
	st.Receive, rules.AllowUnknown, rules.BlockedSenders = "push", true, []string{"evil@spam.example"}
	in, err := a.Gateway.CreateInbox(ctx, nil, gateway.InboxDraft{Name: "Door", Address: "door@here.example", ProjectID: p.ID, Enabled: true, Settings: st, Rules: rules})
	must(err)
	w, _, err := a.Webhooks.Create(ctx, nil, webhook.Draft{Name: "Radar", URL: "https://radar.example/", ProjectID: p.ID, Events: models.EventTypes(), Enabled: true})
	must(err)
	for _, mail := range []string{
		"From: nora@kunde.example\r\nMessage-ID: <1@kunde.example>\r\nSubject: Printer\r\n\r\nhidden words\r\n",
		"From: nora@kunde.example\r\nMessage-ID: <2@kunde.example>\r\nIn-Reply-To: <1@kunde.example>\r\nSubject: Re: Printer\r\n\r\nhidden words again\r\n",
		"From: evil@spam.example\r\nMessage-ID: <3@spam.example>\r\nSubject: Buy\r\n\r\nhidden words\r\n",
	} {
		_, err := a.Gateway.Receive(ctx, in.ID, "api", strings.NewReader(mail))
		must(err)
	}
	done := models.IssueClosed
	_, err = a.Tracker.UpdateIssue(ctx, by, 1, 0, tracker.IssuePatch{State: &done})
	must(err)
	list, _, err := a.Webhooks.Deliveries(ctx, w.ID, 100, "")
	must(err)
	type told struct {
		Type string
		Data map[string]any
	}
	var got []told
	for i := len(list) - 1; i >= 0; i-- {
		var one told
		must(json.Unmarshal([]byte(list[i].Body), &one))
		if strings.Contains(list[i].Body, "hidden") || strings.Contains(list[i].Body, "@") || one.Data["project"] != "SUP" {
			t.Errorf("told %s, want the project and no text or address of a mail", list[i].Body)
		}
		delete(one.Data, "project")
		got = append(got, one)
	}
	message := func(id float64, state, reason string, issue, comment any) map[string]any {
		return map[string]any{"id": id, "inbox": 1.0, "state": state, "reason": reason, "issue": issue, "comment": comment}
	}
	want := []told{
		{models.IssueCreatedEvent, map[string]any{"number": 1.0, "title": "Printer", "state": "new"}},
		{models.MessageReceivedEvent, message(1, "created", "accepted_new", 1.0, nil)},
		{models.CommentCreatedEvent, map[string]any{"id": 1.0, "issue": 1.0, "internal": false, "message": 2.0}},
		{models.MessageReceivedEvent, message(2, "commented", "accepted_comment", 1.0, 1.0)},
		{models.MessageRejectedEvent, message(3, "rejected", "sender_blocked", nil, nil)},
		{models.IssueClosedEvent, map[string]any{"number": 1.0, "title": "Printer", "state": "closed", "changed": []any{"state"}}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// A webhook that wants nothing more is switched off, and those who can put it right hear of it by mail, in their language and
// as they have set.
func TestWebhookThatIsSwitchedOffIsToldItsAdmins(t *testing.T) {
	ctx, by := t.Context(), tracker.CommandLine()
	cfg := config.Default()
	cfg.Data, cfg.BaseURL, cfg.AllowedNetworks = t.TempDir(), "https://desk.example", []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	a := opened(t, cfg)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	p, err := a.Tracker.CreateProject(ctx, by, tracker.ProjectDraft{Key: "SUP", Name: "Support"})
	must(err)
	person := func(login, lang string, role models.Role, in models.ProjectRole) models.User {
		t.Helper()
		u, err := a.Tracker.CreateUser(ctx, by, tracker.UserDraft{Login: login, Name: login, Role: role, Addresses: []string{login + "@there.example"}})
		must(err)
		if in != "" {
			must(a.Tracker.SetMember(ctx, by, p.ID, login, in))
		}
		u, err = a.Tracker.SetProfile(ctx, &u, u.ID, login, lang, "")
		must(err)
		return u
	}
	person("anna", "de", models.RoleAdmin, "")
	person("bob", "en", models.RoleMember, models.ProjectAdmin)
	person("cem", "en", models.RoleMember, models.ProjectMember)
	quiet := person("dora", "en", models.RoleAdmin, "")
	never := models.DefaultNotifySettings(quiet.ID)
	never.Assigned = models.NotifyNever
	must(a.Tracker.SetNotifySettings(ctx, &quiet, never))
	settings := models.DefaultSendingSettings()
	settings.Host, settings.Auth = "smtp.here.example", "none"
	_, err = a.Gateway.CreateSendingAccount(ctx, nil, gateway.SendingDraft{Place: "default", Address: "support@here.example", Settings: settings})
	must(err)

	gone := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) }))
	defer gone.Close()
	w, _, err := a.Webhooks.Create(ctx, nil, webhook.Draft{Name: "Radar", URL: gone.URL, ProjectID: p.ID, Events: models.EventTypes(), Enabled: true})
	must(err)
	_, err = a.Webhooks.Test(ctx, nil, w.ID)
	must(err)
	running, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- a.Webhooks.Run(running) }()
	for deadline := time.Now().Add(time.Minute); w.Enabled && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		w, err = a.Webhooks.Get(ctx, w.ID)
		must(err)
	}
	stop()
	must(<-done)
	list, _, err := a.Gateway.Outbox(ctx, gateway.OutboxFilter{Limit: 10})
	must(err)
	got := map[string]string{}
	for _, o := range list {
		got[o.Recipient] = string(o.Kind) + ": " + o.Content.Subject
		if link := strings.Contains(o.Content.Text, "https://desk.example/webhooks/1"); link != (o.Recipient == "anna@there.example") {
			t.Errorf("%s is given the address of the page: %t, want it for who may see it", o.Recipient, link)
		}
		if !strings.Contains(o.Content.Text, "410") {
			t.Errorf("%s is not told why:\n%s", o.Recipient, o.Content.Text)
		}
	}
	want := map[string]string{"anna@there.example": "alarm: Webhook „Radar“ wurde abgeschaltet", "bob@there.example": "alarm: Webhook \"Radar\" was switched off"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if n, err := a.Webhooks.SwitchedOff(ctx); n != 1 || err != nil {
		t.Errorf("SwitchedOff = %d, %v, want 1", n, err)
	}
}
