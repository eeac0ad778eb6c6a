package gateway_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway"
)

func TestResetHasWhatHadNoEffectDecidedOnAgain(t *testing.T) {
	for _, protocol := range []string{"imap", "pop3"} {
		t.Run(protocol, func(t *testing.T) {
			inDen(t, func(t *testing.T, d *den) {
				g := d.process(nil)
				d.server.deliver("INBOX", mail("1", anna, "Before", "Text"))
				change := func(dr *gateway.InboxDraft) {
					draftOf(protocol)(dr)
					dr.Settings.ImportSince, dr.Settings.POP3After, dr.Settings.After, dr.Rules.BlockedSenders = "from_now", "keep", "seen", []string{"@blocked.example"}
				}
				ib := d.inbox(g, change)
				stop := d.run(g)
				d.wait(3 * time.Minute)
				d.server.deliver("INBOX", mail("2", anna, "Known", "Text"))
				d.server.deliver("INBOX", mail("3", "Eve <eve@blocked.example>", "Blocked", "Text"))
				d.wait(15 * time.Minute)
				r, err := g.ResetPreview(t.Context(), ib.ID)
				if err != nil || r.Listed != 3 || r.Effect != 1 || r.Refused != 1 || r.Older+r.Unknown != 1 || r.Octets == 0 {
					t.Errorf("preview: %+v, %v, want 3 listed, 1 with effect, 1 refused, 1 from before", r, err)
				}
				before := d.ledger()
				draft := d.draft(change)
				draft.Rules.BlockedSenders = nil
				if _, err := g.UpdateInbox(t.Context(), nil, ib.ID, 0, draft); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(before, d.ledger()); diff != "" {
					t.Errorf("the preview has changed the ledger: %s", diff)
				}
				if _, err := g.ResetLedger(t.Context(), nil, ib.ID, true); err != nil {
					t.Fatal(err)
				}
				d.wait(15 * time.Minute)
				stop()
				want := []string{"2 created accepted_new", "3 created accepted_new"}
				issues := 2
				if protocol == "pop3" { // What lay there before is in the ledger by name.
					want, issues = append([]string{"1 created accepted_new"}, want...), 3
				}
				if diff := cmp.Diff(want, d.ledger()); diff != "" {
					t.Error(diff)
				}
				if n, comments := d.once(); n != issues || comments != 0 {
					t.Errorf("%d issues and %d comments, want %d and none", n, comments, issues)
				}
				if got := d.message("3").Reprocessed; got != 1 {
					t.Errorf("the refused one was processed again %d times, want once", got)
				}
			})
		})
	}
}
