package gateway_test

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"letterbox/gateway"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
	"letterbox/tracker"
)

func TestReplyToSaysWhereToAnswerAndNeverWhoSomebodyIs(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		h := newHouse(t, s)
		h.sending(nil)
		h.servers.AddUser("buero", "x", "buero@kunde.example")
		ib := h.inbox("imap", nil)
		max := h.member("max", "Max Mustermann", nil)
		h.run()
		h.arrive("support", post("Erika <erika@kunde.example>", "first@kunde.example", "Drucker", "Er brennt.", "Reply-To: Buero <buero@kunde.example>"))
		h.settled(ib.ID, 1)
		plan, err := h.gateway.PlanAnswer(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		chosen := slices.DeleteFunc(slices.Clone(plan.Recipients), func(r gateway.AnswerRecipient) bool { return !r.Chosen })
		if len(chosen) != 1 || chosen[0].Address != "buero@kunde.example" {
			t.Errorf("recipients: got %+v, want the address of Reply-To alone", plan.Recipients)
		}
		h.answer(max, 1, "Wir kommen.", nil)
		if got := h.inMailbox("buero", 1)[0]; got.To[0].Address != "buero@kunde.example" || len(got.Cc) != 0 {
			t.Errorf("answer: to %v, cc %v", got.To, got.Cc)
		}
		// The address of a member in Reply-To lends nobody the member's name.
		h.arrive("support", post("evil@elsewhere.example", "evil@elsewhere.example", "Hallo", "Text", "Reply-To: max@here.example"))
		m := h.settled(ib.ID, 2)[0]
		i, err := s.IssueByNumber(t.Context(), *m.IssueNumber)
		if err != nil {
			t.Fatal(err)
		}
		if u, err := s.UserByID(t.Context(), i.ReporterID); err != nil || u.Addresses[0] != "evil@elsewhere.example" {
			t.Errorf("reporter: got %+v %v, want who stands in From", u, err)
		}
	})
}

// Whether an issue exists, is private or closed is not to be seen from outside: the answer to a stranger who names a
// number or guesses a Message-ID is the same (SEC-39, SEC-41, SEC-51).
func TestStrangersLearnNothingFromNumbersAndReferences(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		h := newHouse(t, s)
		h.sending(nil)
		ib := h.inbox("imap", nil)
		if err := h.gateway.SetAcknowledgement(t.Context(), nil, ib.ID, gateway.Acknowledgement{Mode: "everyone"}); err != nil {
			t.Fatal(err)
		}
		h.run()
		h.arrive("support", post("erika@kunde.example", "first@kunde.example", "Drucker", "Er brennt."))
		h.settled(ib.ID, 1)
		varying := regexp.MustCompile(`#\d+|stranger\d`)
		var seen []string
		// Somebody who works on another project knows as little of this one as anybody.
		if _, err := h.tracker.CreateUser(t.Context(), tracker.CommandLine(), tracker.UserDraft{Login: "otto", Name: "Otto", Role: models.RoleMember, Addresses: []string{"stranger4@elsewhere.example"}}); err != nil {
			t.Fatal(err)
		}
		closed := models.IssueClosed
		for n, try := range []struct{ subject, more string }{
			{"Frage [#1]", "X-Nothing: 1"}, {"Frage [#9]", "X-Nothing: 1"}, {"Frage", "In-Reply-To: <first@kunde.example>"}, {"Frage", "In-Reply-To: <never@kunde.example>"},
			{"Frage [#1]", "X-Member: of another project"}, {"Frage [#1]", "X-Issue: closed by now"},
		} {
			login := "stranger" + string(rune('0'+n))
			if strings.HasPrefix(try.more, "X-Issue") {
				if _, err := h.tracker.UpdateIssue(t.Context(), tracker.CommandLine(), 1, 0, tracker.IssuePatch{State: &closed}); err != nil {
					t.Fatal(err)
				}
			}
			h.servers.AddUser(login, "x", login+"@elsewhere.example")
			h.arrive("support", post(login+"@elsewhere.example", login+"@elsewhere.example", try.subject, "Hallo", try.more))
			m := h.settled(ib.ID, 2+n)[0]
			if m.State != models.MessageCreated || *m.IssueNumber == 1 {
				t.Errorf("%s %s: got %s on issue %d, want an issue of its own", try.subject, try.more, m.State, *m.IssueNumber)
			}
			ack := h.inMailbox(login, 1)[0]
			shown := varying.ReplaceAllString(ack.Subject+"\n"+ack.Text, "*")
			shown = strings.ReplaceAll(strings.ReplaceAll(shown, " [*]", ""), "[*] ", "")
			seen = append(seen, shown)
		}
		for _, got := range seen[1:] {
			if got != seen[0] {
				t.Errorf("acknowledgements differ:\n%s\nand\n%s", seen[0], got)
			}
		}
		if n := len(h.comments(1)); n != 0 {
			t.Errorf("the issue has %d comments, want none", n)
		}
		if i, err := s.IssueByNumber(t.Context(), 1); err != nil || i.State != models.IssueClosed {
			t.Errorf("the closed issue is %s, %v, want it closed", i.State, err)
		}
	})
}

