package gateway_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway"
	"letterbox/models"
)

func since(what string) func(*gateway.InboxDraft) {
	return func(dr *gateway.InboxDraft) { dr.Settings.ImportSince = what }
}

// No clock is involved: the old mail claims to have come tomorrow, the new one last year.
func TestFromNowTakesWhatComesAfterTheFirstVisit(t *testing.T) {
	for name, old := range map[string]int{"full folder": 3, "empty folder": 0} {
		t.Run(name, func(t *testing.T) {
			inDen(t, func(t *testing.T, d *den) {
				manyMails(d.server, old)
				for _, m := range d.server.folders["INBOX"].messages {
					m.at = time.Now().Add(24 * time.Hour)
				}
				g := d.process(nil)
				ib := d.inbox(g, since("from_now"))
				d.run(g)
				d.wait(5 * time.Second)
				uid := d.server.deliver("INBOX", mail("new", anna, "New", "Text"))
				d.server.change(func(s *fakeServer) { last(s.folders["INBOX"].messages).at = time.Now().AddDate(-1, 0, 0) })
				d.wait(15 * time.Minute) // A full listing comes by then.
				if diff := cmp.Diff([]string{uid + " created accepted_new"}, d.ledger()); diff != "" {
					t.Error(diff)
				}
				r, err := g.Reconcile(t.Context(), ib.ID)
				if want := (gateway.Reconciliation{Server: 1, Ledger: 1, Before: old}); err != nil || r != want {
					t.Errorf("Reconcile = %+v, %v, want %+v", r, err, want)
				}
			})
		})
	}
}

func last[T any](all []T) T { return all[len(all)-1] }

