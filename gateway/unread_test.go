package gateway_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway"
	"letterbox/internal/mailtest"
	"letterbox/internal/testdb"
)

// mark takes the flag from a message, as a person does in a mail program.
func (d *den) mark(uid string) {
	d.server.change(func(s *fakeServer) {
		for _, m := range s.folders["INBOX"].messages {
			if m.uid == uid {
				m.seen = false
			}
		}
	})
}

func TestMessageMarkedUnreadIsProcessedAgainOnceForEachMarking(t *testing.T) {
	for _, on := range []bool{true, false} {
		t.Run(fmt.Sprintf("switched on: %t", on), func(t *testing.T) {
			inDen(t, func(t *testing.T, d *den) {
				d.server.deliver("INBOX", mail("1", anna, "Known", "Text"))
				d.server.deliver("INBOX", mail("2", "Eve <eve@blocked.example>", "Blocked", "Text"))
				change := func(dr *gateway.InboxDraft) {
					dr.Settings.ReprocessUnread, dr.Rules.BlockedSenders = on, []string{"@blocked.example"}
				}
				var lists, asked atomic.Int64
				d.server.script = func(op, _ string) error {
					switch op {
					case "list":
						lists.Add(1)
					case "unread":
						asked.Add(1)
					}
					return nil
				}
				g := d.process(nil)
				ib := d.inbox(g, change)
				stop := d.run(g)
				d.wait(3 * time.Minute)
				runs := func(step string, want ...int) {
					t.Helper()
					var got []int
					for _, m := range d.messages() {
						got = append(got, m.Reprocessed)
					}
					if !on {
						want = []int{0, 0}
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("%s, runs again: %s", step, diff)
					}
				}
				runs("at first", 0, 0)
				d.mark("1")
				d.mark("2")
				d.wait(12 * time.Minute)
				runs("both marked", 1, 1)
				listed, before := lists.Load(), asked.Load()
				d.wait(8 * time.Minute)
				runs("nothing marked since", 1, 1)
				if n := lists.Load() - listed; n > 1 { // The one of every ten minutes.
					t.Errorf("%d listings of everything in eight minutes without a change, want one at most", n)
				}
				if n := asked.Load() - before; on != (n > 2) {
					t.Errorf("asked %d times what is unread", n)
				}
				if on != slices.Contains(d.trace(d.message("1").ID), "reprocess.unread") {
					t.Errorf("the trace: %v", d.trace(d.message("1").ID))
				}
				draft := d.draft(change)
				draft.Rules.BlockedSenders = nil
				if _, err := g.UpdateInbox(t.Context(), nil, ib.ID, 0, draft); err != nil {
					t.Fatal(err)
				}
				d.mark("2")
				d.wait(12 * time.Minute)
				stop()
				runs("marked under other rules", 1, 2)
				want, seen := []string{"1 created accepted_new", "2 created accepted_new"}, []string{"1 seen", "2 seen"}
				issues := 2
				if !on {
					want, seen, issues = []string{"1 created accepted_new", "2 rejected sender_blocked"}, []string{"1", "2"}, 1
				}
				if diff := cmp.Diff(want, d.ledger()); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff(seen, d.server.uids("INBOX")); diff != "" {
					t.Errorf("on the server: %s", diff)
				}
				if n, comments := d.once(); n != issues || comments != 0 {
					t.Errorf("%d issues and %d comments, want %d and none", n, comments, issues)
				}
			})
		})
	}
}

func TestMessageMarkedUnreadInARealMailboxIsProcessedAgain(t *testing.T) {
	dovecot := mailtest.StartDovecot(t, mailtest.DovecotOptions{Users: map[string]string{"support": "s3cret"}})
	if err := dovecot.Append("support", "INBOX", []byte(crlf(mail("1", anna, "Hello", "Text")))); err != nil {
		t.Fatal(err)
	}
	h := newHouse(t, testdb.Open(t))
	ib := h.inbox("imap", func(d *gateway.InboxDraft) {
		d.Settings.Host, d.Settings.Port = hostAndPort(t, dovecot.IMAPAddr)
		d.Settings.ReprocessUnread = true
	})
	h.run()
	h.settled(ib.ID, 1)
	files, err := filepath.Glob(filepath.Join(dovecot.Mail("support"), "cur", "*S*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("marked as read: %v, %v, want one mail", files, err)
	}
	if err := os.Rename(files[0], strings.TrimSuffix(files[0], "S")); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if m := h.settled(ib.ID, 1)[0]; m.Reprocessed == 1 {
			break
		} else if m.Reprocessed > 1 || time.Now().After(deadline) {
			t.Fatalf("it was processed again %d times, want once", m.Reprocessed)
		}
	}
	if n := dovecot.Count("support", "INBOX", "SEEN"); n != 1 {
		t.Errorf("%d mails are marked as read, want 1", n)
	}
}
