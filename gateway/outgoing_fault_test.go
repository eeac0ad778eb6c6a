package gateway_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"letterbox/gateway"
	"letterbox/internal/mailtest"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

// faults is what an SMTP server does wrong.
type faults struct {
	mu      sync.Mutex
	stage   string
	address string // "": all.
	answer  string
}

func (f *faults) set(stage, address, answer string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stage, f.address, f.answer = stage, address, answer
}

func (f *faults) at(stage, address string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stage != stage || f.address != "" && f.address != address {
		return ""
	}
	return f.answer
}

// outgoingHouse has a customer's issue with two people to answer, and an account.
func outgoingHouse(t *testing.T, f *faults, before ...func(*house)) (*house, *models.User) {
	t.Helper()
	h := newHouseWith(t, testdb.Open(t), mailtest.Options{Fault: f.at})
	for _, do := range before {
		do(h)
	}
	h.servers.AddUser("kunde", "x", "erika@kunde.example")
	h.servers.AddUser("chef", "x", "chef@kunde.example")
	h.inbox("imap", nil)
	h.arrive("support", post("erika@kunde.example", "first@kunde.example", "Drucker", "Er brennt.", "Cc: chef@kunde.example"))
	h.run()
	h.until("the issue is there", func() bool {
		_, err := h.store.IssueByNumber(t.Context(), 1)
		return err == nil
	})
	h.sending(nil)
	return h, h.agent()
}

// F70: what a server answers at each stage, and what becomes of the mail.
func TestServerAnswersDecideWhatBecomesOfAMail(t *testing.T) {
	f := &faults{}
	h, anna := outgoingHouse(t, f)
	tests := []struct {
		stage, answer string
		state         models.OutgoingState
		code          string
		suppressed    bool
		trouble       bool
	}{
		{"rcpt", "451 4.7.1 greylisted", models.OutgoingQueued, "E-SMTP-07", false, false},
		{"rcpt", "550 5.7.1 no thanks", models.OutgoingFailed, "E-SMTP-02", false, false},
		{"rcpt", "550 5.1.1 no such mailbox", models.OutgoingFailed, "E-SMTP-02", true, false},
		{"rcpt", "drop", models.OutgoingQueued, "E-NET-05", false, false},
		{"mail", "451 4.3.0 later", models.OutgoingQueued, "E-SMTP-07", false, false},
		{"mail", "550 5.7.1 not from you", models.OutgoingQueued, "", false, true},
		{"mail", "530 5.7.0 sign in first", models.OutgoingQueued, "", false, true},
		{"data", "421 4.3.2 shutting down", models.OutgoingQueued, "E-SMTP-07", false, false},
		{"data", "552 5.3.4 too large", models.OutgoingFailed, "E-SMTP-03", false, false},
		{"data", "552 5.2.2 mailbox full", models.OutgoingFailed, "E-SMTP-08", false, false},
		{"data", "554 5.6.0 spam", models.OutgoingFailed, "E-SMTP-08", false, false},
		{"data", "drop", models.OutgoingQueued, "E-NET-05", false, false},
		{"end", "drop", models.OutgoingQueued, "E-NET-05", false, false},
	}
	var wantErika, wantChef int
	for n, test := range tests {
		t.Run(test.stage+" "+test.answer, func(t *testing.T) {
			address := "erika@kunde.example"
			if test.stage != "rcpt" {
				address = ""
			}
			f.set(test.stage, address, test.answer)
			c := h.answer(anna, 1, fmt.Sprintf("Answer %d", n), nil)
			row := func(recipient string) models.Outgoing {
				for _, o := range h.outbox() {
					if o.CommentID != nil && *o.CommentID == c.ID && o.Recipient == recipient {
						return o
					}
				}
				t.Fatalf("no mail to %s", recipient)
				return models.Outgoing{}
			}
			h.until("the attempt is over", func() bool {
				o := row("erika@kunde.example")
				a, err := h.gateway.SendingAccounts(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if test.trouble {
					return a[0].TroubleCode != "" && o.Claim == ""
				}
				over := func(o models.Outgoing) bool {
					return o.Claim == "" && (o.State != models.OutgoingQueued || o.Code != "")
				}
				return over(o) && (test.stage != "end" || over(row("chef@kunde.example"))) // Both are to be cut off once.
			})
			o := row("erika@kunde.example")
			if o.State != test.state || o.Code != test.code {
				t.Errorf("got %s %q (%s), want %s %q", o.State, o.Code, o.Answer, test.state, test.code)
			}
			if test.code != "" && test.answer != "drop" && !strings.Contains(test.answer, o.Answer[:3]) {
				t.Errorf("the server's words are %q, want %q", o.Answer, test.answer)
			}
			if a, err := h.gateway.SendingAccounts(t.Context()); test.trouble {
				want := map[string]string{"550": "E-SMTP-01", "530": "E-AUTH-05"}[test.answer[:3]]
				if err != nil || a[0].TroubleCode != want {
					t.Errorf("the trouble of the account is %s (%v), want %s", a[0].TroubleCode, err, want)
				}
			}
			if test.trouble && o.Attempts != 0 {
				t.Errorf("%d attempts counted against the mail, want none: it is the account", o.Attempts)
			}
			_, err := h.store.Suppressed(t.Context(), o.Recipient, o.CreatedAt)
			if (err == nil) != test.suppressed {
				t.Errorf("suppressed: %v, want %v", err == nil, test.suppressed)
			}
			f.set("", "", "")
			if test.suppressed {
				if err := h.gateway.Release(t.Context(), anna, o.Recipient); err != nil {
					t.Fatal(err)
				}
			}
			// Once the fault is over, "send now" delivers to both, and to the other one no second time.
			for _, who := range []string{"erika@kunde.example", "chef@kunde.example"} {
				h.until("nobody sends", func() bool { return row(who).Claim == "" })
				if row(who).State != models.OutgoingAccepted {
					h.sendNow(anna, row(who).ID)
				}
				h.until(who+" has it", func() bool { return row(who).State == models.OutgoingAccepted })
			}
			wantErika, wantChef = wantErika+1, wantChef+1
			if test.stage == "end" { // Nobody can know: both had it twice, under the same Message-ID.
				wantErika, wantChef = wantErika+1, wantChef+1
			}
			all := h.inMailbox("kunde", wantErika)
			if last := all[len(all)-1]; test.stage == "end" && last.MessageID != all[len(all)-2].MessageID {
				t.Error("the second copy has another Message-ID")
			}
			h.inMailbox("chef", wantChef)
		})
	}
}

// Two processes share the outbox: each mail goes once.
func TestReplicasShareTheOutbox(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		h := newHouse(t, s)
		h.servers.AddUser("all", "x", "all@kunde.example")
		a := h.sending(nil)
		h.inbox("imap", nil)
		const n = 60
		var rows []*models.Outgoing
		at := h.now()
		for i := range n {
			rows = append(rows, &models.Outgoing{
				Kind: models.OutgoingAcknowledgement, AccountID: a.ID, IssueNumber: 1, Recipient: "all@kunde.example", RFCMessageID: fmt.Sprintf("%d@here.example", i),
				State: models.OutgoingQueued, Content: models.OutgoingContent{Subject: fmt.Sprint(i), Text: "x", To: []string{"all@kunde.example"}},
				NextAttemptAt: &at, CreatedAt: at, ExpiresAt: at.Add(1 << 40),
			})
		}
		if err := s.AddOutgoing(t.Context(), append(rows, rows[:10]...)); err != nil { // The same mail twice is one.
			t.Fatal(err)
		}
		h.run()
		second := h.twin()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- second.Run(ctx) }()
		seen := map[string]int{}
		for _, m := range h.inMailbox("all", n) {
			seen[m.MessageID]++
		}
		h.until("all rows are accepted", func() bool {
			counts, err := s.OutboxCounts(t.Context())
			return err == nil && counts[models.OutgoingAccepted] == n
		})
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run = %v", err)
		}
		if len(seen) != n {
			t.Errorf("%d different mails, want %d", len(seen), n)
		}
	})
}