// The server calls a folder by another name than the setting; the first mail in it must not count as old.
func TestEmptyFolderIsKnownUnderTheServersName(t *testing.T) {
	for setting, name := range map[string]string{"Inbox": "INBOX", "Team/Support": "Team.Support", "Büro/Ein gang": "Büro.Ein gang"} {
		t.Run(setting, func(t *testing.T) {
			inDen(t, func(t *testing.T, d *den) {
				d.server.folders[name] = &fakeFolder{validity: 3, next: 1}
				d.server.rename = func(string) string { return name }
				g := d.process(nil)
				d.inbox(g, func(dr *gateway.InboxDraft) {
					dr.Settings.ImportSince, dr.Settings.Folders = "from_now", []string{setting}
				})
				stop := d.run(g)
				d.wait(5 * time.Second)
				stop()
				d.server.deliver(name, mail("1", anna, "First", "Text"))
				d.run(d.process(nil))
				d.wait(15 * time.Minute)
				if diff := cmp.Diff([]string{"1 created accepted_new"}, d.ledger()); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestFromNowKeepsABaselineOfAMaildrop(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		manyMails(d.server, 3)
		g := d.process(nil)
		d.inbox(g, func(dr *gateway.InboxDraft) {
			draftOf("pop3")(dr)
			dr.Settings.ImportSince = "from_now"
		})
		d.run(g)
		d.wait(5 * time.Second)
		d.server.deliver("INBOX", mail("new", anna, "New", "Text"))
		d.wait(10 * time.Minute)
		want := []string{"1 ignored before_start", "2 ignored before_start", "3 ignored before_start", "4 created accepted_new"}
		if diff := cmp.Diff(want, d.ledger()); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"fetched 4"}, d.server.did("fetched")); diff != "" {
			t.Errorf("downloads: %s", diff)
		}
		if diff := cmp.Diff([]string{"1", "2", "3"}, d.server.uids("INBOX")); diff != "" {
			t.Errorf("on the server: %s", diff) // Old mail is not deleted, the new one is.
		}
	})
}

func TestImportSinceADateTakesTheServersDate(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		manyMails(d.server, 3)
		for i, m := range d.server.folders["INBOX"].messages {
			m.at = time.Date(1999, 12, 29+i, 12, 0, 0, 0, time.UTC)
		}
		g := d.process(nil)
		d.inbox(g, since("1999-12-30"))
		d.run(g)
		d.wait(5 * time.Second)
		if diff := cmp.Diff([]string{"2 created accepted_new", "3 created accepted_new"}, d.ledger()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestArchiveMakesClosedIssuesOfOldMailOnly(t *testing.T) {
	for _, protocol := range []string{"imap", "pop3"} {
		t.Run(protocol, func(t *testing.T) {
			inDen(t, func(t *testing.T, d *den) {
				manyMails(d.server, 2)
				g := d.process(nil)
				d.inbox(g, func(dr *gateway.InboxDraft) {
					draftOf(protocol)(dr)
					dr.Settings.ImportSince = "archive"
				})
				d.run(g)
				d.wait(5 * time.Second)
				d.server.deliver("INBOX", mail("new", anna, "New", "Text"))
				d.wait(5 * time.Minute)
				for number, want := range map[int64]models.IssueState{1: models.IssueClosed, 2: models.IssueClosed, 3: models.IssueNew} {
					i, err := d.store.IssueByNumber(t.Context(), number)
					if err != nil || i.State != want {
						t.Errorf("issue %d is %s (%v), want %s", number, i.State, err, want)
					}
				}
			})
		})
	}
}

func TestOnlyUnseenMailIsTakenWhereTheInboxSaysSo(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		manyMails(d.server, 3)
		d.server.folders["INBOX"].messages[1].seen = true
		d.server.folders["INBOX"].messages[2].deleted = true
		g := d.process(nil)
		ib := d.inbox(g, func(dr *gateway.InboxDraft) { dr.Settings.Select = "unseen" })
		d.run(g)
		d.wait(5 * time.Second)
		if diff := cmp.Diff([]string{"1 created accepted_new"}, d.ledger()); diff != "" {
			t.Error(diff)
		}
		r, err := g.Reconcile(t.Context(), ib.ID)
		if want := (gateway.Reconciliation{Server: 1, Ledger: 1, Before: 2}); err != nil || r != want {
			t.Errorf("Reconcile = %+v, %v, want %+v", r, err, want)
		}
	})
}

func TestRenumberedFolderMakesNoIssueTwice(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		manyMails(d.server, 3)
		g := d.process(nil)
		d.inbox(g, nil)
		stop := d.run(g)
		d.wait(5 * time.Second)
		stop()
		d.server.renumber("INBOX")
		d.server.deliver("INBOX", mail("4", anna, "Mail 4", "Text"))
		d.run(d.process(nil))
		d.wait(5 * time.Minute)
		states := map[string]int{}
		for _, m := range d.messages() {
			states[fmt.Sprintf("%d %s", m.UIDValidity, m.State)]++
			if m.State == models.MessageDuplicate && m.DuplicateOf == nil {
				t.Errorf("message %d is a duplicate of nothing", m.ID)
			}
		}
		if diff := cmp.Diff(map[string]int{"7 created": 3, "8 duplicate": 3, "8 created": 1}, states); diff != "" {
			t.Error(diff)
		}
		if issues, _ := d.once(); issues != 4 {
			t.Errorf("%d issues, want 4", issues)
		}
		events, err := d.store.InboxEvents(t.Context(), d.messages()[0].InboxID, 20)
		said := 0
		for _, e := range events {
			if e.Code == "E-IMAP-04" && e.Args["folder"] == "INBOX" {
				said++
			}
		}
		if err != nil || said != 1 {
			t.Errorf("the history of the inbox tells %d times (%v) that its folder was renumbered, want once", said, err)
		}
	})
}

