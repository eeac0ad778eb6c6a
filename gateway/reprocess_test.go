package gateway_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway"
	"letterbox/gateway/rule"
	"letterbox/models"
)

// again has a message processed again and fails on an error.
func (d *den) again(g *gateway.Gateway, id int64) models.Message {
	d.t.Helper()
	m, err := g.Reprocess(d.t.Context(), nil, id)
	if err != nil {
		d.t.Fatalf("Reprocess: %v", err)
	}
	return m
}

func TestRefusedMessageBecomesAnIssueOnceTheRulesAllowIt(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		g := d.process(nil)
		ib := d.inbox(g, func(dr *gateway.InboxDraft) { dr.Rules.AllowUnknown = false })
		m := d.receive(g, ib.ID, mail("1", anna, "Hello", "Text"))
		for range 2 {
			if got := d.again(g, m.ID); got.State != models.MessageRejected || got.IssueNumber != nil {
				t.Errorf("under the same rules: %s, issue %v, want rejected and none", got.State, got.IssueNumber)
			}
		}
		if _, err := g.UpdateInbox(t.Context(), nil, ib.ID, 0, d.draft(nil)); err != nil {
			t.Fatal(err)
		}
		for n := range 2 {
			if got := d.again(g, m.ID); got.State != models.MessageCreated || got.IssueNumber == nil || got.Reprocessed != n+3 {
				t.Errorf("under the new rules: %s, issue %v, %d runs, want created, one, %d", got.State, got.IssueNumber, got.Reprocessed, n+3)
			}
		}
		if issues, comments := d.once(); issues != 1 || comments != 0 {
			t.Errorf("%d issues and %d comments, want 1 and none", issues, comments)
		}
		all, err := d.store.Traces(t.Context(), m.ID)
		if err != nil || len(all) != 5 {
			t.Fatalf("%d traces (%v), want that of the first run and of four more", len(all), err)
		}
		for run, want := range []string{"verdict.unknown_sender", "verdict.unknown_sender", "verdict.unknown_sender", "notify.no_account", "apply.has_effect"} {
			if got := last(all[run].Entries).Code; got != want && !strings.Contains(fmt.Sprint(all[run].Entries), want) {
				t.Errorf("run %d ends with %s, want %s", run, got, want)
			}
		}
	})
}

func TestIgnoredAndDuplicateMessagesAreTakenInWhenAPersonSaysSo(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		g := d.process(nil)
		ib := d.inbox(g, nil)
		other := d.inbox(g, func(dr *gateway.InboxDraft) { dr.Name, dr.Settings.Folders = "Other", []string{"Other"} })
		d.receive(g, ib.ID, mail("1", anna, "Hello", "Text"))
		double := d.receive(g, other.ID, mail("1", anna, "Hello", "Text"))
		if double.State != models.MessageDuplicate || double.DuplicateOf == nil {
			t.Fatalf("the second is %s, want duplicate", double.State)
		}
		if got := d.again(g, double.ID); got.State != models.MessageCreated {
			t.Errorf("the duplicate becomes %s, want created", got.State)
		}
		auto := d.receive(g, ib.ID, mail("2", anna, "Away", "Text", "Auto-Submitted: auto-replied"))
		if got := d.again(g, auto.ID); got.State != models.MessageIgnored {
			t.Errorf("mail of a machine becomes %s, want ignored: the rules say so still", got.State)
		}
		if issues, _ := d.once(); issues != 2 {
			t.Errorf("%d issues, want 2", issues)
		}
	})
}

func TestMessageOnItsWayIsNotReprocessed(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		g := d.process(func(deps *gateway.Deps) {
			deps.Tracker = patient{d.tracker, func(string, models.NewIssue) error { return errTracker }}
		})
		ib := d.inbox(g, nil)
		_, err := g.Receive(t.Context(), ib.ID, "receive", strings.NewReader(mail("1", anna, "Hello", "Text")))
		if !errors.Is(err, gateway.ErrTryLater) {
			t.Errorf("Receive = %v, want ErrTryLater", err)
		}
		if _, err := g.Reprocess(t.Context(), nil, d.messages()[0].ID); !errors.Is(err, models.ErrConflict) {
			t.Errorf("Reprocess = %v, want ErrConflict", err)
		}
	})
}

// large is a mail of more than a MiB with an attachment at its end.
func large(subject string) string {
	return mail("large", anna, subject, strings.Repeat("line after line\n", 80_000)+"the end")
}

func TestOversizeMessageBecomesAnIssueOfItsHeaderAndTheRestComesWhenAsked(t *testing.T) {
	for _, protocol := range []string{"imap", "pop3"} {
		t.Run(protocol, func(t *testing.T) {
			inDen(t, func(t *testing.T, d *den) {
				d.server.deliver("INBOX", large("Large"))
				d.server.deliver("INBOX", mail("2", anna, "Small", "Text"))
				g := d.process(nil)
				d.inbox(g, func(dr *gateway.InboxDraft) {
					draftOf(protocol)(dr)
					dr.Settings.MaxMessageSize, dr.Settings.After, dr.Rules.AllowComment = 1<<20, "delete", false
				})
				d.run(g)
				d.wait(5 * time.Minute)
				if diff := cmp.Diff([]string{"1 oversize too_large", "2 created accepted_new"}, d.ledger()); diff != "" {
					t.Fatal(diff)
				}
				if diff := cmp.Diff([]string{"1"}, d.server.uids("INBOX")); diff != "" {
					t.Errorf("on the server: %s", diff) // The large one is left there.
				}
				m := d.message("1")
				i, err := d.store.IssueByNumber(t.Context(), *m.IssueNumber)
				if err != nil || i.Title != "Large" || strings.Contains(i.Description, "the end") {
					t.Errorf("issue %q (%v), want Large, without text", i.Title, err)
				}
				d.again(g, m.ID)
				d.wait(2 * time.Minute)
				got := d.message("1")
				comments, err := d.store.Comments(t.Context(), i.Number)
				if err != nil || got.State != models.MessageCommented || len(comments) != 1 || !strings.Contains(comments[0].Body, "line after line") {
					t.Errorf("the message is %s and the issue has %d comments (%v), want commented and the rest", got.State, len(comments), err)
				}
				d.wait(5 * time.Minute)
				if diff := cmp.Diff([]string{}, d.server.uids("INBOX")); diff != "" {
					t.Errorf("on the server in the end: %s", diff)
				}
				if got := d.again(g, m.ID); got.State != models.MessageCommented || *got.IssueNumber != i.Number {
					t.Errorf("processed again: %s", got.State)
				}
				d.once()
			})
		})
	}
}

