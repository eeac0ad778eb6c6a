package gateway_test

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"letterbox/gateway"
	"letterbox/internal/mailtest"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

func (h *house) now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// acks counts the acknowledgements that a house has put into its outbox.
func (h *house) acks() int {
	n := 0
	for _, o := range h.outbox() {
		if o.Kind == models.OutgoingAcknowledgement {
			n++
		}
	}
	return n
}

// F71: two installations that answer each other, over a relay that takes away every header field by which they could
// tell: they stop after three rounds.
func TestTwoInstallationsThatAnswerEachOtherStopAfterThreeRounds(t *testing.T) {
	marks := regexp.MustCompile(`(?im)^(Auto-Submitted|X-Auto-Response-Suppress|Precedence|X-Letterbox-Loop|In-Reply-To|References|Message-ID|Return-Path|Date):.*\r\n(?:[ \t].*\r\n)*`)
	n := 0
	for name, rewrite := range map[string]func([]byte) []byte{
		"with their marks": nil,
		"without": func(raw []byte) []byte {
			n++
			raw = marks.ReplaceAll(raw, nil)
			raw = bytes.ReplaceAll(raw, []byte("[#"), []byte("("))
			return append(fmt.Appendf(nil, "Message-ID: <relay-%d@relay.example>\r\n", n), raw...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := newHouseWith(t, testdb.Open(t), mailtest.Options{Rewrite: rewrite})
			b := newHouse(t, testdb.Open(t))
			b.servers = a.servers
			a.servers.AddUser("desk", "s3cret", "desk@there.example")
			everyone := gateway.Acknowledgement{Mode: "everyone"}
			ibA := a.inbox("imap", func(d *gateway.InboxDraft) { d.Rules.AutoMail = "process" })
			ibB := b.inbox("imap", func(d *gateway.InboxDraft) {
				d.Address, d.Settings.Username, d.Rules.AutoMail = "desk@there.example", "desk", "process"
			})
			a.sending(func(d *gateway.SendingDraft) { d.Settings.Tagged = false })
			b.sending(func(d *gateway.SendingDraft) {
				d.Address, d.Settings.Username, d.Settings.Tagged = "desk@there.example", "desk", false
			})
			for h, ib := range map[*house]gateway.InboxView{a: ibA, b: ibB} {
				if err := h.gateway.SetAcknowledgement(t.Context(), nil, ib.ID, everyone); err != nil {
					t.Fatal(err)
				}
				h.run()
			}
			a.arrive("support", post("desk@there.example", "start@there.example", "Hello", "There?"))
			wantA, wantB := 3, 3
			if rewrite == nil {
				wantA, wantB = 1, 0
			}
			a.until("the exchange is over", func() bool {
				return a.acks() == wantA && b.acks() == wantB && a.quiet(ibA.ID) && b.quiet(ibB.ID)
			})
			// What came last gets no answer, and it says why; the mail itself is kept.
			if rewrite != nil {
				a.until("the last mail is in", func() bool { return len(a.servers.Mails("support")) == 1+wantB })
				a.settled(ibA.ID, 1+wantB)
				if got := a.lastTrace(ibA.ID); !slices.Contains(got, "notify.limited") {
					t.Errorf("trace of the last mail: %v, want notify.limited", got)
				}
			}
			if a.acks() > 3 || b.acks() > 3 {
				t.Errorf("%d and %d acknowledgements, want three at most", a.acks(), b.acks())
			}
		})
	}
}

