package gateway_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"letterbox/gateway"
	"letterbox/internal/mailtest"
	"letterbox/internal/testdb"
	"letterbox/models"
)

// outgoing makes a sending account and a login that gets the mail.
func (m *meddled) outgoing() {
	m.servers.AddUser("all", "x", "all@kunde.example")
	m.account = m.sending(func(d *gateway.SendingDraft) { d.Settings.Host = strings.TrimSuffix(mailtest.PipedSMTP, ":25") })
}

// queue puts mail n into the outbox.
func (m *meddled) queue(n int) {
	m.t.Helper()
	at := time.Now().UTC()
	err := m.store.AddOutgoing(m.t.Context(), []*models.Outgoing{{
		Kind: models.OutgoingAcknowledgement, AccountID: m.account.ID, IssueNumber: 1, Recipient: "all@kunde.example", RFCMessageID: fmt.Sprintf("%d@here.example", n),
		State: models.OutgoingQueued, Content: models.OutgoingContent{Subject: fmt.Sprint(n), Text: "x", To: []string{"all@kunde.example"}},
		NextAttemptAt: &at, CreatedAt: at, ExpiresAt: at.Add(48 * time.Hour),
	}})
	if err != nil {
		m.t.Fatal(err)
	}
}

// sentAll waits until nothing is left in the outbox, a day at most.
func (m *meddled) sentAll() {
	m.t.Helper()
	for began, step := time.Now(), time.Second; time.Since(began) < 24*time.Hour; step = min(2*step, 10*time.Minute) {
		time.Sleep(step)
		synctest.Wait()
		if m.number("SELECT count(*) FROM outbox WHERE state <> 'accepted'") == 0 {
			return
		}
	}
	m.t.Fatalf("%d mails are not accepted after a day", m.number("SELECT count(*) FROM outbox WHERE state <> 'accepted'"))
}

// copies counts what has arrived, by Message-ID.
func (m *meddled) copies() map[string]int {
	all := map[string]int{}
	for _, raw := range m.servers.Mails("all") {
		_, rest, _ := strings.Cut(strings.ToLower(string(raw)), "message-id: <")
		id, _, _ := strings.Cut(rest, ">")
		all[id]++
	}
	return all
}

// A process is killed at each crash point of sending. The mail arrives; twice, under one Message-ID, only where nobody can
// know whether it had arrived.
func TestKilledAtEachCrashPointOfSending(t *testing.T) {
	template := testdb.Template(t)
	for _, point := range []struct {
		name    string
		moments []string
		copies  int
	}{
		{"CP12 before the attempt is counted", []string{"before UPDATE outbox SET claim"}, 1},
		{"CP12 the attempt is counted", []string{"after UPDATE outbox SET claim", "after COMMIT"}, 1},
		{"CP13 before the last dot", []string{"data"}, 1},
		{"CP13 after the last dot", []string{"end"}, 2},
		{"CP14 accepted, not written down", []string{"before UPDATE outbox SET state"}, 2},
		{"CP14 accepted, not committed", []string{"after UPDATE outbox SET state", "before COMMIT"}, 2},
		{"CP14 accepted and committed", []string{"after UPDATE outbox SET state", "after COMMIT"}, 1},
	} {
		t.Run(point.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMeddled(t, template, "")
				m.outgoing()
				m.queue(1)
				m.dieAt(point.moments)
				second := m.twin()
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error, 1)
				go func() { done <- second.Run(ctx) }()
				m.sentAll()
				cancel()
				if err := <-done; err != nil {
					t.Errorf("Run = %v", err)
				}
				if got := m.copies()["1@here.example"]; got != point.copies || len(m.copies()) != 1 {
					t.Errorf("the mail has arrived %d times (%v), want %d", got, m.copies(), point.copies)
				}
				if n := m.number("SELECT attempts FROM outbox"); n > 2 {
					t.Errorf("%d attempts are counted, want at most two", n)
				}
			})
		})
	}
}