// Who stands in Cc gets neither an account nor rights, nor mail before a person has chosen it (SEC-42).
func TestCopiesGainNothing(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		h := newHouse(t, s)
		h.tells = true
		h.sending(nil)
		h.servers.AddUser("chef", "x", "chef@kunde.example")
		ib := h.inbox("imap", nil)
		if err := h.gateway.SetAcknowledgement(t.Context(), nil, ib.ID, gateway.Acknowledgement{Mode: "everyone"}); err != nil {
			t.Fatal(err)
		}
		max := h.member("max", "Max Mustermann", nil)
		h.run()
		h.arrive("support", post("erika@kunde.example", "first@kunde.example", "Drucker", "Er brennt.", "Cc: chef@kunde.example"))
		h.settled(ib.ID, 1)
		if _, err := h.tracker.Comment(t.Context(), max, 1, tracker.CommentDraft{Body: "Nur für uns.", Internal: true}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.UserByAddress(t.Context(), "chef@kunde.example"); err == nil {
			t.Error("the one in Cc has become a person, want none")
		}
		for _, o := range h.outbox() {
			if o.Recipient == "chef@kunde.example" || o.Kind == models.OutgoingNotice && !strings.HasSuffix(o.Recipient, "@here.example") {
				t.Errorf("mail to somebody outside: %+v", o)
			}
		}
	})
}

