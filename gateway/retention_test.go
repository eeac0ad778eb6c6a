package gateway_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
	"letterbox/tracker"
)

const days = 24 * time.Hour

// keeping switches retention on.
func (d *den) keeping(g *gateway.Gateway, r models.Retention) {
	d.t.Helper()
	r.Enabled = true
	if err := g.SetRetention(d.t.Context(), nil, r); err != nil {
		d.t.Fatal(err)
	}
}

// raws says which messages have their octets, their trace and their subject.
func (d *den) raws() (out []string) {
	d.t.Helper()
	for _, m := range d.messages() {
		line := []string{m.UID}
		if m.BlobID != nil {
			line = append(line, "raw")
		}
		if len(d.trace(m.ID)) > 0 {
			line = append(line, "trace")
		}
		if m.Subject != "" {
			line = append(line, "subject")
		}
		out = append(out, strings.Join(line, " "))
	}
	return out
}

func TestExpiredDataIsRemovedAndNothingIsFetchedTwice(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		g := d.process(nil)
		d.inbox(g, func(dr *gateway.InboxDraft) { dr.Settings.RetentionDays = 10 })
		visit := func() {
			stop := d.run(g)
			d.wait(15 * time.Minute)
			stop()
		}
		d.server.deliver("INBOX", mail("1", anna, "Old", "Text"))
		visit()
		time.Sleep(5 * days)
		d.server.deliver("INBOX", mail("2", anna, "Young", "Text"))
		visit()
		time.Sleep(6 * days)
		visit()
		if diff := cmp.Diff([]string{"1 raw trace subject", "2 raw trace subject"}, d.raws()); diff != "" {
			t.Errorf("while retention is off: %s", diff)
		}
		settings := models.Retention{TraceDays: 30, LogDays: 40}
		preview, err := g.RetentionPreview(t.Context(), settings)
		if err != nil || preview.Messages() != 1 || preview.Octets() == 0 {
			t.Errorf("preview: %d messages, %d octets, %v, want 1 of some", preview.Messages(), preview.Octets(), err)
		}
		d.keeping(g, settings)
		visit() // It runs by itself.
		if diff := cmp.Diff([]string{"1 trace subject", "2 raw trace subject"}, d.raws()); diff != "" {
			t.Errorf("once it is on: %s", diff)
		}
		for _, step := range []struct {
			wait time.Duration
			want []string
		}{
			{5 * days, []string{"1 trace subject", "2 trace subject"}},
			{17 * days, []string{"1 subject", "2 trace subject"}},
			{20 * days, []string{"1", "2"}},
		} {
			time.Sleep(step.wait)
			if err := g.ConfirmRetention(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			d.trust(g)
			if _, err := g.Retain(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(step.want, d.raws()); diff != "" {
				t.Errorf("after %v more: %s", step.wait, diff)
			}
		}
		visit()
		if diff := cmp.Diff([]string{"1 created accepted_new", "2 created accepted_new"}, d.ledger()); diff != "" {
			t.Errorf("the ledger: %s", diff)
		}
		if issues, _ := d.once(); issues != 2 {
			t.Errorf("%d issues, want 2", issues)
		}
	})
}

