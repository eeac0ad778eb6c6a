package acceptance_test

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"letterbox/internal/mailtest"
)

// Allegra: a mailbox for everything with a project that one or two people sort, and one of a project; senders that are
// known or not, each checked against a pattern; patterns as they were written for Perl.
func TestAllegraStoryCatchAllPatternsAndTriage(t *testing.T) {
	t.Parallel()
	d := mailtest.StartDovecot(t, mailtest.DovecotOptions{})
	p := newProgram(t)
	p.prepare()
	p.start()
	p.addProject()
	p.call("POST", "/projects", object{"key": "NET", "name": "Netzwerk"}, nil)
	for _, address := range []string{"kim@bosch.com", "lea@elsewhere.example"} {
		name, _, _ := strings.Cut(address, "@")
		p.call("POST", "/users", object{"name": name, "addresses": []string{address}, "role": "customer"}, nil)
	}
	everything := object{"name": "Alles", "address": "alles@here.example", "global": true, "after": "leave", "allow_unknown": true}
	if got := p.refused("POST", "/inboxes", with(at(d.IMAPAddr), everything, object{"receive": "imap", "password": "secret"}), 422); len(got) == 0 || got[0] != "E-INBOX-02" {
		t.Errorf("an inbox without a project is refused with %q, want E-INBOX-02", got)
	}
	catchAll := p.addInbox(with(at(d.IMAPAddr), everything, object{"username": "alice"}))
	network := p.addInbox(with(at(d.IMAPAddr), object{
		"name": "Netzwerk", "address": "netz@here.example", "project": "NET", "username": "bob", "allow_unknown": false,
		"domain_mode": "pattern", "domain_pattern": `[^@\s]+@bosch\.com`,
	}))

	write := func(from, to, subject, text string) []byte {
		return letterOf(subject+"@"+from, from, to, subject, nil, plain(text))
	}
	p.stage("known and unknown senders", func() {
		deliverTo(t, d, "bob",
			write("kim@bosch.com", "netz@here.example", "Known and fitting", "One"), write("lea@elsewhere.example", "netz@here.example", "Known only", "Two"),
			write("neu@bosch.com", "netz@here.example", "Fitting only", "Three"), write("neu@bosch.com.evil.example", "netz@here.example", "Neither", "Four"))
		p.ends(network, "Known and fitting: created accepted_new #1", "Known only: rejected domain_pattern", "Fitting only: rejected unknown_sender",
			"Neither: rejected domain_pattern")
	})
	k := p.desk()
	p.stage("patterns", func() { p.patternsOfPerl(d, k, catchAll, write) })
	p.stage("triage", func() { p.triage(d, k, catchAll, write) })
	if n := d.Count("alice", "INBOX", "SEEN"); n != 0 {
		t.Errorf("%d mails that others read too are marked as read, want none", n)
	}
	p.stop()
}

// patternsOfPerl tries three patterns as they are in use, and what the page proposes instead.
func (p *program) patternsOfPerl(d *mailtest.Dovecot, k *desk, inbox int64, write func(from, to, subject, text string) []byte) {
	t := p.t
	path := fmt.Sprintf("/inboxes/%d/rules", inbox)
	for i, c := range []struct {
		typed, doubt, instead string
		in, out               []string
	}{
		{`[^@\T]@bosch\.com`, `\T is not known here. You probably mean \t.`, `(?i)[^@\s]+@bosch\.com`,
			[]string{"max@bosch.com"}, []string{"max@bosch.com.evil.example", "max@xbosch.com"}},
		{`[^@\T]@t-online\.de | [^@\t]@computer\.org`, "Spaces are part of the pattern and prevent matches here.", `(?i)[^@\s]+@(t-online\.de|computer\.org)`,
			[]string{"max@t-online.de", "max@computer.org"}, []string{"max@t-online.de.evil.example"}},
		{`\W[-.\W]+\@[-.\W]+\.\W{2,3}`, "max@example.org would not be let in", `\w[-.\w]+\@[-.\w]+\.\w{2,3}`,
			[]string{"max@bosch.com"}, []string{"max@studio.online"}},
	} {
		rules := url.Values{"base": {"1"}, "source": {"latest"}, "count": {"50"}, "do": {"lint"}, "allow_create": {"true"}, "allow_unknown": {"true"},
			"domain_mode": {"pattern"}, "domain_pattern": {c.typed}}
		contains(t, "the page of the rules", k.submit(path, rules), c.doubt, c.instead)
		set := func(pattern string) {
			p.call("PATCH", fmt.Sprintf("/inboxes/%d", inbox), object{"domain_mode": "pattern", "domain_pattern": pattern}, nil)
		}
		set(c.typed) // As it is, it lets nobody in, and least of all somebody else.
		var first []message
		for j, from := range append(c.in, c.out...) {
			subject := fmt.Sprintf("Pattern %d %d", i, j)
			deliverTo(t, d, "alice", write(from, "alles@here.example", subject, subject))
			m := p.arrives(inbox, subject)
			if m.State != "rejected" || m.Reason != "domain_pattern" {
				t.Errorf("%q: %s is %s %s, want refused", c.typed, from, m.State, m.Reason)
			}
			first = append(first, m)
		}
		set(c.instead)
		for j, m := range first {
			want := map[bool]string{true: "created", false: "rejected"}[j < len(c.in)]
			if p.call("POST", fmt.Sprintf("/messages/%d/reprocess", m.ID), nil, &m); m.State != want {
				t.Errorf("%q: %s is %s, want %s", c.instead, m.From, m.State, want)
			}
		}
	}
	p.call("PATCH", fmt.Sprintf("/inboxes/%d", inbox), object{"domain_mode": "list", "domain_pattern": "", "domains": []string{}}, nil)
}