// quiet reports whether everything that a house has taken in is final and everything that it has to send is sent.
func (h *house) quiet(inbox int64) bool {
	counts, err := h.store.OutboxCounts(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	open, err := h.store.OpenMessages(h.t.Context(), inbox, h.now().AddDate(1, 0, 0), 10)
	if err != nil {
		h.t.Fatal(err)
	}
	return counts[models.OutgoingQueued] == 0 && len(open) == 0
}

// SEC-49: forged senders by the hundred get 50 answers, one alarm, and nothing to advertise with.
func TestFloodOfForgedSendersTripsTheBreakerOnce(t *testing.T) {
	d := newDen(t, testdb.Open(t))
	g := d.process(func(deps *gateway.Deps) { deps.Texts = catalogueTexts(t) })
	ib := d.inbox(g, func(dr *gateway.InboxDraft) { dr.Settings.Receive = "push" })
	s := models.DefaultSendingSettings()
	s.Host, s.Auth = "smtp.here.example", "none"
	if _, err := g.CreateSendingAccount(t.Context(), nil, gateway.SendingDraft{Place: "default", Address: "support@here.example", Settings: s}); err != nil {
		t.Fatal(err)
	}
	if err := g.SetAcknowledgement(t.Context(), nil, ib.ID, gateway.Acknowledgement{Mode: "everyone"}); err != nil {
		t.Fatal(err)
	}
	for n := range 60 {
		raw := post(fmt.Sprintf("victim%d@victim.example", n), fmt.Sprintf("flood%d@evil.example", n), "Buy at https://evil.example/now", "Buy at https://evil.example/now")
		if _, err := g.Receive(t.Context(), ib.ID, "api", bytes.NewReader(raw)); err != nil {
			t.Fatal(err)
		}
	}
	list, _, err := d.store.Outbox(t.Context(), store.OutboxFilter{Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range list {
		if strings.Contains(o.Content.Subject+o.Content.Text, "evil.example") {
			t.Errorf("an acknowledgement carries the address of the flood: %+v", o.Content)
		}
	}
	breakers, err := g.Breakers(t.Context())
	if len(list) != 50 || err != nil || len(breakers) != 1 {
		t.Errorf("%d acknowledgements and %d breakers (%v), want 50 and one", len(list), len(breakers), err)
	}
	if issues, _ := d.once(); issues != 60 {
		t.Errorf("%d issues, want all 60: answers stop, mail does not", issues)
	}
}

// Who gets no acknowledgement, and that the trace says why (SEC-50).
func TestAcknowledgementIsWithheldWithAReason(t *testing.T) {
	d := newDen(t, testdb.Open(t))
	g := d.process(func(deps *gateway.Deps) { deps.Texts = catalogueTexts(t) })
	ib := d.inbox(g, func(dr *gateway.InboxDraft) { dr.Settings.Receive, dr.Rules.AutoMail = "push", "process" })
	receive := func(raw []byte) []string {
		t.Helper()
		if _, err := g.Receive(t.Context(), ib.ID, "api", bytes.NewReader(raw)); err != nil {
			t.Fatal(err)
		}
		all := d.messages()
		return d.trace(all[len(all)-1].ID)
	}
	if got := receive(post("first@kunde.example", "0@x", "a", "b")); !slices.Contains(got, "notify.no_account") {
		t.Errorf("without an account: trace %v", got)
	}
	s := models.DefaultSendingSettings()
	s.Host, s.Auth = "smtp.here.example", "none"
	if _, err := g.CreateSendingAccount(t.Context(), nil, gateway.SendingDraft{Place: "default", Address: "support@here.example", Settings: s}); err != nil {
		t.Fatal(err)
	}
	if got := receive(post("stranger@kunde.example", "1@x", "a", "b")); !slices.Contains(got, "notify.unknown_sender") {
		t.Errorf("a stranger: trace %v", got)
	}
	set := func(mode string) {
		t.Helper()
		if err := g.SetAcknowledgement(t.Context(), nil, ib.ID, gateway.Acknowledgement{Mode: mode}); err != nil {
			t.Fatal(err)
		}
	}
	set("everyone")
	if err := g.Suppress(t.Context(), nil, "gone@kunde.example", ""); err != nil {
		t.Fatal(err)
	}
	for n, test := range []struct{ from, more, want string }{
		{"a@kunde.example", "Auto-Submitted: auto-generated", "notify.silent_automatic"},
		{"b@kunde.example", "List-Id: <x.example>", "notify.silent_list"},
		{"c@kunde.example", "Precedence: bulk", "notify.silent_automatic"},
		{"d@kunde.example", "Return-Path: <>", "notify.silent_automatic"},
		{"no-reply@kunde.example", "X-A: b", "notify.silent_robot"},
		{"gone@kunde.example", "X-A: b", "notify.suppressed"},
		{"old@kunde.example", "Date: Mon, 02 Nov 2020 10:00:00 +0100", "notify.old"},
		{"fine@kunde.example", "X-A: b", "notify.ack"},
	} {
		if got := receive(post(test.from, fmt.Sprintf("w%d@x", n), "subject "+fmt.Sprint(n), "text", test.more)); !slices.Contains(got, test.want) {
			t.Errorf("%s, %s: trace %v, want %s", test.from, test.more, got, test.want)
		}
	}
	set("off")
	if got := receive(post("fine2@kunde.example", "off@x", "off", "b")); !slices.Contains(got, "notify.off") {
		t.Errorf("switched off: trace %v", got)
	}
}
