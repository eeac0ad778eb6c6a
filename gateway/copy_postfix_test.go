package gateway_test

import (
	"net/smtp"
	"slices"
	"strings"
	"testing"

	"letterbox/gateway"
	"letterbox/gateway/message"
	"letterbox/internal/mailtest"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/tracker"
)

// Two inboxes stand behind one alias of a real Postfix, each with a sending account of its own. In one project the second
// copy is recognised; in two each makes an issue, which is acknowledged, answered and found again by number, by header and
// by reply address.
func TestTwoInboxesShareAnAlias(t *testing.T) {
	for _, projects := range []int{1, 2} {
		t.Run([]string{"in one project", "in two"}[projects-1], func(t *testing.T) {
			t.Parallel()
			dovecot := mailtest.StartDovecot(t, mailtest.DovecotOptions{Users: map[string]string{"support": "s3cret", "sales": "s3cret", "erika": "x"}})
			postfix := mailtest.StartPostfix(t, mailtest.PostfixOptions{
				Domains: []string{"here.example", "kunde.example"}, LMTP: dovecot.LMTPAddr,
				Aliases: map[string][]string{"team@here.example": {"support@here.example", "sales@here.example"}},
			})
			h := newHouse(t, testdb.Open(t))
			second := h.project
			if projects == 2 {
				var err error
				if second, err = h.tracker.CreateProject(t.Context(), tracker.CommandLine(), tracker.ProjectDraft{Key: "SAL", Name: "Sales"}); err != nil {
					t.Fatal(err)
				}
			}
			for login, project := range map[string]int64{"support": h.project.ID, "sales": second.ID} {
				in := h.inbox("imap", func(d *gateway.InboxDraft) {
					d.Name, d.Address, d.ProjectID, d.Settings.Username = login, login+"@here.example", project, login
					d.Settings.Host, d.Settings.Port = hostAndPort(t, dovecot.IMAPAddr)
					d.Settings.Aliases = []string{"Team@Here.example"}
				})
				h.sending(func(d *gateway.SendingDraft) {
					d.Place, d.Address = "inbox:"+itoa(in.ID), in.Address
					d.Settings.Host, d.Settings.Port = hostAndPort(t, postfix.SMTPAddr)
					d.Settings.Auth, d.Password = "none", nil
				})
				if err := h.gateway.SetAcknowledgement(t.Context(), nil, in.ID, gateway.Acknowledgement{Mode: "everyone"}); err != nil {
					t.Fatal(err)
				}
			}
			h.run()
			send := func(to string, raw []byte) {
				t.Helper()
				raw = []byte(strings.Replace(string(raw), "To: support@here.example", "To: "+to, 1))
				if err := smtp.SendMail(postfix.SMTPAddr, nil, "erika@kunde.example", []string{to}, raw); err != nil {
					t.Fatal(err)
				}
			}
			// concluded waits until that many messages have come to a result, and counts the results.
			concluded := func(n int) map[models.MessageState]int {
				t.Helper()
				states := map[models.MessageState]int{}
				h.until("all messages have their result", func() bool {
					page, err := h.gateway.Messages(t.Context(), gateway.MessageQuery{Limit: 100})
					if err != nil {
						t.Fatal(err)
					}
					clear(states)
					for _, m := range page.Items {
						if m.State.Final() {
							states[m.State]++
						}
					}
					return len(page.Items) == n && states[models.MessageCreated]+states[models.MessageCommented]+states[models.MessageDuplicate] == n
				})
				return states
			}
			mails := func(n int) []*message.Message { return h.mailsAt(dovecot, "erika", n) }
			send("team@here.example", post("Erika <erika@kunde.example>", "first@kunde.example", "Drucker brennt", "Der Drucker ist kaputt und wir haben keine Zeit."))
			states, copies := concluded(2), 2-projects
			if states[models.MessageCreated] != projects || states[models.MessageDuplicate] != copies {
				t.Fatalf("results %v, want %d issues and %d duplicates", states, projects, copies)
			}
			if got := len(mails(projects)); got != projects {
				t.Errorf("%d acknowledgements, want %d", got, projects)
			}
			anna, from, seen, messages := h.agent(), map[string]bool{}, projects, 2
			for issue := int64(1); issue <= int64(projects); issue++ {
				h.answer(anna, issue, "Wir kommen gleich.", nil) // The alias is ours: nothing goes there.
				seen++
				answer := mails(seen)[seen-1]
				from[answer.From[0].Address] = true
				if !strings.Contains(answer.ReplyTo[0].Address, "+") || !slices.Contains(answer.InReplyTo, "first@kunde.example") {
					t.Errorf("issue %d: answer replies to %s, in reply to %v", issue, answer.ReplyTo[0].Address, answer.InReplyTo)
				}
				key := "[#" + itoa(issue) + "]"
				base := len(h.comments(issue))
				for n, reply := range []struct{ to, subject, more string }{
					{answer.ReplyTo[0].Address, "Ganz anderer Betreff", "X-Way: 1"},
					{answer.From[0].Address, "Ohne Nummer", "In-Reply-To: <" + answer.MessageID + ">"},
					{answer.From[0].Address, "AW: " + key + " Drucker brennt", "X-Way: 3"},
				} {
					send(reply.to, post("erika@kunde.example", "r"+itoa(issue)+itoa(int64(n))+"@kunde.example", reply.subject, "Danke.", reply.more))
					messages++
					concluded(messages)
					if got := len(h.comments(issue)); got != base+n+1 {
						t.Fatalf("issue %d has %d comments after reply %d, want %d", issue, got, n, base+n+1)
					}
				}
				// A reply to all goes to the alias too: both inboxes get it, the issue one comment.
				send("team@here.example", post("erika@kunde.example", "all"+itoa(issue)+"@kunde.example", "AW: "+key, "An alle.", "References: <first@kunde.example> <"+answer.MessageID+">"))
				messages += 2
				if got := concluded(messages)[models.MessageDuplicate]; got != copies+int(issue) {
					t.Errorf("issue %d: %d duplicates after a reply to all, want %d", issue, got, copies+int(issue))
				}
				if got := len(h.comments(issue)); got != base+4 {
					t.Errorf("issue %d has %d comments after a reply to all, want %d", issue, got, base+4)
				}
				h.answer(anna, issue, "Erledigt.", nil)
				seen++
				if last := mails(seen)[seen-1]; last.InReplyTo[0] != "all"+itoa(issue)+"@kunde.example" || !slices.Contains(last.References, answer.MessageID) {
					t.Errorf("issue %d: second answer in reply to %v, references %v", issue, last.InReplyTo, last.References)
				}
			}
			if len(from) != projects {
				t.Errorf("answers come from %v, want the inbox that each issue came by", from)
			}
		})
	}
}