// triage sorts new mail: it is taken, moved, merged, linked and refused.
func (p *program) triage(d *mailtest.Dovecot, k *desk, inbox int64, write func(from, to, subject, text string) []byte) {
	t := p.t
	numbers := map[string]int64{}
	for _, what := range []string{"Accept", "Move", "Merge", "Link", "Spam"} {
		deliverTo(t, d, "alice", write(strings.ToLower(what)+"@kunde.example", "alles@here.example", what, "Please "+what))
		m := p.arrives(inbox, what)
		if m.Issue == nil {
			t.Fatalf("%s: %s %s", what, m.State, m.Reason)
		}
		numbers[what] = *m.Issue
	}
	page := k.page("/triage")
	contains(t, "the page of what waits", page, "Accept", "Move", "Merge", "Link", "Spam")
	sort := func(what string, values url.Values) issueNow {
		t.Helper()
		values.Set("do", strings.ToLower(what))
		values.Set("version", strconv.FormatInt(p.now(numbers[what]).Version, 10))
		k.submit(fmt.Sprintf("/triage/%d", numbers[what]), values)
		return p.now(numbers[what])
	}
	other := fmt.Sprint(numbers["Accept"])
	if i := sort("Accept", url.Values{}); i.State != "open" || i.Assignee.Name != "Ada" {
		t.Errorf("accepted: %+v", i)
	}
	if i := sort("Move", url.Values{"project": {"NET"}}); i.Project != "NET" {
		t.Errorf("moved: %+v", i)
	}
	if i := sort("Link", url.Values{"other": {other}}); i.State == "closed" || len(list[object](p, fmt.Sprintf("/issues/%d/links", numbers["Link"]))) != 1 {
		t.Errorf("linked: %+v", i)
	}
	if i := sort("Merge", url.Values{"into": {other}}); i.MergedInto == nil || *i.MergedInto != numbers["Accept"] {
		t.Errorf("merged: %+v", i)
	}
	if i := sort("Spam", url.Values{}); i.State != "closed" {
		t.Errorf("spam: %+v", i)
	}
	// Who was merged writes to the other issue from now on; who was spam does not write any more; a number helps no stranger.
	again := fmt.Sprintf("Re: [#%d] once more", numbers["Merge"])
	for from, want := range map[string]string{"merge@kunde.example": "commented accepted_comment #" + other, "spam@kunde.example": "rejected sender_blocked"} {
		subject := again + " of " + from
		deliverTo(t, d, "alice", write(from, "alles@here.example", subject, "More of "+from))
		if got := described([]message{p.arrives(inbox, subject)})[0]; got != subject+": "+want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	subject := again + " of a stranger"
	deliverTo(t, d, "alice", write("stranger@kunde.example", "alles@here.example", subject, "Let me in"))
	if m := p.arrives(inbox, subject); m.State != "created" {
		t.Errorf("a stranger who knows a number: %s %s, want an issue of its own", m.State, m.Reason)
	}
}

// issueNow is an issue as it is now.
type issueNow struct {
	Project, State string
	Version        int64
	Assignee       person
	MergedInto     *int64 `json:"merged_into"`
}

func (p *program) now(number int64) issueNow {
	p.t.Helper()
	var i issueNow
	p.call("GET", fmt.Sprintf("/issues/%d", number), nil, &i)
	return i
}
