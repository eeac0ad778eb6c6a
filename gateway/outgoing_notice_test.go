package gateway_test

import (
	"slices"
	"strings"
	"testing"

	"letterbox/gateway"
	"letterbox/gateway/message"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
	"letterbox/tracker"
)

// member adds a member of the project whose mails arrive at the servers of the house.
func (h *house) member(login, name string, change func(*models.NotifySettings)) *models.User {
	h.t.Helper()
	ctx, admin := h.t.Context(), tracker.CommandLine()
	u, err := h.tracker.CreateUser(ctx, admin, tracker.UserDraft{Login: login, Name: name, Role: models.RoleMember, Addresses: []string{login + "@here.example"}})
	if err != nil {
		h.t.Fatal(err)
	}
	if err := h.tracker.SetMember(ctx, admin, h.project.ID, login, models.ProjectMember); err != nil {
		h.t.Fatal(err)
	}
	if u, err = h.tracker.SetProfile(ctx, &u, u.ID, name, "de", ""); err != nil {
		h.t.Fatal(err)
	}
	if change != nil {
		s := models.DefaultNotifySettings(u.ID)
		change(&s)
		if err := h.tracker.SetNotifySettings(ctx, &u, s); err != nil {
			h.t.Fatal(err)
		}
	}
	h.servers.AddUser(login, "x", login+"@here.example")
	return &u
}

// notices are the mails of the outbox that tell a person of news, oldest first.
func (h *house) notices(address string) []models.Outgoing {
	return slices.DeleteFunc(h.outbox(), func(o models.Outgoing) bool { return o.Kind != models.OutgoingNotice || o.Recipient != address })
}

// sendNotices has what waits for a person sent at once and returns all mails that it has.
func (h *house) sendNotices(login string, n int) []*message.Message {
	h.t.Helper()
	for _, o := range h.notices(login + "@here.example") {
		if o.State == models.OutgoingQueued {
			h.sendNow(nil, o.ID)
		}
	}
	return h.inMailbox(login, n)
}

