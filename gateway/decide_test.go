package gateway_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"letterbox/gateway"
	"letterbox/gateway/rule"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

func TestMachinesAndOurOwnMail(t *testing.T) {
	for _, c := range []struct {
		name, policy, mail string
		state              models.MessageState
		reason             string
	}{
		{"auto reply, ignored", "ignore", mail("x", anna, "Away", "Text", "Auto-Submitted: auto-replied"), models.MessageIgnored, "auto_reply"},
		{"auto reply, no issue of its own", "comment", mail("x", anna, "Away", "Text", "Auto-Submitted: auto-replied"), models.MessageIgnored, "auto_reply"},
		{"auto reply on its issue", "comment", mail("x", anna, "Away", "Text", "Auto-Submitted: auto-replied", "In-Reply-To: <1@there.example>"), models.MessageCommented, "accepted_comment"},
		{"auto reply as any mail", "process", mail("x", anna, "Away", "Text", "Auto-Submitted: auto-replied"), models.MessageCreated, "accepted_new"},
		{"list, no issue of its own", "comment", mail("x", anna, "News", "Text", "List-Id: <news.there.example>"), models.MessageIgnored, "mailing_list"},
		{"our own mail never makes an issue", "process", mail("x", "Us <support@here.example>", "Hello", "Text"), models.MessageIgnored, "own_mail"},
		{"our own mail, ignored", "ignore", mail("x", "Us <support@here.example>", "Hello", "Text"), models.MessageIgnored, "own_mail"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inDen(t, func(t *testing.T, d *den) {
				g := d.process(nil)
				ib := d.inbox(g, func(dr *gateway.InboxDraft) { dr.Rules.AutoMail = c.policy })
				d.receive(g, ib.ID, mail("1", anna, "Hello", "Text"))
				m := d.receive(g, ib.ID, c.mail)
				if m.State != c.state || m.Reason != c.reason {
					t.Errorf("%s %s, want %s %s", m.State, m.Reason, c.state, c.reason)
				}
			})
		})
	}
}

func TestPersonWhoIsSwitchedOffDoesNotWriteByMail(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		g := d.process(nil)
		ib := d.inbox(g, nil) // Even strangers may write here.
		d.receive(g, ib.ID, mail("1", anna, "Hello", "Text"))
		u, err := d.store.UserByAddress(t.Context(), "anna@there.example")
		if err != nil {
			t.Fatal(err)
		}
		off := time.Now()
		u.DisabledAt = &off
		if err := d.store.UpdateUser(t.Context(), &u); err != nil {
			t.Fatal(err)
		}
		m := d.receive(g, ib.ID, mail("2", anna, "Let me in", "Text"))
		if m.State != models.MessageRejected || m.Reason != string(rule.UnknownSender) {
			t.Errorf("%s %s, want rejected unknown_sender", m.State, m.Reason)
		}
		if got := strings.Join(d.trace(m.ID), " "); !strings.Contains(got, "gate.disabled") {
			t.Errorf("the trace %s does not say why", got)
		}
	})
}

func TestSenderThatIsNoAddressIsNobodyInParticular(t *testing.T) {
	for _, from := range []string{"root", "<>", "", "undisclosed", "a@b, c@d", strings.Repeat("x", 400) + "@there.example"} {
		t.Run(from[:min(len(from), 20)], func(t *testing.T) {
			inDen(t, func(t *testing.T, d *den) {
				g := d.process(nil)
				ib := d.inbox(g, nil)
				if m := d.receive(g, ib.ID, mail("1", from, "Hello", "Text")); m.State != models.MessageCreated {
					t.Errorf("%s %s, want created", m.State, m.Reason)
				}
			})
		})
	}
}