// An answer with files: what the customer gets is what was attached, and sending it takes two writes (claim and result).
func TestAnswerCarriesItsFilesAndIsSentInTwoWrites(t *testing.T) {
	s, _ := testdb.OpenFaulty(t, testdb.Template(t))
	h := newHouse(t, s)
	h.sending(nil)
	h.servers.AddUser("kunde", "x", "erika@kunde.example")
	h.inbox("imap", nil)
	stop := h.run()
	h.arrive("support", post("erika@kunde.example", "first@kunde.example", "Drucker", "Er brennt."))
	h.until("the issue is there", func() bool { _, err := s.IssueByNumber(t.Context(), 1); return err == nil })
	stop()
	anna := h.agent()
	octets := strings.Repeat("\x00\r\n.\r\n\xff", 20_000)
	if err := h.gateway.Atomically(t.Context(), func(ctx context.Context) error {
		c, err := h.tracker.Comment(ctx, anna, 1, tracker.CommentDraft{Body: "Siehe Anlage.", Files: []tracker.Upload{{Name: "größe.bin", ContentType: "application/x-test", Content: strings.NewReader(octets)}}})
		if err != nil {
			return err
		}
		_, err = h.gateway.QueueAnswer(ctx, anna, c.Comment, nil)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for _, o := range h.outbox() {
		if err := h.gateway.SendNow(t.Context(), anna, o.ID); err != nil {
			t.Fatal(err)
		}
	}
	var writes atomic.Int64
	ctx, cancel := context.WithCancel(testdb.WithFault(t.Context(), func(q string) (before, after error) {
		if strings.HasPrefix(strings.TrimSpace(q), "UPDATE outbox") {
			writes.Add(1)
		}
		return nil, nil
	}))
	done := make(chan error, 1)
	go func() { done <- h.gateway.Run(ctx) }()
	got := h.inMailbox("kunde", 1)[0]
	h.until("it is accepted", func() bool { return h.outbox()[0].State == models.OutgoingAccepted })
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if n := writes.Load(); n != 2 {
		t.Errorf("sending took %d writes, want 2", n)
	}
	if len(got.Attachments) != 1 || got.Attachments[0].Name != "größe.bin" || got.Attachments[0].Size != int64(len(octets)) {
		t.Errorf("files: got %+v, want the one that was attached", got.Attachments)
	}
}

// What waits to be sent follows its issue into another one.
func TestOutboxFollowsAMerge(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		h := newHouse(t, s)
		h.sending(nil)
		h.servers.AddUser("kunde", "x", "erika@kunde.example")
		ib := h.inbox("imap", nil)
		if err := h.gateway.SetAcknowledgement(t.Context(), nil, ib.ID, gateway.Acknowledgement{Mode: "everyone"}); err != nil {
			t.Fatal(err)
		}
		stop := h.run()
		h.arrive("support", post("erika@kunde.example", "first@kunde.example", "Drucker", "Er brennt."))
		h.settled(ib.ID, 1)
		h.inMailbox("kunde", 1)
		stop()
		anna := h.agent()
		other, err := h.tracker.OpenIssue(t.Context(), anna, tracker.IssueDraft{ProjectKey: "SUP", Title: "Alle Drucker"})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.gateway.Atomically(t.Context(), func(ctx context.Context) error {
			c, err := h.tracker.Comment(ctx, anna, 1, tracker.CommentDraft{Body: "Wir kommen."})
			if err == nil {
				_, err = h.gateway.QueueAnswer(ctx, anna, c.Comment, nil)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := h.tracker.Merge(t.Context(), anna, 1, other.Number); err != nil {
			t.Fatal(err)
		}
		for _, o := range h.outbox() {
			if o.IssueNumber != other.Number {
				t.Errorf("outbox row %d (%s) is of issue %d, want %d", o.ID, o.Kind, o.IssueNumber, other.Number)
			}
			if o.State == models.OutgoingQueued {
				h.sendNow(anna, o.ID)
			}
		}
		h.run()
		if got := h.inMailbox("kunde", 2)[1]; !strings.Contains(got.Text, "Wir kommen.") {
			t.Errorf("answer: got %q", got.Text)
		}
	})
}

// A signed reference in other hands makes a comment of those hands and nothing more; cut, lengthened or for another
// issue it is none (SEC-40).
func TestReferencesInOtherHandsGiveNoRights(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		h := newHouse(t, s)
		h.sending(nil)
		h.servers.AddUser("kunde", "x", "erika@kunde.example")
		ib := h.inbox("imap", nil)
		h.run()
		anna := h.agent()
		h.arrive("support", post("erika@kunde.example", "first@kunde.example", "Drucker", "Er brennt."))
		h.settled(ib.ID, 1)
		h.answer(anna, 1, "Wir kommen.", nil)
		answer := h.inMailbox("kunde", 1)[0]
		id := answer.MessageID
		local, host, _ := strings.Cut(id, "@")
		for n, test := range []struct{ name, id, want string }{
			{"as it was sent", id, "match.by_signature_of_other"}, {"cut", local[:len(local)-1] + "@" + host, ""}, {"longer", local + "a@" + host, ""},
			{"of another issue", strings.Replace(id, "r.1.", "r.2.", 1), ""},
		} {
			h.arrive("support", post("mallory@elsewhere.example", "m"+string(rune('0'+n))+"@elsewhere.example", "Hallo "+test.name, "Hier "+test.name, "In-Reply-To: <"+test.id+">"))
			h.settled(ib.ID, 2+n)
			if got := h.lastTrace(ib.ID); test.want != "" && !slices.Contains(got, test.want) || test.want == "" && slices.Contains(got, "apply.comment") {
				t.Errorf("%s: got trace %v, want %q", test.name, got, test.want)
			}
		}
		for _, c := range h.comments(1) {
			if c.OriginMessageID != nil && (c.AuthorID == anna.ID || c.Internal) {
				t.Errorf("comment in other hands: got %+v, want one of who sent it", c)
			}
		}
	})
}

// No mail can go to what is no address for SMTP. Whoever answers sees that before, and nobody is left out in silence.
func TestAddressThatNoMailCanGoToIsShownAndNotChosen(t *testing.T) {
	h := newHouse(t, testdb.Open(t))
	h.sending(nil)
	ib := h.inbox("imap", nil)
	h.run()
	h.arrive("support", post("jörg@kunde.example", "first@kunde.example", "Drucker", "Er brennt.", "Cc: erika@kunde.example, \"a b\"@kunde.example"))
	h.settled(ib.ID, 1)
	plan, err := h.gateway.PlanAnswer(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, r := range plan.Recipients {
		if r.Unsendable == r.Chosen {
			t.Errorf("%s: unsendable %v, chosen %v", r.Address, r.Unsendable, r.Chosen)
		}
		got[r.Address] = r.Unsendable
	}
	if want := map[string]bool{"jörg@kunde.example": false, "erika@kunde.example": false, `"a b"@kunde.example`: true}; !maps.Equal(got, want) {
		t.Errorf("recipients that no mail can go to: got %v, want %v", got, want)
	}
}