func TestMembersAreToldByMailAndAnswerByMail(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		h := newHouse(t, s)
		h.tells = true
		h.sending(nil)
		ib := h.inbox("imap", nil)
		max := h.member("max", "Max Mustermann", func(n *models.NotifySettings) { n.NewIssue = models.NotifyAtOnce })
		anna := h.member("anna", "Anna Berg", nil)
		h.run()

		h.arrive("support", post("Erika Beispiel <erika@kunde.example>", "first@kunde.example", "Drucker brennt", "Der Drucker raucht."))
		h.settled(ib.ID, 1)
		told := h.sendNotices("max", 1)[0]
		for _, want := range []string{"Erika Beispiel hat einen neuen Vorgang eröffnet:", "Der Drucker raucht.", "weil Sie neue Vorgänge dieses Projekts abonniert haben",
			"https://issues.here.example/issues/1", "https://issues.here.example/unsubscribe/"} {
			if !strings.Contains(told.Text, want) {
				t.Errorf("notification: got text\n%s\nwant %q in it", told.Text, want)
			}
		}
		for _, want := range []string{"List-Unsubscribe: <https://issues.here.example/unsubscribe/", "List-Unsubscribe-Post: List-Unsubscribe=One-Click", "Auto-Submitted: auto-generated", "X-Letterbox-Loop: "} {
			if !strings.Contains(told.HeaderText, want) {
				t.Errorf("notification: got header\n%s\nwant %q in it", told.HeaderText, want)
			}
		}
		if told.Subject != "Re: [#1] Drucker brennt" || !strings.Contains(told.HTML, "<p>Erika Beispiel hat") || !slices.Equal(told.InReplyTo, []string{"first@kunde.example"}) {
			t.Errorf("notification: got subject %q, in reply to %v, HTML %s", told.Subject, told.InReplyTo, told.HTML)
		}
		if n := len(h.notices("anna@here.example")); n != 0 {
			t.Errorf("anna is told %d times of a new issue, want never: she has not asked for it", n)
		}

		// Assigned, by somebody else: the one who does it is not told.
		if _, err := h.tracker.UpdateIssue(t.Context(), anna, 1, 0, tracker.IssuePatch{Assignee: new("max")}); err != nil {
			t.Fatal(err)
		}
		if got := h.sendNotices("max", 2)[1].Text; !strings.Contains(got, "Anna Berg hat Ihnen den Vorgang zugewiesen") || !strings.Contains(got, "weil Ihnen der Vorgang zugewiesen ist") {
			t.Errorf("assigned: got %s", got)
		}

		// A reply to the notification is an internal note in his name; anna, who is mentioned in the next one, hears of it.
		h.arrive("support", post("max@here.example", "reply@here.example", told.Subject, "Ich kümmere mich.", "In-Reply-To: <"+told.MessageID+">"))
		h.until("the reply is a comment", func() bool { return len(h.comments(1)) == 1 })
		if c := h.comments(1)[0]; !c.Internal || c.AuthorID != max.ID || !strings.Contains(c.Body, "Ich kümmere mich.") {
			t.Errorf("reply of a member: got %+v, want an internal note of his", c)
		}
		if got := h.lastTrace(ib.ID); !slices.Contains(got, "match.by_notice") {
			t.Errorf("trace of the reply: got %v, want match.by_notice", got)
		}
		if people, err := s.Participants(t.Context(), 1); err != nil || slices.Contains(people, "max@here.example") {
			t.Errorf("participants: got %v %v, want the member not among them", people, err)
		}
		if _, err := h.tracker.Comment(t.Context(), max, 1, tracker.CommentDraft{Body: "@anna bitte ansehen", Internal: true}); err != nil {
			t.Fatal(err)
		}
		if got := h.sendNotices("anna", 1)[0].Text; !strings.Contains(got, "Max Mustermann hat eine interne Notiz geschrieben:") || !strings.Contains(got, "weil Sie erwähnt werden") {
			t.Errorf("mentioned: got %s", got)
		}
		if n := len(h.notices("max@here.example")); n != 2 {
			t.Errorf("max is told %d times, want 2: never of what he does himself", n)
		}
		for _, o := range h.outbox() {
			if strings.HasSuffix(o.Recipient, "@kunde.example") && o.Kind == models.OutgoingNotice {
				t.Errorf("the customer is told of news: %+v", o)
			}
		}

		// Somebody who does not work on the project any more writes nothing by answering an old notification.
		if err := h.tracker.RemoveMember(t.Context(), tracker.CommandLine(), h.project.ID, max.ID); err != nil {
			t.Fatal(err)
		}
		h.arrive("support", post("max@here.example", "late@here.example", "something", "Noch etwas.", "In-Reply-To: <"+told.MessageID+">"))
		h.settled(ib.ID, 3)
		if got := h.lastTrace(ib.ID); !slices.Contains(got, "match.no_member") || len(h.comments(1)) != 2 {
			t.Errorf("reply of a former member: got trace %v and %d comments, want match.no_member and 2", got, len(h.comments(1)))
		}
	})
}

