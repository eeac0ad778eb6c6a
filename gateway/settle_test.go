package gateway_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway"
	"letterbox/models"
)

func after(action string) func(*gateway.InboxDraft) {
	return func(dr *gateway.InboxDraft) { dr.Settings.After, dr.Settings.MoveTo = action, "Done" }
}

func TestDeleteWaitsForASecondLook(t *testing.T) {
	for _, protocol := range []string{"imap", "pop3"} {
		t.Run(protocol, func(t *testing.T) {
			inDen(t, func(t *testing.T, d *den) {
				manyMails(d.server, 1)
				g := d.process(nil)
				d.inbox(g, func(dr *gateway.InboxDraft) {
					draftOf(protocol)(dr)
					dr.Settings.After, dr.Settings.PollInterval = "delete", time.Minute
				})
				d.run(g)
				d.wait(50 * time.Second)
				if diff := cmp.Diff([]string{"1"}, d.server.uids("INBOX")); diff != "" {
					t.Errorf("before the second look: %s", diff)
				}
				if m := d.message("1"); m.State != models.MessageCreated || m.SettleState != models.SettlePending {
					t.Errorf("before the second look: %s, settle %s, want created, pending", m.State, m.SettleState)
				}
				d.wait(3 * time.Minute)
				if diff := cmp.Diff([]string{}, d.server.uids("INBOX")); diff != "" {
					t.Errorf("after it: %s", diff)
				}
				if m := d.message("1"); m.SettleState != models.SettleDone {
					t.Errorf("settle state = %s, want done", m.SettleState)
				}
			})
		})
	}
}

func TestMoveThatFailsStaysFailedAndIsTriedAgain(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		manyMails(d.server, 2)
		g := d.process(nil)
		d.inbox(g, after("move"))
		d.run(g)
		d.wait(10 * time.Second)
		for _, m := range d.messages() {
			if m.State != models.MessageCreated || m.SettleState != models.SettleFailed || m.SettleError != "E-IMAP-05" || m.SettleAttempts != 1 {
				t.Errorf("message %s: %s, settle %s %s, %d attempts", m.UID, m.State, m.SettleState, m.SettleError, m.SettleAttempts)
			}
		}
		d.wait(40 * time.Minute)
		if n := len(d.server.did("refused move 1")); n < 3 || n > 5 {
			t.Errorf("moved %d times in forty minutes, want a few times with growing pauses", n)
		}
		d.server.change(func(s *fakeServer) { s.folders["Done"] = &fakeFolder{validity: 1, next: 1} })
		d.wait(time.Hour)
		if diff := cmp.Diff([]string{"1", "2"}, d.server.uids("Done")); diff != "" {
			t.Errorf("in the target: %s", diff)
		}
		for _, m := range d.messages() {
			if m.SettleState != models.SettleDone || m.SettleError != "" {
				t.Errorf("message %s: settle %s %s, want done", m.UID, m.SettleState, m.SettleError)
			}
		}
		if issues, _ := d.once(); issues != 2 {
			t.Errorf("%d issues, want 2", issues)
		}
	})
}

func TestMessageThatIsGoneNeedsNothingMore(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		manyMails(d.server, 1)
		d.server.script = func(op, _ string) error {
			if op == "settle" {
				return errVanish
			}
			return nil
		}
		g := d.process(nil)
		d.inbox(g, nil)
		d.run(g)
		d.wait(time.Hour)
		if m := d.message("1"); m.State != models.MessageCreated || m.SettleState != models.SettleGone {
			t.Errorf("%s, settle %s, want created, gone", m.State, m.SettleState)
		}
	})
}

func TestDeletionIsFinalOnlyOnceTheMaildropIsClosed(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		manyMails(d.server, 1)
		d.server.script = func(op, _ string) error {
			if op == "close" {
				return errCut
			}
			return nil
		}
		g := d.process(nil)
		ib := d.inbox(g, draftOf("pop3"))
		d.run(g)
		d.wait(time.Hour)
		if m := d.message("1"); m.State != models.MessageCreated || m.SettleState != models.SettlePending {
			t.Errorf("%s, settle %s, want created, pending", m.State, m.SettleState)
		}
		if got := d.status(g, ib.ID); got.State != models.InboxFailing {
			t.Errorf("the inbox is %s, want failing", got.State)
		}
		d.server.change(func(s *fakeServer) { s.script = nil })
		d.wait(time.Hour)
		if m := d.message("1"); m.SettleState != models.SettleDone {
			t.Errorf("settle %s after the server has recovered, want done", m.SettleState)
		}
		if diff := cmp.Diff([]string{}, d.server.uids("INBOX")); diff != "" {
			t.Error(diff)
		}
		d.once()
	})
}