// dieAt runs a process that dies at the last of the moments.
func (m *meddled) dieAt(moments []string) {
	m.t.Helper()
	var dead atomic.Bool
	died := make(chan struct{})
	var mu sync.Mutex // One goroutine sends, others look into the outbox.
	comes := func(moment string) bool {
		mu.Lock()
		defer mu.Unlock()
		if dead.Load() || len(moments) == 0 || !strings.HasPrefix(moment, moments[0]) {
			return false
		}
		if moments = moments[1:]; len(moments) > 0 {
			return false
		}
		dead.Store(true)
		close(died)
		return true
	}
	m.smtp = func(stage string) string {
		if comes(stage) {
			return "drop"
		}
		return ""
	}
	ctx, cancel := context.WithCancel(testdb.WithFault(m.t.Context(), func(query string) (before, after error) {
		query = strings.Join(strings.Fields(query), " ")
		switch {
		case query == "ROLLBACK":
			return nil, nil
		case dead.Load(), comes("before " + query):
			return errDead, nil
		case comes("after " + query):
			return nil, errDead
		}
		return nil, nil
	}))
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- m.gateway.Run(ctx) }()
	select {
	case <-died:
	case <-time.After(time.Hour):
		m.t.Fatalf("the process did not come to %q", moments)
	}
	m.hangUp(nil)
	cancel()
	<-done
	m.smtp = nil
}

// The connection is cut after each octet of a whole session of SMTP. Each mail arrives, and twice only where the answer to
// the last dot was lost.
func TestSendingMayBeCutAfterEachOctet(t *testing.T) {
	for _, direction := range []string{"from the server", "to the server"} {
		t.Run(direction, func(t *testing.T) {
			inMeddled(t, "", func(t *testing.T, m *meddled) {
				m.outgoing()
				m.run()
				mails := 0
				for k := 0; ; k += sparse() {
					s := &scissors{in: k, out: -1}
					if direction == "to the server" {
						s.in, s.out = -1, k
					}
					mails++
					m.hangUp(func(c net.Conn) net.Conn { s.Conn = c; return s })
					m.queue(mails)
					m.sentAll()
					if k > 0 && !s.cut {
						break
					}
				}
				all, twice := m.copies(), 0
				for id, n := range all {
					if n > 2 {
						t.Errorf("%s has arrived %d times", id, n)
					}
					twice += n - 1
				}
				if len(all) != mails {
					t.Errorf("%d mails have arrived, want %d", len(all), mails)
				}
				// The answer to the last dot has some thirty octets.
				if most := 60/sparse() + 1; twice > most {
					t.Errorf("%d mails have arrived twice, want at most %d", twice, most)
				}
				t.Logf("%d cuts, %d mails came twice", mails-1, twice)
			})
		})
	}
}

// What the server has taken is written down however long the database fails, and whether or not the process is to end just
// then: the mail is not sent a second time.
func TestWhatTheServerHasTakenIsNotSentAgain(t *testing.T) {
	template := testdb.Template(t)
	for name, ends := range map[string]bool{"the database fails for minutes": false, "the process is to end": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMeddled(t, template, "")
				m.outgoing()
				for n := range 3 {
					m.queue(n)
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				var failed atomic.Int64 // Attempts to write down what came of a mail.
				done := make(chan error, 1)
				go func() {
					done <- m.gateway.Run(testdb.WithFault(ctx, func(query string) (before, after error) {
						if !strings.HasPrefix(strings.TrimSpace(query), "UPDATE outbox SET state") {
							return nil, nil
						}
						if ends {
							cancel()
							return nil, nil
						}
						if failed.Add(1) <= 20 {
							return errDead, nil
						}
						return nil, nil
					}))
				}()
				if ends { // Another process sends what this one gives back.
					if err := <-done; err != nil {
						t.Errorf("Run = %v", err)
					}
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					second := m.twin()
					go func() { done <- second.Run(ctx) }()
					m.sentAll()
					cancel()
				} else {
					m.sentAll()
					if n := failed.Load(); n <= 20 {
						t.Errorf("the database has failed %d times, want 20", n)
					}
					cancel()
				}
				if err := <-done; err != nil {
					t.Errorf("Run = %v", err)
				}
				for id, n := range m.copies() {
					if n != 1 {
						t.Errorf("%s has arrived %d times", id, n)
					}
				}
				if n := m.number("SELECT count(*) FROM outbox WHERE attempts <> 1"); n != 0 || len(m.copies()) != 3 {
					t.Errorf("%d mails have another number of attempts than one, %d have arrived, want 0 and 3", n, len(m.copies()))
				}
			})
		})
	}
}