func TestRestThatCannotBeHadAnyMoreLeavesTheIssueOfTheHeader(t *testing.T) {
	for name, fault := range map[string]error{"gone": nil, "never sent": errCut} {
		t.Run(name, func(t *testing.T) {
			inDen(t, func(t *testing.T, d *den) {
				d.server.deliver("INBOX", large("Large"))
				g := d.process(nil)
				d.inbox(g, func(dr *gateway.InboxDraft) { dr.Settings.MaxMessageSize = 1 << 20 })
				d.run(g)
				d.wait(time.Minute)
				number := *d.message("1").IssueNumber
				d.server.change(func(s *fakeServer) {
					if fault == nil {
						s.folders["INBOX"].messages = nil
					}
					s.script = func(op, _ string) error {
						if op == "fetch" {
							return fault
						}
						return nil
					}
				})
				for range 2 { // It can be asked for again and again.
					d.again(g, d.message("1").ID)
					d.wait(110 * time.Minute)
					m := d.message("1")
					if m.State != models.MessageOversize || m.IssueNumber == nil || *m.IssueNumber != number {
						t.Errorf("the message is %s %s, issue %v, want oversize, %d", m.State, m.Reason, m.IssueNumber, number)
					}
				}
				if issues, comments := d.once(); issues != 1 || comments != 0 {
					t.Errorf("%d issues and %d comments, want 1 and none", issues, comments)
				}
			})
		})
	}
}

// Its sender was refused by the header; once the sender is let in, the issue must say that the rest is missing.
func TestRefusedOversizeMessageIsStillKnownToBeOne(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		d.server.deliver("INBOX", large("Large"))
		g := d.process(nil)
		limit := func(dr *gateway.InboxDraft) { dr.Settings.MaxMessageSize = 1 << 20 }
		ib := d.inbox(g, func(dr *gateway.InboxDraft) {
			limit(dr)
			dr.Rules.AllowUnknown = false
		})
		d.run(g)
		d.wait(time.Minute)
		if _, err := g.UpdateInbox(t.Context(), nil, ib.ID, 0, d.draft(limit)); err != nil {
			t.Fatal(err)
		}
		got := d.again(g, d.message("1").ID)
		if got.State != models.MessageOversize || got.Reason != string(rule.TooLarge) || got.IssueNumber == nil {
			t.Errorf("%s %s, issue %v, want oversize too_large and an issue", got.State, got.Reason, got.IssueNumber)
		}
	})
}

func TestMessageSetAsideBeforeItsDownloadIsFetchedWhenAsked(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		manyMails(d.server, 1)
		d.server.script = func(op, _ string) error {
			if op == "fetch" {
				return errHalf
			}
			return nil
		}
		g := d.process(nil)
		d.inbox(g, nil)
		d.run(g)
		d.wait(110 * time.Minute)
		if diff := cmp.Diff([]string{"1 quarantined quarantined"}, d.ledger()); diff != "" {
			t.Error(diff)
		}
		d.server.change(func(s *fakeServer) { s.script = nil })
		d.again(g, d.message("1").ID)
		d.wait(time.Hour)
		if diff := cmp.Diff([]string{"1 created accepted_new"}, d.ledger()); diff != "" {
			t.Error(diff)
		}
		d.once()
	})
}

func TestReprocessedMailIsReadWithTheProfileOfToday(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		g := d.process(nil)
		ib := d.inbox(g, func(dr *gateway.InboxDraft) { dr.Rules.AllowUnknown = false })
		m := d.receive(g, ib.ID, incident("1", "Einsatz", "Nummer: 4711", "Stichwort: B2", "Ort: Hafen"))
		if m.State != models.MessageRejected {
			t.Fatalf("the mail is %s, want rejected", m.State)
		}
		today := d.draft(func(dr *gateway.InboxDraft) { dr.Rules.Extraction = dispatch("field") })
		if _, err := g.UpdateInbox(t.Context(), nil, ib.ID, 0, today); err != nil {
			t.Fatal(err)
		}
		got := d.again(g, m.ID)
		if got.IssueNumber == nil {
			t.Fatalf("the mail is %s, want an issue", got.State)
		}
		issue, err := d.store.IssueByNumber(t.Context(), *got.IssueNumber)
		if err != nil || issue.Title != "B2 – Hafen" || !slices.Contains(d.trace(m.ID), "match.profile") {
			t.Errorf("title %q, %v, trace %q; want the title that the profile makes", issue.Title, err, d.trace(m.ID))
		}
	})
}
