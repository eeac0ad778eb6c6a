package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/smtp"
	"path/filepath"
	"strings"
	"testing"

	"letterbox/gateway"
	"letterbox/internal/config"
	"letterbox/models"
	"letterbox/tracker"
)

func TestMailIsHandedInOverSMTP(t *testing.T) {
	ctx := t.Context()
	cfg := config.Default()
	cfg.Data, cfg.SMTPListen, cfg.SMTPProtocol = t.TempDir(), "127.0.0.1:0", "smtp"
	cfg.DB = "sqlite:" + filepath.Join(cfg.Data, "letterbox.db")
	a, err := New(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	p, err := a.Tracker.CreateProject(ctx, tracker.CommandLine(), tracker.ProjectDraft{Key: "SUP", Name: "Support"})
	must(err)
	st, rules := models.DefaultInboxSettings(), models.DefaultRules()
	st.Receive, rules.AllowUnknown, rules.BlockedSenders = "push", true, []string{"evil@spam.example"}
	for _, name := range []string{"door", "gate"} {
		_, err := a.Gateway.CreateInbox(ctx, nil, gateway.InboxDraft{
			Name: name, Address: name + "@here.example", ProjectID: p.ID, Enabled: true, Settings: st, Rules: rules,
		})
		must(err)
	}
	door, l, err := a.inbound(ctx)
	must(err)
	serving, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- door.Run(serving, l) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		must(a.Close())
	}()
	send := func(from, subject string, to ...string) string {
		raw := fmt.Sprintf("From: %s\r\nMessage-ID: <%s@kunde.example>\r\nSubject: %s\r\n\r\nText\r\n", from, subject, subject)
		if err := smtp.SendMail(l.Addr().String(), nil, from, to, []byte(raw)); err != nil {
			return err.Error()
		}
		return ""
	}
	for range 2 { // The second time it is the message of the first.
		if got := send("nora@kunde.example", "printer", "Door@Here.Example"); got != "" {
			t.Errorf("a mail that is let in: %s", got)
		}
	}
	if got := send("nora@kunde.example", "scanner", "gate+anything@here.example"); got != "" {
		t.Errorf("a mail to a subaddress: %s", got)
	}
	if got := send("evil@spam.example", "buy", "door@here.example"); !strings.Contains(got, "5.7.1 refused") {
		t.Errorf("a mail that the rules refuse: %q, want 550 5.7.1", got)
	}
	if got := send("nora@kunde.example", "lost", "nobody@here.example"); !strings.Contains(got, "5.1.1 no such") {
		t.Errorf("a mail to nobody: %q, want 550 5.1.1", got)
	}
	page, err := a.Gateway.Messages(ctx, gateway.MessageQuery{Limit: 50})
	must(err)
	var got []string
	for _, m := range page.Items {
		got = append(got, fmt.Sprintf("%d %s %s %s", m.InboxID, m.Door, m.Subject, m.State))
	}
	if want := "1 smtp buy rejected, 2 smtp scanner created, 1 smtp printer created"; strings.Join(got, ", ") != want {
		t.Errorf("the log has %q, want %q", got, want)
	}
}
