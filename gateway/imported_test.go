package gateway_test

import (
	"slices"
	"strings"
	"testing"

	"letterbox/gateway"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

// An issue was imported with the Message-IDs of its mails: the mails themselves make no second one.
func TestMailOfAnImportedIssueIsPartOfIt(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		d := newDen(t, s)
		g := d.process(nil)
		ib := d.inbox(g, nil)
		number := d.imported("RT 501")["RT 501"]
		old := func(id, from, date string) string {
			raw := strings.Replace(mail(id, from, "Lamp", "Broken"), "Mon, 02 Nov 2026 10:00:00 +0100", date, 1)
			return strings.Replace(raw, "Message-ID: <"+id+"@there.example>", "Message-ID: <kept-rt-501@old.example>", 1)
		}
		const then = "Wed, 01 Jan 2020 10:00:00 +0000"
		for _, c := range []struct {
			name, raw string
			want      models.MessageState
		}{
			{"the mail of the issue", old("1", anna, then), models.MessageDuplicate},
			{"the Message-ID in the hands of somebody else", old("2", "Eve <eve@elsewhere.example>", then), models.MessageCreated},
			{"a mail that is younger than the import", old("3", anna, "Thu, 01 Jan 2099 10:00:00 +0000"), models.MessageCreated},
			{"another mail", mail("4", anna, "Lamp", "Broken"), models.MessageCreated},
		} {
			m := d.receive(g, ib.ID, c.raw)
			if named := slices.Contains(d.trace(m.ID), "gate.duplicate_imported"); m.State != c.want || named != (c.want == models.MessageDuplicate) {
				t.Errorf("%s: %s %v, want %s", c.name, m.State, d.trace(m.ID), c.want)
			}
		}
		answer := d.receive(g, ib.ID, mail("5", anna, "Re: Lamp", "Still broken", "In-Reply-To: <kept-rt-501@old.example>"))
		if answer.State != models.MessageCommented || *answer.IssueNumber != number {
			t.Errorf("an answer: %s on %v, want a comment on %d", answer.State, answer.IssueNumber, number)
		}
		first := d.messages()[0]
		if m, err := g.ReprocessAs(t.Context(), nil, first.ID, gateway.Again{LetIn: true}); err != nil || m.State != models.MessageCreated {
			t.Errorf("a person who wants it all the same: %s %v", m.State, err)
		}
	})
}
