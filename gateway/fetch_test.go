package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway"
	"letterbox/gateway/mailbox"
	"letterbox/models"
)

func manyMails(s *fakeServer, n int) {
	for i := range n {
		s.deliver("INBOX", mail(fmt.Sprint(i+1), anna, fmt.Sprintf("Mail %d", i+1), "Text"))
	}
}

func TestCutInAWindowCountsAgainstTheMessageUnderWayOnly(t *testing.T) {
	for name, fault := range map[string]error{"within a message": errHalf, "between two messages": errCut} {
		t.Run(name, func(t *testing.T) {
			inDen(t, func(t *testing.T, d *den) {
				manyMails(d.server, 5)
				d.server.script = func(op, uid string) error {
					if op == "fetch" && uid == "3" {
						return fault
					}
					return nil
				}
				d.inbox(d.process(nil), nil)
				stop := d.run(d.process(nil))
				time.Sleep(time.Second)
				var got []string
				for _, m := range d.messages() {
					got = append(got, fmt.Sprintf("%s %s %d %t", m.UID, m.State, m.Attempts, m.NextAttemptAt != nil))
				}
				want := []string{"1 created 1 false", "2 created 1 false", "3 known 1 true", "4 known 0 false", "5 known 0 false"}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("after the cut: %s", diff)
				}
				d.server.deliver("INBOX", mail("6", anna, "Mail 6", "Text"))
				d.wait(70 * time.Second)
				for _, uid := range []string{"4", "5", "6"} {
					if got := d.message(uid); got.State != models.MessageCreated {
						t.Errorf("message %s is %s after the next poll, want created: only message 3 waits", uid, got.State)
					}
				}
				d.server.change(func(s *fakeServer) { s.script = nil })
				d.wait(10 * time.Minute)
				stop()
				if issues, _ := d.once(); issues != 6 {
					t.Errorf("%d issues, want 6", issues)
				}
			})
		})
	}
}

func TestCutBeforeAMessageIsAskedForCountsAgainstNone(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		manyMails(d.server, 3)
		d.server.script = func(op, _ string) error {
			if op == "fetch" {
				return errors.Join(mailbox.ErrNotAsked, errCut)
			}
			return nil
		}
		d.inbox(d.process(nil), nil)
		d.run(d.process(nil))
		d.wait(10 * time.Minute)
		for _, m := range d.messages() {
			if m.State != models.MessageKnown || m.Attempts != 0 || m.NextAttemptAt != nil {
				t.Errorf("message %s is %s after %d attempts, next %v; want known after none, due at once", m.UID, m.State, m.Attempts, m.NextAttemptAt)
			}
		}
	})
}

func TestMessagesAreTakenInInTheirOrderLoadByLoad(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		manyMails(d.server, 120)
		d.server.script = func(op, _ string) error {
			if op == "fetch" {
				time.Sleep(10 * time.Millisecond) // Time for everything that has come before.
			}
			return nil
		}
		g := d.process(nil)
		d.inbox(g, func(dr *gateway.InboxDraft) { dr.Settings.BatchSize = 10 })
		d.run(g)
		d.wait(30 * time.Second)
		var fetched []string
		for i := range 120 {
			fetched = append(fetched, fmt.Sprintf("fetched %d", i+1))
		}
		if diff := cmp.Diff(fetched, d.server.did("fetched")); diff != "" {
			t.Error(diff)
		}
		for i, m := range d.messages() {
			if m.IssueNumber == nil || *m.IssueNumber != int64(i+1) {
				t.Errorf("message %s became %v, want issue %d", m.UID, m.IssueNumber, i+1)
			}
		}
		first := slices.Index(d.server.did("fetched", "seen"), "seen 1")
		if first != 40 {
			t.Errorf("the first message is settled after %d were fetched, want 40: a load of four times batch_size", first)
		}
	})
}

