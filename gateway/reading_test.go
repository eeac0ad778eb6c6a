package gateway_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/models"
)

func TestNoInboxIsReadWhileReadingIsOff(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		g, other := d.process(nil), d.process(nil)
		ib := d.inbox(g, nil)
		d.run(g)
		d.run(other)
		d.server.deliver("INBOX", mail("1", anna, "Before", "Text"))
		d.wait(time.Minute)
		if err := other.SetReading(t.Context(), nil, true, " The server is moved "); err != nil { // In whichever process.
			t.Fatal(err)
		}
		d.wait(3 * time.Second)
		d.server.deliver("INBOX", mail("2", anna, "Meanwhile", "Text"))
		d.wait(time.Hour)
		if diff := cmp.Diff([]string{"1 created accepted_new"}, d.ledger()); diff != "" || d.server.open != 0 {
			t.Errorf("while reading is off: %s, %d visits under way", diff, d.server.open)
		}
		r, err := g.Reading(t.Context())
		if err != nil || !r.Off || r.Reason != "The server is moved" || r.Since.IsZero() {
			t.Errorf("Reading = %+v, %v", r, err)
		}
		in, err := g.Inbox(t.Context(), ib.ID)
		if err != nil || !in.Enabled || in.Status.State != models.InboxPaused {
			t.Errorf("the inbox is %s, switched on %v (%v), want it paused and its own switch as it was", in.Status.State, in.Enabled, err)
		}
		if err := g.SetReading(t.Context(), nil, false, ""); err != nil {
			t.Fatal(err)
		}
		d.wait(time.Minute)
		if diff := cmp.Diff([]string{"1 created accepted_new", "2 created accepted_new"}, d.ledger()); diff != "" {
			t.Errorf("after it was switched on again: %s", diff)
		}
	})
}

func TestMailServersKeepMailWhileReadingIsOff(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		g := d.process(nil)
		ib := d.inbox(g, nil)
		in, err := g.Inbox(t.Context(), ib.ID)
		if err != nil {
			t.Fatal(err)
		}
		draft := d.draft(nil)
		draft.Settings.Receive, draft.Settings.Host = "push", ""
		if _, err := g.UpdateInbox(t.Context(), nil, in.ID, in.Version, draft); err != nil {
			t.Fatal(err)
		}
		d.run(g)
		for _, off := range []bool{true, false} {
			if err := g.SetReading(t.Context(), nil, off, ""); err != nil {
				t.Fatal(err)
			}
			d.wait(3 * time.Second)
			got, err := g.Recipients(t.Context(), draft.Address)
			if err != nil || len(got) != 1 || got[0].Paused != off {
				t.Errorf("reading off %v: recipients %+v, %v", off, got, err)
			}
		}
	})
}

func TestReasonForReadingNothingIsShort(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		g := d.process(nil)
		err := g.SetReading(t.Context(), nil, true, strings.Repeat("ä", 201))
		if list, ok := errors.AsType[models.InvalidList](err); !ok || list[0].Code != "E-READ-01" {
			t.Errorf("SetReading = %v, want E-READ-01", err)
		}
		if r, err := g.Reading(t.Context()); err != nil || r.Off {
			t.Errorf("Reading = %+v, %v, want it on", r, err)
		}
	})
}