// What is handed in goes to the same inbox as what the server holds; that visit is none to the server.
func TestHandingInSettlesNothingOnTheServer(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		manyMails(d.server, 1)
		g := d.process(nil)
		ib := d.inbox(g, func(dr *gateway.InboxDraft) { dr.Settings.After, dr.Settings.PollInterval = "delete", time.Minute })
		stop := d.run(g)
		d.wait(10 * time.Second)
		stop()
		d.wait(time.Hour) // The deletion is due.
		if _, err := g.Receive(t.Context(), ib.ID, "receive", strings.NewReader(mail("x", anna, "Handed in", "Text"))); err != nil {
			t.Fatal(err)
		}
		if m := d.message("1"); m.SettleState != models.SettlePending {
			t.Errorf("settle state = %s, want pending", m.SettleState)
		}
		d.run(d.process(nil))
		d.wait(10 * time.Minute)
		if diff := cmp.Diff([]string{}, d.server.uids("INBOX")); diff != "" {
			t.Error(diff)
		}
	})
}

// UID 1 of IMAP is not unique-id 1 of POP3.
func TestNamesOfOneProtocolAreNotToldTheOther(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		manyMails(d.server, 1)
		g := d.process(nil)
		ib := d.inbox(g, func(dr *gateway.InboxDraft) { dr.Settings.After, dr.Settings.PollInterval = "delete", time.Hour })
		d.run(g)
		d.wait(10 * time.Second)
		other := newFakeServer()
		other.deliver("INBOX", mail("other", anna, "Somebody else's", "Text"))
		d.server.change(func(s *fakeServer) { s.folders = other.folders })
		_, err := g.UpdateInbox(t.Context(), nil, ib.ID, 0, d.draft(func(dr *gateway.InboxDraft) {
			dr.Settings.Receive, dr.Settings.Port, dr.Settings.POP3After, dr.Settings.ImportSince = "pop3", 995, "keep", "from_now"
		}))
		if err != nil {
			t.Fatal(err)
		}
		d.wait(2 * time.Hour)
		if diff := cmp.Diff([]string{"1"}, d.server.uids("INBOX")); diff != "" {
			t.Error(diff)
		}
		if got := d.messages()[0]; got.SettleState != models.SettleGone {
			t.Errorf("settle state = %s, want gone: there is no way to tell the server", got.SettleState)
		}
	})
}

func TestDispositionsOnTheServer(t *testing.T) {
	for _, c := range []struct {
		name          string
		change        func(*gateway.InboxDraft)
		inbox         []string
		done, refused int
	}{
		{"leave", after("leave"), []string{"1", "2", "3"}, 0, 0},
		{"seen", after("seen"), []string{"1 seen", "2 seen", "3 seen"}, 0, 0},
		{"move", after("move"), []string{}, 3, 0},
		{"move rejected elsewhere", func(dr *gateway.InboxDraft) {
			after("move")(dr)
			dr.Settings.MoveRejectedTo = "Refused"
		}, []string{}, 2, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			inDen(t, func(t *testing.T, d *den) {
				d.server.folders["Done"] = &fakeFolder{validity: 1, next: 1}
				d.server.folders["Refused"] = &fakeFolder{validity: 1, next: 1}
				d.server.deliver("INBOX", mail("1", anna, "Hello", "Text"))
				d.server.deliver("INBOX", mail("2", "Eve <eve@spam.example>", "Hello", "Text"))
				d.server.deliver("INBOX", mail("3", anna, "Away", "Text", "Auto-Submitted: auto-replied"))
				g := d.process(nil)
				d.inbox(g, func(dr *gateway.InboxDraft) {
					dr.Rules.BlockedSenders = []string{"@spam.example"}
					c.change(dr)
				})
				d.run(g)
				d.wait(10 * time.Second)
				if diff := cmp.Diff(c.inbox, d.server.uids("INBOX")); diff != "" {
					t.Error(diff)
				}
				if got := len(d.server.uids("Done")); got != c.done {
					t.Errorf("%d messages in the target, want %d", got, c.done)
				}
				if got := len(d.server.uids("Refused")); got != c.refused {
					t.Errorf("%d messages in the target for refused ones, want %d", got, c.refused)
				}
			})
		})
	}
}