// twin is another process on the same database.
func (h *house) twin() *gateway.Gateway {
	return gateway.New(gateway.Deps{Store: h.store, Tracker: h.tracker, Secrets: h.gateway.Secrets, Log: slog.New(slog.DiscardHandler), Dial: h.gateway.Dial, Texts: h.gateway.Texts})
}

// TestOutboxGoesOutOldestFirst is F72: after a day without a server what has waited longest goes first, whatever its number.
func TestOutboxGoesOutOldestFirst(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		h := newHouse(t, s)
		h.servers.AddUser("all", "x", "all@kunde.example")
		a := h.sending(nil)
		var rows []*models.Outgoing
		for i := range 30 {
			at := h.now().Add(-time.Duration((i*7)%30) * time.Minute) // In no order.
			rows = append(rows, &models.Outgoing{
				Kind: models.OutgoingAcknowledgement, AccountID: a.ID, Recipient: "all@kunde.example", RFCMessageID: fmt.Sprintf("%d@here.example", i),
				State: models.OutgoingQueued, Content: models.OutgoingContent{Subject: fmt.Sprintf("%02d", (i*7)%30), Text: "x", To: []string{"all@kunde.example"}},
				NextAttemptAt: &at, CreatedAt: at, ExpiresAt: at.Add(24 * time.Hour),
			})
		}
		if err := s.AddOutgoing(t.Context(), rows); err != nil {
			t.Fatal(err)
		}
		h.run()
		for i, m := range h.inMailbox("all", len(rows)) {
			if want := fmt.Sprintf("%02d", len(rows)-1-i); m.Subject != want {
				t.Errorf("mail %d has waited %s minutes, want the one that has waited %s", i, m.Subject, want)
			}
		}
	})
}
