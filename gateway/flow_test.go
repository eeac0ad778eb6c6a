package gateway_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"letterbox/gateway"
	"letterbox/internal/mailtest"
	"letterbox/internal/netguard"
	"letterbox/internal/secret"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
	"letterbox/tracker"
)

// house is a gateway on a real database with mail servers in this process.
type house struct {
	t       *testing.T
	store   *store.Store
	tracker *tracker.Service
	gateway *gateway.Gateway
	servers *mailtest.Servers
	project models.Project
	tells   bool // Members are told by mail.
}

func newHouse(t *testing.T, s *store.Store) *house {
	t.Helper()
	return newHouseWith(t, s, mailtest.Options{})
}

// newHouseWith makes a house whose mail servers behave as the options say.
func newHouseWith(t *testing.T, s *store.Store, o mailtest.Options) *house {
	t.Helper()
	ring, err := secret.Parse(secret.Generate())
	if err != nil {
		t.Fatal(err)
	}
	servers, err := mailtest.NewServers(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(servers.Close)
	servers.AddUser("support", "s3cret", "support@here.example")
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	h := &house{t: t, store: s, servers: servers}
	h.tracker = tracker.New(tracker.Deps{Store: s, Log: log, Told: func(ctx context.Context, i models.Issue, list []models.Notification) error {
		if !h.tells {
			return nil
		}
		return h.gateway.QueueNotices(ctx, i, list)
	}})
	h.gateway = gateway.New(gateway.Deps{
		BaseURL: "https://issues.here.example",
		Texts:   catalogueTexts(t), Store: s, Tracker: h.tracker, Secrets: ring, Log: log, Dial: netguard.Dialer([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}),
	})
	h.project, err = h.tracker.CreateProject(t.Context(), tracker.CommandLine(), tracker.ProjectDraft{Key: "SUP", Name: "Support"})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// inbox adds an inbox on the IMAP or POP3 server of the house; change may alter the draft.
func (h *house) inbox(protocol string, change func(*gateway.InboxDraft)) gateway.InboxView {
	h.t.Helper()
	s := models.DefaultInboxSettings()
	s.Receive, s.Security, s.Username, s.ImportSince, s.PollInterval = protocol, "none", "support", "all", time.Second
	address := h.servers.IMAPAddr
	if protocol == "pop3" {
		address = h.servers.POP3Addr
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		h.t.Fatal(err)
	}
	s.Host = host
	s.Port, _ = strconv.Atoi(port)
	rules := models.DefaultRules()
	rules.AllowUnknown = true
	password := "s3cret"
	d := gateway.InboxDraft{
		Name: "Support " + protocol, Address: "support@here.example", ProjectID: h.project.ID, Enabled: true, Settings: s, Rules: rules, Password: &password,
	}
	if change != nil {
		change(&d)
	}
	v, err := h.gateway.CreateInbox(h.t.Context(), nil, d)
	if err != nil {
		h.t.Fatal(err)
	}
	return v
}

// run starts the gateway until the test or stop ends it.
func (h *house) run() (stop func()) {
	ctx, cancel := context.WithCancel(h.t.Context())
	done := make(chan error, 1)
	go func() { done <- h.gateway.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			h.t.Errorf("Run = %v", err)
		}
	}
	h.t.Cleanup(stop)
	return stop
}

// settled waits until n messages of the inbox are final and the server has been told.
func (h *house) settled(inbox int64, n int) []models.Message {
	h.t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for {
		page, err := h.gateway.Messages(h.t.Context(), gateway.MessageQuery{InboxIDs: []int64{inbox}, Limit: 200})
		if err != nil {
			h.t.Fatal(err)
		}
		ready := 0
		for _, m := range page.Items {
			if m.State.Final() && m.SettleState != models.SettlePending {
				ready++
			}
		}
		if ready == n && len(page.Items) == n {
			return page.Items
		}
		if time.Now().After(deadline) {
			for _, m := range page.Items {
				h.t.Logf("message %d uid %s: %s %s, settle %s, attempts %d, %s %s", m.ID, m.UID, m.State, m.Reason, m.SettleState, m.Attempts, m.ErrorCode, m.ErrorDetail)
			}
			h.t.Fatalf("%d of %d messages are ready, want %d", ready, len(page.Items), n)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// await waits until the status of an inbox is as wanted.
func (h *house) await(inbox int64, wanted string, ok func(models.InboxStatus) bool) {
	h.t.Helper()
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		v, err := h.gateway.Inbox(h.t.Context(), inbox)
		if err != nil {
			h.t.Fatal(err)
		}
		if ok(v.Status) {
			return
		}
		if time.Now().After(deadline) {
			h.t.Fatalf("status is %+v, want %s", v.Status, wanted)
		}
	}
}

func (h *house) deliver(raw string) {
	h.t.Helper()
	if err := h.servers.Deliver("support", []byte(crlf(raw))); err != nil {
		h.t.Fatal(err)
	}
}

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

// mail writes a plain mail; more are further header lines.
func mail(id, from, subject, body string, more ...string) string {
	head := fmt.Sprintf("From: %s\nTo: support@here.example\nSubject: %s\nMessage-ID: <%s@there.example>\nDate: Mon, 02 Nov 2026 10:00:00 +0100\n", from, subject, id)
	for _, m := range more {
		head += m + "\n"
	}
	return head + "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n" + body + "\n"
}

const anna = "Anna <anna@there.example>"

func TestMailsBecomeIssuesAndComments(t *testing.T) {
	for _, protocol := range []string{"imap", "pop3"} {
		t.Run(protocol, func(t *testing.T) {
			testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
				h := newHouse(t, s)
				h.deliver(mail("1", anna, "Printer burns", "It burns."))
				h.deliver(mail("2", anna, "AW: [#1] Printer burns", "Still."))
				h.deliver(mail("3", anna, "Something", "And now it is out.", "In-Reply-To: <1@there.example>"))
				h.deliver(mail("4", "Eve <eve@elsewhere.example>", "Re: [#1] Printer burns", "Let me in."))
				h.deliver(mail("5", anna, "Out of office", "Away.", "Auto-Submitted: auto-replied"))
				ib := h.inbox(protocol, nil)
				h.run()
				got := map[string]string{}
				for _, m := range h.settled(ib.ID, 5) {
					text := string(m.State) + " " + m.Reason
					if m.IssueNumber != nil {
						text += fmt.Sprintf(" #%d", *m.IssueNumber)
					}
					got[m.RFCMessageID] = text
				}
				want := map[string]string{
					"1@there.example": "created accepted_new #1", "2@there.example": "commented accepted_comment #1",
					"3@there.example": "commented accepted_comment #1", "4@there.example": "created accepted_new #2",
					"5@there.example": "ignored auto_reply",
				}
				for id, w := range want {
					if got[id] != w {
						t.Errorf("message %s became %q, want %q", id, got[id], w)
					}
				}
				issue, err := s.IssueByNumber(t.Context(), 2)
				if err != nil || issue.Mentions != "1" {
					t.Errorf("issue 2 mentions %q (%v), want 1: the sender takes no part in issue 1", issue.Mentions, err)
				}
			})
		})
	}
}