// The inbox took nothing of the old mail, so nothing is known of it; renumbering must not bring it in.
func TestRenumberedFolderDoesNotFloodAnInboxFromNow(t *testing.T) {
	for _, restart := range []bool{true, false} {
		t.Run(fmt.Sprintf("restart %t", restart), func(t *testing.T) {
			inDen(t, func(t *testing.T, d *den) {
				manyMails(d.server, 50)
				for _, m := range d.server.folders["INBOX"].messages {
					m.at = time.Now().AddDate(0, -1, 0)
				}
				g := d.process(nil)
				d.inbox(g, since("from_now"))
				stop := d.run(g)
				d.wait(5 * time.Second)
				if restart {
					stop()
				}
				d.server.renumber("INBOX")
				d.server.deliver("INBOX", mail("new", anna, "New", "Text"))
				if restart {
					d.run(d.process(nil))
				} else {
					d.server.change(func(s *fakeServer) { s.cut++ })
				}
				d.wait(15 * time.Minute)
				if diff := cmp.Diff([]string{"51 created accepted_new"}, d.ledger()); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

// An inbox is pointed at another account, where the same names mean other messages.
func TestOtherAccountIsReadFromItsOwnStart(t *testing.T) {
	for _, protocol := range []string{"imap", "pop3"} {
		t.Run(protocol, func(t *testing.T) {
			inDen(t, func(t *testing.T, d *den) {
				manyMails(d.server, 2)
				g := d.process(nil)
				slow := func(dr *gateway.InboxDraft) {
					draftOf(protocol)(dr)
					dr.Settings.After, dr.Settings.PollInterval = "delete", 10*time.Minute // The second look is far away.
				}
				ib := d.inbox(g, slow)
				d.run(g)
				d.wait(time.Minute)
				other := newFakeServer()
				other.before = d.durable
				for i := range 2 {
					other.deliver("INBOX", mail(fmt.Sprint("other", i), anna, fmt.Sprintf("Other %d", i), "Text"))
				}
				d.server.change(func(s *fakeServer) { s.folders = other.folders })
				_, err := g.UpdateInbox(t.Context(), nil, ib.ID, 0, d.draft(func(dr *gateway.InboxDraft) {
					slow(dr)
					dr.Settings.Username = "someone else"
				}))
				if err != nil {
					t.Fatal(err)
				}
				d.wait(time.Minute)
				if diff := cmp.Diff([]string{"1", "2"}, d.server.uids("INBOX")); diff != "" {
					t.Errorf("on the other server: %s", diff) // Nothing there was meant by the pending deletions.
				}
				if issues, _ := d.once(); issues != 4 {
					t.Errorf("%d issues, want 4: %s", issues, strings.Join(d.ledger(), "; "))
				}
				d.wait(time.Hour)
				if diff := cmp.Diff([]string{}, d.server.uids("INBOX")); diff != "" {
					t.Errorf("on the other server in the end: %s", diff)
				}
			})
		})
	}
}

// The server has a new name; what came meanwhile is not lost, and nothing is made twice.
func TestServerUnderAnotherNameLosesAndDoublesNothing(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		manyMails(d.server, 2)
		for _, m := range d.server.folders["INBOX"].messages {
			m.at = time.Now().AddDate(0, -1, 0)
		}
		g := d.process(nil)
		ib := d.inbox(g, since("from_now"))
		stop := d.run(g)
		d.wait(time.Minute)
		d.server.deliver("INBOX", mail("3", anna, "Mail 3", "Text"))
		d.wait(time.Minute)
		stop() // For three days the server cannot be reached.
		d.server.deliver("INBOX", mail("4", anna, "Mail 4", "Text"))
		d.wait(72 * time.Hour)
		_, err := g.UpdateInbox(t.Context(), nil, ib.ID, 0, d.draft(func(dr *gateway.InboxDraft) {
			dr.Settings.ImportSince, dr.Settings.Host = "from_now", "other.here.example"
		}))
		if err != nil {
			t.Fatal(err)
		}
		d.run(d.process(nil))
		d.wait(time.Minute)
		if issues, _ := d.once(); issues != 2 {
			t.Errorf("%d issues, want 2: %s", issues, strings.Join(d.ledger(), "; "))
		}
	})
}
