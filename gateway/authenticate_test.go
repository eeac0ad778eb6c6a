package gateway_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"letterbox/gateway"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

func TestSendersAreVerifiedAsTheInboxWants(t *testing.T) {
	const pass = "Authentication-Results: mx.here.example; dmarc=pass header.from=here.example"
	const fail = "Authentication-Results: mx.here.example; dmarc=fail header.from=here.example"
	const forged = "Authentication-Results: mx.evil.example; dmarc=pass header.from=here.example"
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		h := newHouse(t, s)
		h.sending(nil)
		max := h.member("max", "Max Mustermann", nil)
		h.servers.AddUser("kunde", "x", "erika@kunde.example")
		rules := models.DefaultRules()
		rules.AllowUnknown, rules.AuthServID = true, "mx.here.example"
		ib := h.inbox("imap", func(d *gateway.InboxDraft) { d.Rules = rules })
		h.run()
		messages := 0
		send := func(from, subject string, more ...string) (models.Message, []string) {
			t.Helper()
			messages++
			h.arrive("support", post(from, strings.ReplaceAll(t.Name(), "/", ".")+strconv.Itoa(messages)+"@x.example", subject, "Hallo Nummer "+strconv.Itoa(messages), more...))
			list := h.settled(ib.ID, messages)
			return list[0], h.lastTrace(ib.ID)
		}
		author := func(m models.Message) int64 {
			t.Helper()
			i, err := s.IssueByNumber(t.Context(), *m.IssueNumber)
			if err != nil {
				t.Fatal(err)
			}
			return i.ReporterID
		}

		// "warn" shows and changes nothing.
		m, trace := send("max@here.example", "eins", fail)
		if m.State != models.MessageCreated || author(m) != max.ID || !slices.Contains(trace, "gate.sender_fail") {
			t.Errorf("warn: got %s by %d, trace %v; want an issue of the member that says so", m.State, author(m), trace)
		}
		if !slices.Contains(trace, "notify.silent_forged") {
			t.Errorf("warn: got trace %v, want no acknowledgement to who may be somebody else", trace)
		}

		rules.SenderCheck = "require"
		if _, err := h.gateway.SaveRules(t.Context(), nil, ib.ID, 1, rules); err != nil {
			t.Fatal(err)
		}
		for _, test := range []struct {
			name, field string
			own         bool
		}{{"verified", pass, true}, {"failed", fail, false}, {"a result of another server", forged, false}, {"nothing known", "X-Nothing: 1", false}} {
			m, trace := send("max@here.example", test.name, test.field)
			if m.State != models.MessageCreated || (author(m) == max.ID) != test.own {
				t.Errorf("%s: got %s by %d, want by the member %v; trace %v", test.name, m.State, author(m), test.own, trace)
			}
			people, err := s.Participants(t.Context(), *m.IssueNumber)
			if err != nil || slices.Contains(people, "max@here.example") != test.own {
				t.Errorf("%s: participants %v %v, want the member among them %v", test.name, people, err, test.own)
			}
			if _, trace := send("max@here.example", "AW: [#1] eins", test.field); slices.Contains(trace, "apply.comment") != test.own {
				t.Errorf("%s: number in the subject: got trace %v, want a comment %v", test.name, trace, test.own)
			}
		}
		// A customer whose domain says nothing goes on writing; the number in the subject does not count.
		m, _ = send("erika@kunde.example", "Frage")
		if _, trace := send("erika@kunde.example", "AW: [#"+strconv.FormatInt(*m.IssueNumber, 10)+"] Frage"); slices.Contains(trace, "apply.comment") || !slices.Contains(trace, "gate.sender_none") {
			t.Errorf("customer: got trace %v, want no comment", trace)
		}

		rules.SenderFailed = "set_aside"
		if _, err := h.gateway.SaveRules(t.Context(), nil, ib.ID, 2, rules); err != nil {
			t.Fatal(err)
		}
		if m, _ := send("max@here.example", "noch einmal", forged); m.State != models.MessageQuarantined || m.Reason != "sender_unverified" {
			t.Errorf("set aside: got %s %s, want quarantined sender_unverified", m.State, m.Reason)
		}
		got, err := h.gateway.CheckingServers(t.Context(), ib.ID)
		if err != nil || len(got) != 2 || got[0].Name != "mx.here.example" || got[0].Of != messages {
			t.Errorf("servers of the latest mails: got %+v %v", got, err)
		}
	})
}