func TestNoticesComeTogetherAndOnlyWhileTheyMayBeSeen(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		h := newHouse(t, s)
		h.tells = true
		h.sending(nil)
		max := h.member("max", "Max Mustermann", func(n *models.NotifySettings) { n.Watching = models.NotifyDigest })
		anna := h.member("anna", "Anna Berg", nil)
		h.run()
		ctx := t.Context()
		for _, title := range []string{"Erster", "Zweiter", "Dritter"} {
			i, err := h.tracker.OpenIssue(ctx, anna, tracker.IssueDraft{ProjectKey: "SUP", Title: title})
			if err != nil {
				t.Fatal(err)
			}
			if err := h.tracker.Watch(ctx, max, i.Number); err != nil {
				t.Fatal(err)
			}
			for _, text := range []string{"eins", "zwei"} {
				if _, err := h.tracker.Comment(ctx, anna, i.Number, tracker.CommentDraft{Body: text + " zu " + title, Internal: text == "zwei"}); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := h.tracker.SetValues(ctx, tracker.CommandLine(), h.project.ID, models.ValueState, []tracker.ValueDraft{{Name: "Offen", Base: "open"}, {Name: "Bestellt", Base: "waiting"}, {Name: "Fertig", Base: "closed"}}, ""); err != nil {
			t.Fatal(err)
		}
		if _, err := h.tracker.UpdateIssue(ctx, anna, 3, 0, tracker.IssuePatch{State: new(models.IssueState("bestellt"))}); err != nil {
			t.Fatal(err)
		}
		if err := h.tracker.MarkRead(ctx, max, 2, 0); err != nil {
			t.Fatal(err)
		}
		waiting := h.notices("max@here.example")
		if len(waiting) != 1 || waiting[0].IssueNumber != 0 || waiting[0].NextAttemptAt.Hour() == waiting[0].CreatedAt.Hour() && waiting[0].NextAttemptAt.Day() == waiting[0].CreatedAt.Day() {
			t.Fatalf("outbox: got %+v, want one mail for all, later", waiting)
		}
		mail := h.sendNotices("max", 1)[0]
		for text, want := range map[string]bool{
			"#1 Erster": true, "eins zu Erster": true, "zwei zu Erster": true, "#2": false, "eins zu Dritter": true, "Anna Berg hat den Status geändert: Bestellt": true, "weil Sie Mitteilungen gesammelt": true,
		} {
			if strings.Contains(mail.Text, text) != want {
				t.Errorf("%q in the mail: got %v, want %v\n%s", text, !want, want, mail.Text)
			}
		}

		// What happens after the mail has gone is not in it, and what must not be seen any more is never sent (SEC-53).
		if _, err := h.tracker.Comment(ctx, anna, 1, tracker.CommentDraft{Body: "@max drei"}); err != nil {
			t.Fatal(err)
		}
		if err := h.tracker.RemoveMember(ctx, tracker.CommandLine(), h.project.ID, max.ID); err != nil {
			t.Fatal(err)
		}
		h.sendNotices("max", 1)
		h.until("the mail is given up", func() bool {
			list := h.notices("max@here.example")
			return list[len(list)-1].State == models.OutgoingCancelled && list[len(list)-1].Code == "E-SMTP-15"
		})
		h.inMailbox("max", 1)
	})
}

func TestUnsubscribingTakesOnePostAndNoSignIn(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		h := newHouse(t, s)
		h.tells = true
		h.sending(nil)
		max := h.member("max", "Max Mustermann", nil)
		anna := h.member("anna", "Anna Berg", nil)
		h.run()
		ctx := t.Context()
		i, err := h.tracker.OpenIssue(ctx, anna, tracker.IssueDraft{ProjectKey: "SUP", Title: "Erster", Assignee: "max"})
		if err != nil {
			t.Fatal(err)
		}
		token := ""
		for line := range strings.Lines(h.sendNotices("max", 1)[0].HeaderText) {
			if rest, ok := strings.CutPrefix(line, "List-Unsubscribe: <https://issues.here.example/unsubscribe/"); ok {
				token = strings.TrimRight(strings.TrimSpace(rest), ">")
			}
		}
		if got, err := h.gateway.Unsubscription(ctx, token); err != nil || got != (gateway.Unsubscription{Issue: i.Number, Reason: "assigned"}) {
			t.Fatalf("token %q: got %+v %v", token, got, err)
		}
		if muted, _ := h.tracker.Muted(ctx, max, i.Number); muted {
			t.Error("looking at the token has muted the issue, want no change")
		}
		for range 2 {
			if err := h.gateway.Unsubscribe(ctx, token, ""); err != nil {
				t.Fatal(err)
			}
		}
		if muted, _ := h.tracker.Muted(ctx, max, i.Number); !muted {
			t.Error("one click has not muted the issue")
		}
		if _, err := h.tracker.Comment(ctx, anna, i.Number, tracker.CommentDraft{Body: "weiter"}); err != nil {
			t.Fatal(err)
		}
		if n := len(h.notices("max@here.example")); n != 1 {
			t.Errorf("max has %d mails, want 1: the issue is muted", n)
		}
		for what, want := range map[string]models.NotifyBy{"reason": models.NotifyAtOnce, "all": models.NotifyNever} {
			if err := h.gateway.Unsubscribe(ctx, token, what); err != nil {
				t.Fatal(err)
			}
			got, err := h.tracker.NotifySettings(ctx, max)
			if err != nil || got.Assigned != models.NotifyNever || what == "all" && got.Watching != want {
				t.Errorf("%s: got %+v %v", what, got, err)
			}
		}
	})
}
