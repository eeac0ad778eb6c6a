package acceptance_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// messageID reads the Message-ID of a mail that note has written.
func messageID(mail string) string {
	_, rest, _ := strings.Cut(mail, "Message-ID: ")
	id, _, _ := strings.Cut(rest, "\n")
	return id
}

// mentions checks that the page of an issue names another one without its mail having gone there.
func mentions(number int64) func(p *program, m seen) {
	return shows(fmt.Sprintf("erwähnt #%d", number), fmt.Sprintf("mentions #%d", number))
}

func TestBadRepliesAndRefusals(t *testing.T) {
	p := newProgram(t)
	p.prepare()
	p.start()
	p.addProject()
	p.call("POST", "/projects", object{"key": "OTH", "name": "Other"}, nil)
	push := func(name string, more object) int64 {
		t.Helper()
		return p.addInbox(with(object{"name": name, "address": name + "@here.example", "receive": "push"}, more))
	}
	push("open", nil)
	push("second", nil)
	push("other", object{"project": "OTH"})
	push("machine", object{"auto_mail": "comment"})
	push("follow", object{"closed_issues": "follow_up"})

	root, foreign, closed := note("", "The first.\n"), note("From: Dora <dora@there.example>\n", "Elsewhere.\n"), note("", "Soon done.\n")
	one := bad{id: "B00", name: "start", mail: root, want: created("A subject", "The first.")}
	first := p.verify("open", []bad{one})[0]
	other := p.verify("other", []bad{{id: "B00", name: "elsewhere", mail: foreign, want: created("A subject", "Elsewhere.")}})[0]
	done := p.verify("open", []bad{{id: "B00", name: "to be closed", mail: closed, want: created("A subject", "Soon done.")}})[0]
	shut := func() {
		t.Helper()
		p.call("PATCH", fmt.Sprintf("/issues/%d", done.issue.Number), object{"state": "closed"}, nil)
	}
	shut()
	n1, n2, n3 := first.issue.Number, other.issue.Number, done.issue.Number
	const eve = "From: Eve <eve@elsewhere.example>\n"
	tag := func(n int64) string { return fmt.Sprintf("Subject: Re: [#%d] A subject\n", n) }
	history := strings.Repeat("> an old line of the history that is quoted once more\n", 4000)

	p.verify("open", []bad{
		{id: "B14", name: "same Message-ID, another content", mail: note("Message-ID: "+messageID(root)+"\n", "Another.\n"), want: created("A subject", "Another.")},
		{id: "B17", name: "issue of a foreign project", mail: note(tag(n2), "text\n"), want: created("A subject", "text"), defects: []string{"match.not_participant"}, check: mentions(n2)},
		{id: "B17", name: "closed issue", mail: note(tag(n3), "once more\n"), want: commented(n3, "once more"), check: func(p *program, m seen) {
			if m.issue.State == "closed" {
				p.t.Errorf("issue %d is still closed, want it opened again", n3)
			}
		}},
		{id: "B17", name: "issue that does not exist", mail: note(tag(99999), "text\n"), want: created("A subject", "text"), defects: []string{"match.no_such_issue"}},
		{id: "B17", name: "number beyond all", mail: note("Subject: [#1000000000000000000000000000000] Large\n", "text\n"), want: created("*", "text")},
		{id: "B17", name: "number 0", mail: note("Subject: [#0] Nothing\n", "text\n"), want: created("*", "text")},
		{id: "B17", name: "two numbers", mail: note(fmt.Sprintf("Subject: [#%d] [#%d] both\n", n2, n1), "text\n"), want: commented(n1, "text")},
		{id: "B18", name: "forged In-Reply-To", mail: note(eve+"In-Reply-To: "+messageID(root)+"\n", "text\n"), want: created("A subject", "text"), defects: []string{"match.not_participant"}, check: mentions(n1)},
		{id: "B18", name: "forged number", mail: note(eve+tag(n1), "text\n"), want: created("A subject", "text"), defects: []string{"match.not_participant"}},
		{id: "B19", name: "answer above 200 KB of history", mail: note(tag(n1), "My new words.\n\n"+history), want: commented(n1, "My new words."), check: wholeHistory(history)},
		{id: "B19", name: "answer below", mail: note(tag(n1), history+"\nMy last words.\n"), want: commented(n1, "My last words."), check: wholeHistory(history)},
		{id: "B20", name: "automatic answer", mail: note("Auto-Submitted: auto-replied\n", "x\n"), want: kept("ignored", "auto_reply")},
		{id: "B20", name: "out of office to an issue", mail: note(tag(n1)+"X-Autoreply: yes\n", "x\n"), want: kept("ignored", "auto_reply")},
		{id: "B20", name: "list", mail: note("List-Id: <l.there.example>\n", "x\n"), want: kept("ignored", "mailing_list")},
		{id: "B20", name: "own mail", mail: note("From: second@here.example\n", "x\n"), want: kept("ignored", "own_mail")},
		{id: "B20", name: "our own loop", mail: note("X-Letterbox-Loop: here\n", "x\n"), want: kept("ignored", "loop")},
	})
	p.verify("machine", []bad{
		{id: "B20", name: "automatic answer as a comment", mail: note("Auto-Submitted: auto-replied\nIn-Reply-To: "+messageID(root)+"\n", "away\n"), want: commented(n1, "away")},
		{id: "B20", name: "automatic answer to nothing", mail: note("Auto-Submitted: auto-replied\n", "away\n"), want: kept("ignored", "auto_reply")},
	})
	shut()
	p.verify("follow", []bad{{id: "B17", name: "closed issue with follow-up", mail: note(tag(n3), "next\n"), want: created("A subject", "next"), check: mentions(n3)}})
	again := p.verify("second", []bad{{id: "B15", name: "same mail in another inbox of the project", mail: root, want: kept("duplicate", "duplicate")}})[0]
	if again.DuplicateOf == nil || *again.DuplicateOf != first.ID {
		t.Errorf("the duplicate names message %v, want %d", again.DuplicateOf, first.ID)
	}
	p.verify("other", []bad{{id: "B15", name: "same mail in another project", mail: root, want: created("A subject", "The first.")}})
	p.refusedAndLetIn(push)
	p.stop()
}

