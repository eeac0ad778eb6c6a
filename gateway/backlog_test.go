package gateway_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"letterbox/gateway"
	"letterbox/models"
)

// A server that needs a second for each message, with an hour of them.
func TestNewMailDoesNotWaitForAnHourOfBacklog(t *testing.T) {
	for _, protocol := range []string{"imap", "pop3"} {
		t.Run(protocol, func(t *testing.T) {
			inDen(t, func(t *testing.T, d *den) {
				const old = 180 // Twenty seconds each.
				manyMails(d.server, old)
				d.server.folders["Other"] = &fakeFolder{validity: 1, next: 1000}
				d.server.script = func(op, uid string) error {
					if op == "fetch" && len(uid) < 4 {
						time.Sleep(20 * time.Second)
					}
					return nil
				}
				g := d.process(nil)
				d.inbox(g, func(dr *gateway.InboxDraft) {
					draftOf(protocol)(dr)
					dr.Settings.BatchSize = 2
				})
				if protocol == "imap" { // A maildrop has no other folder.
					d.inbox(g, func(dr *gateway.InboxDraft) { dr.Name, dr.Settings.Folders = "Other", []string{"Other"} })
				}
				d.run(g)
				d.wait(7 * time.Minute)
				came := time.Now()
				fresh := d.server.deliver("INBOX", mail("new", anna, "New", "Text"))
				other := d.server.deliver("Other", mail("other", anna, "Other", "Text"))
				if protocol == "imap" {
					d.wait(70 * time.Second)
					if m := d.message(other); m.State != models.MessageCreated {
						t.Errorf("the mail of the other inbox is %s after a poll, want created", m.State)
					}
				}
				d.wait(time.Until(came.Add(10 * time.Minute)))
				if m := d.message(fresh); m.State != models.MessageCreated {
					t.Errorf("the new mail is %s after ten minutes, want created", m.State)
				}
				d.wait(2 * time.Hour)
				fetched := d.server.did("fetched")
				if len(fetched) != old+1 && protocol == "pop3" || len(fetched) != old+2 && protocol == "imap" {
					t.Errorf("%d messages were fetched, want each once", len(fetched))
				}
				first := fetched[:10]
				want := []string{}
				for i := range 10 {
					want = append(want, fmt.Sprintf("fetched %d", i+1))
				}
				if !slices.Equal(first, want) {
					t.Errorf("first came %v, want the oldest", first)
				}
				if issues, _ := d.once(); issues != len(fetched) {
					t.Errorf("%d issues of %d messages", issues, len(fetched))
				}
			})
		})
	}
}