// samples are mails of many kinds.
func samples() []string {
	return []string{
		mail("1", anna, "Hello", "Text"),
		mail("2", anna, "Re: [#1] Hello", "More"),
		mail("3", anna, "AW: Hello", "More", "In-Reply-To: <1@there.example>"),
		mail("4", "Eve <eve@elsewhere.example>", "Re: [#1] Hello", "Let me in"),
		mail("5", anna, "Away", "Text", "Auto-Submitted: auto-replied"),
		mail("6", "Spam <a@spam.example>", "Buy", "Text"),
		mail("7", "Us <support@here.example>", "Ours", "Text"),
		mail("8", "root", "No address", "Text"),
		mail("9", anna, "Number of nothing [#999]", "Text"),
		large("Too large"),
		"no header at all",
		"From: anna@there.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: application/octet-stream; name=a.bin\nContent-Transfer-Encoding: base64\n\nAAEC\n--b--\n",
	}
}

func TestDryRunDecidesAsTheRealRunAndWritesNothing(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		g := d.process(nil)
		ib := d.inbox(g, func(dr *gateway.InboxDraft) {
			dr.Rules.BlockedSenders, dr.Settings.MaxMessageSize = []string{"@spam.example"}, 1<<20
		})
		d.run(g)
		d.wait(5 * time.Second)
		for i, raw := range samples() {
			raw = crlf(raw)
			before := d.rows()
			dry, err := g.DryRun(t.Context(), ib.ID, strings.NewReader(raw))
			if err != nil {
				t.Errorf("sample %d: DryRun = %v", i, err)
				continue
			}
			if after := d.rows(); after != before {
				t.Errorf("sample %d: the dry run wrote something: %+v, before %+v", i, after, before)
			}
			d.server.deliver("INBOX", strings.ReplaceAll(raw, "\r\n", "\n"))
			d.wait(5 * time.Second)
			m := last(d.messages())
			if m.State != dry.State || m.Reason != string(dry.Reason) {
				t.Errorf("sample %d: dry %s %s, real %s %s", i, dry.State, dry.Reason, m.State, m.Reason)
			}
			if dry.IssueNumber != 0 && (m.IssueNumber == nil || *m.IssueNumber != dry.IssueNumber) {
				t.Errorf("sample %d: dry issue %d, real %v", i, dry.IssueNumber, m.IssueNumber)
			}
			if dry.State == models.MessageCreated {
				if issue, err := d.store.IssueByNumber(t.Context(), *m.IssueNumber); err != nil || issue.Title != dry.Title || issue.ProjectID != dry.ProjectID {
					t.Errorf("sample %d: dry %q in %d, real %q in %d (%v)", i, dry.Title, dry.ProjectID, issue.Title, issue.ProjectID, err)
				}
			}
		}
		if len(d.messages()) != len(samples()) {
			t.Errorf("%d messages, want %d", len(d.messages()), len(samples()))
		}
		d.once()
	})
}

// rows counts what a database holds.
type rows struct{ messages, issues, users, audits int }

func (d *den) rows() (r rows) {
	d.t.Helper()
	ctx := d.t.Context()
	issues, _, err := d.store.Issues(ctx, store.IssueQuery{Limit: 200})
	if err != nil {
		d.t.Fatal(err)
	}
	users, err := d.store.Users(ctx, 200, 0)
	if err != nil {
		d.t.Fatal(err)
	}
	audits, _, err := d.store.Audits(ctx, store.AuditFilter{Limit: 200})
	if err != nil {
		d.t.Fatal(err)
	}
	return rows{len(d.messages()), len(issues), len(users), len(audits)}
}

func TestRulesAreLintedWithTheLatestSenders(t *testing.T) {
	d := newDen(t, testdb.Open(t)) // On a real clock: the patterns have one of their own.
	g := d.process(nil)
	ib := d.inbox(g, nil)
	d.receive(g, ib.ID, mail("1", anna, "Hello", "Text"))
	rules := models.DefaultRules()
	rules.DomainMode, rules.DomainPattern = "pattern", `.*@nobody\.example`
	has := func(inbox int64) bool {
		found, err := g.LintRules(t.Context(), inbox, rules)
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(found, func(f rule.Finding) bool { return f.Code == "W-RX-04" })
	}
	if !has(ib.ID) || has(0) {
		t.Errorf("W-RX-04 with the senders %t, without %t, want true and false", has(ib.ID), has(0))
	}
}