// wholeHistory checks that nothing of a long quotation was cut from what is kept, and that it is folded away.
func wholeHistory(history string) func(p *program, m seen) {
	return func(p *program, m seen) {
		p.t.Helper()
		if strings.Count(m.text, "\n") < strings.Count(history, "\n") {
			p.t.Errorf("%d octets of text are kept, want all of %d", len(m.text), len(history))
		}
		if page := p.browse()(fmt.Sprintf("/issues/%d", m.issue.Number), "en"); !strings.Contains(page, "<details") {
			p.t.Error("the quotation is not folded away")
		}
	}
}

// refusedAndLetIn refuses mail for each reason, mends the rule and has the mail processed again.
func (p *program) refusedAndLetIn(push func(string, object) int64) {
	p.t.Helper()
	for _, r := range []struct {
		id, reason string
		rules, fix object
	}{
		{"B21", "unknown_sender", object{"allow_unknown": false}, object{"allow_unknown": true}},
		{"B21", "sender_blocked", object{"blocked_senders": []string{"@there.example"}}, object{"blocked_senders": []string{}}},
		{"B21", "sender_not_allowed", object{"allowed_senders": []string{"@kunde.example"}}, object{"allowed_senders": []string{"carla@there.example"}}},
		{"B22", "domain_pattern", object{"domain_mode": "pattern", "domain_pattern": `.*@kunde\.example`}, object{"domain_pattern": `.*@(kunde|there)\.example`}},
		{"B23", "keyword_subject", object{"subject_keywords": []string{"printer"}}, object{"subject_keywords": []string{"subject"}}},
		{"B23", "keyword_body", object{"body_keywords": []string{"printer"}}, object{"body_keywords": []string{"wonder"}}},
		{"B23", "recipient_unexpected", object{"recipients_expected": []string{"nobody@here.example"}}, object{"recipients_expected": []string{}}},
		{"B23", "create_disabled", object{"allow_create": false}, object{"allow_create": true}},
	} {
		name := strings.ReplaceAll(r.reason, "_", "-")
		id := push(name, r.rules)
		header := ""
		if r.reason == "unknown_sender" {
			header = "From: stranger@there.example\n" // The usual one is known from other mail.
		}
		refused := p.verify(name, []bad{{id: r.id, name: r.reason, mail: note(header, "No wonder.\n"), want: kept("rejected", r.reason)}})[0]
		p.call("PATCH", fmt.Sprintf("/inboxes/%d", id), r.fix, nil)
		var after message
		p.call("POST", fmt.Sprintf("/messages/%d/reprocess", refused.ID), nil, &after)
		if after.State != "created" || after.Issue == nil {
			p.t.Errorf("%s %s: processed again, the mail is %s (%s), want created", r.id, r.reason, after.State, after.Reason)
		}
		issues := slices.DeleteFunc(list[issue](p, "/issues?q=wonder"), func(i issue) bool { return i.Message == nil || *i.Message != refused.ID })
		p.call("POST", fmt.Sprintf("/messages/%d/reprocess", refused.ID), nil, &after)
		if n := len(list[comment](p, fmt.Sprintf("/issues/%d/comments", *after.Issue))); len(issues) != 1 || n != 0 {
			p.t.Errorf("%s %s: %d issues and %d comments after processing twice, want one issue", r.id, r.reason, len(issues), n)
		}
	}
}