// trust has a gateway read the clock, as each visit does.
func (d *den) trust(g *gateway.Gateway) {
	d.t.Helper()
	if _, err := g.TrustedTime(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
}

func TestHeldAndUndecidedMailsKeepTheirOctets(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		d := newDen(t, s)
		g := d.process(nil)
		ib := d.inbox(g, func(dr *gateway.InboxDraft) { dr.Settings.RetentionDays = 1 })
		held := d.receive(g, ib.ID, mail("1", anna, "Held issue", "Text"))
		person := d.receive(g, ib.ID, mail("2", "Eve <eve@elsewhere.example>", "Held person", "Text"))
		free := d.receive(g, ib.ID, mail("3", "Bob <bob@elsewhere.example>", "Free", "Text"))
		eve, err := d.store.UserByAddress(t.Context(), "eve@elsewhere.example")
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range []models.Hold{{Kind: models.HoldIssue, ObjectID: *held.IssueNumber, Reason: "Suit"}, {Kind: models.HoldContact, ObjectID: eve.ID, Reason: "Suit"}} {
			if err := g.SetHold(t.Context(), nil, h); err != nil {
				t.Fatal(err)
			}
		}
		if err := g.SetHold(t.Context(), nil, models.Hold{Kind: models.HoldIssue, ObjectID: 999}); !errors.As(err, new(models.InvalidList)) {
			t.Errorf("a hold on nothing = %v, want an InvalidList", err)
		}
		if _, err := d.tracker.EraseContact(t.Context(), tracker.CommandLine(), eve.ID, true); !errors.As(err, new(models.InvalidList)) {
			t.Errorf("EraseContact of who is held = %v, want an InvalidList", err)
		}
		later := time.Now().UTC().Add(2 * days)
		for _, id := range []int64{held.ID, person.ID, free.ID} {
			var at store.RetentionCursor
			if _, _, _, err := s.PurgeRaw(t.Context(), ib.ID, later, &at, 1); err != nil {
				t.Fatalf("PurgeRaw, message %d: %v", id, err)
			}
		}
		part, err := s.RetentionPart(t.Context(), ib.ID, later)
		if err != nil || part.Messages != 0 || part.Held != 2 {
			t.Errorf("left: %+v, %v, want nothing that may go and 2 held", part, err)
		}
		for id, want := range map[int64]bool{held.ID: true, person.ID: true, free.ID: false} {
			m, err := s.MessageByID(t.Context(), id)
			if err != nil || (m.BlobID != nil) != want {
				t.Errorf("message %d has its octets: %t (%v), want %t", id, m.BlobID != nil, err, want)
			}
		}
		if err := g.ReleaseHold(t.Context(), nil, models.HoldContact, eve.ID); err != nil {
			t.Fatal(err)
		}
		if part, err = s.RetentionPart(t.Context(), ib.ID, later); err != nil || part.Messages != 1 || part.Held != 1 {
			t.Errorf("after one release: %+v, %v, want one that may go and one held", part, err)
		}
		after := int64(0)
		if n, _, err := s.PurgeTraces(t.Context(), later, &after, 100); err != nil || n != 2 {
			t.Errorf("PurgeTraces = %d, %v, want 2: the held one stays", n, err)
		}
		var at store.RetentionCursor
		if n, _, err := s.PurgeLines(t.Context(), ib.ID, later, &at, 100); err != nil || n != 1 {
			t.Errorf("PurgeLines = %d, %v, want 1: the one without octets", n, err)
		}
	})
}

func TestWrongClockRemovesNothingUntilAPersonConfirms(t *testing.T) {
	for _, c := range []struct {
		name string
		jump time.Duration
		code string
	}{{"forward by years", years(10), "E-KEEP-01"}, {"back by years", -years(10), "E-KEEP-01"}, {"another than ours", 30 * time.Minute, "E-KEEP-02"}} {
		t.Run(c.name, func(t *testing.T) {
			inDen(t, func(t *testing.T, d *den) {
				off := time.Duration(0)
				g := d.process(nil)
				g.ReadClockWith(func(context.Context) (time.Time, error) { return time.Now().UTC().Add(off), nil })
				ib := d.inbox(g, nil)
				d.receive(g, ib.ID, mail("1", anna, "Young", "Text"))
				d.keeping(g, models.Retention{TraceDays: 1})
				if _, err := g.Retain(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
				off = c.jump
				time.Sleep(2 * time.Hour)
				_, err := g.Retain(t.Context(), nil)
				if stopped, ok := errors.AsType[*gateway.RetentionStopped](err); !ok || stopped.Code != c.code {
					t.Errorf("Retain = %v, want it stopped by %s", err, c.code)
				}
				if code, err := g.RetentionStoppedBy(t.Context()); err != nil || code != c.code {
					t.Errorf("stopped by %q, %v, want %s", code, err, c.code)
				}
				if m := d.messages()[0]; m.BlobID == nil || len(d.trace(m.ID)) == 0 {
					t.Error("something was removed")
				}
			})
		})
	}
}

func TestLongPauseWantsAPerson(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		g := d.process(nil)
		ib := d.inbox(g, func(dr *gateway.InboxDraft) { dr.Settings.RetentionDays = 1 })
		d.receive(g, ib.ID, mail("1", anna, "Old", "Text"))
		d.keeping(g, models.Retention{})
		time.Sleep(10 * days) // The program is off, or the clock and all that goes by it has jumped.
		g = d.process(nil)
		d.trust(g)
		_, err := g.Retain(t.Context(), nil)
		if stopped, ok := errors.AsType[*gateway.RetentionStopped](err); !ok || stopped.Code != "E-KEEP-03" {
			t.Errorf("Retain = %v, want it stopped by E-KEEP-03", err)
		}
		if err := g.ConfirmRetention(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		report, err := g.Retain(t.Context(), nil)
		if err != nil || report.Messages() != 1 {
			t.Errorf("Retain = %d messages, %v, want 1", report.Messages(), err)
		}
		if code, err := g.RetentionStoppedBy(t.Context()); err != nil || code != "" {
			t.Errorf("stopped by %q, %v, want nothing", code, err)
		}
	})
}