func TestSilentServerCostsOthersNothingAndEndsWithTheProcess(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		manyMails(d.server, 2)
		d.server.folders["Other"] = &fakeFolder{validity: 1, next: 10}
		d.server.script = func(op, uid string) error {
			if op == "fetch" && uid == "1" {
				return errStall
			}
			return nil
		}
		g := d.process(nil)
		d.inbox(g, nil)
		d.inbox(g, func(dr *gateway.InboxDraft) { dr.Name, dr.Settings.Folders = "Other", []string{"Other"} })
		stop := d.run(g)
		d.wait(time.Second)
		d.server.deliver("Other", mail("x", anna, "Other", "Text"))
		d.wait(time.Minute)
		if got := d.message("10"); got.State != models.MessageCreated {
			t.Errorf("the message of the other inbox is %s, want created", got.State)
		}
		began := time.Now()
		stop()
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("the process took %v to stop", took)
		}
		for _, uid := range []string{"1", "2"} {
			if got := d.message(uid); got.Attempts != 0 || got.ErrorCode != "" {
				t.Errorf("message %s: %d attempts, code %q, want none: we ended the visit", uid, got.Attempts, got.ErrorCode)
			}
		}
		if d.server.open != 0 {
			t.Errorf("%d visits are open after the end, want 0", d.server.open)
		}
	})
}

func TestMessageThatIsLeftOutButStillListedIsNotGone(t *testing.T) {
	for _, protocol := range []string{"imap", "pop3"} {
		t.Run(protocol, func(t *testing.T) {
			inDen(t, func(t *testing.T, d *den) {
				manyMails(d.server, 3)
				d.server.script = func(op, uid string) error {
					if op == "fetch" && uid == "2" {
						return errVanish // NIL instead of octets, or -ERR to RETR.
					}
					return nil
				}
				g := d.process(nil)
				d.inbox(g, draftOf(protocol))
				d.run(g)
				d.wait(10 * time.Minute)
				if got := d.message("2"); got.State != models.MessageKnown || got.ErrorCode == "" {
					t.Errorf("message 2 is %s %s, want known with an error", got.State, got.Reason)
				}
				d.server.change(func(s *fakeServer) { s.script = nil })
				d.wait(20 * time.Minute)
				if got := d.message("2"); got.State != models.MessageCreated {
					t.Errorf("message 2 is %s %s after the server has recovered, want created", got.State, got.Reason)
				}
			})
		})
	}
}

func TestMessageThatIsRemovedBeforeItIsFetchedIsRecordedAsGone(t *testing.T) {
	for _, protocol := range []string{"imap", "pop3"} {
		t.Run(protocol, func(t *testing.T) {
			inDen(t, func(t *testing.T, d *den) {
				manyMails(d.server, 3)
				d.server.onFetch = func(uid string) {
					if uid == "1" {
						d.server.change(func(s *fakeServer) {
							f := s.folders["INBOX"]
							f.messages = slices.DeleteFunc(f.messages, func(m *fakeMessage) bool { return m.uid == "2" })
						})
					}
				}
				g := d.process(nil)
				ib := d.inbox(g, draftOf(protocol))
				d.run(g)
				d.wait(5 * time.Minute)
				want := []string{"1 created accepted_new", "2 ignored vanished", "3 created accepted_new"}
				if diff := cmp.Diff(want, d.ledger()); diff != "" {
					t.Error(diff)
				}
				if got := d.status(g, ib.ID); got.State != models.InboxActive {
					t.Errorf("the inbox is %s %s, want active", got.State, got.Code)
				}
				if m := d.message("2"); m.SettleState != models.SettleGone {
					t.Errorf("settle state = %s, want gone", m.SettleState)
				}
			})
		})
	}
}

// A process that was stopped has begun no attempt that counts.
func TestStopInADownloadCountsAgainstNoMessage(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		manyMails(d.server, 4)
		d.inbox(d.process(nil), nil)
		for range 6 {
			ctx, cancel := context.WithCancel(t.Context())
			d.server.change(func(s *fakeServer) {
				s.script = func(op, uid string) error {
					if op == "fetch" && uid == "3" {
						cancel()
						return errStall
					}
					return nil
				}
			})
			stop := d.runIn(ctx, cancel, d.process(nil))
			d.wait(time.Minute)
			stop()
		}
		d.server.change(func(s *fakeServer) { s.script = nil })
		d.run(d.process(nil))
		d.wait(time.Minute)
		if issues, _ := d.once(); issues != 4 {
			t.Errorf("%d issues, want 4: %v", issues, d.ledger())
		}
	})
}
