package acceptance_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"letterbox/internal/mailtest"
)

func TestTooLargeMailIsAnnouncedAndFetchedOnDemand(t *testing.T) {
	t.Parallel()
	d := mailtest.StartDovecot(t, mailtest.DovecotOptions{})
	content := []byte(strings.Repeat("large\r\n", 400000))
	mails := [][]byte{
		[]byte(strings.ReplaceAll(note("Subject: Too large\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"=_limit\"\n",
			"--=_limit\n\nThe plan is attached.\n--=_limit\nContent-Type: application/x-plan; name=plan.bin\nContent-Disposition: attachment\nContent-Transfer-Encoding: base64\n\n"+wrapped(content)+"--=_limit--\n"), "\n", "\r\n")),
		[]byte(strings.ReplaceAll(note("Subject: Small\n", "Just right.\n"), "\n", "\r\n")),
	}
	if err := d.Deliver("alice", mails...); err != nil {
		t.Fatal(err)
	}
	p := newProgram(t)
	p.prepare()
	p.start()
	p.addProject()
	inbox := p.addInbox(with(at(d.IMAPAddr), object{"max_message_size": 1 << 20, "after": "delete"}))
	log := p.quiet(inbox, 2)
	octets := openMailClient(t, d.IMAPAddr, "alice").messages("INBOX")
	if len(octets) != 1 || octets[0].flags != "" {
		t.Fatalf("%d messages are left on the server, want the large one as it was", len(octets))
	}
	large := p.look(log[0])
	if large.State != "oversize" || large.Reason != "too_large" || large.Issue == nil || large.issue.Title != "Too large" || large.Size != int64(len(octets[0].raw)) {
		t.Fatalf("the large mail is %s (%s), %d octets, issue %q, want oversize (too_large), %d octets, \"Too large\"", large.State, large.Reason, large.Size, large.issue.Title, len(octets[0].raw))
	}
	if log[1].State != "created" {
		t.Errorf("the next mail is %s, want created", log[1].State)
	}
	p.call("POST", fmt.Sprintf("/messages/%d/reprocess", large.ID), nil, nil)
	await(t, 30*time.Second, func() error {
		log = p.messages(inbox)
		if log[0].State != "commented" {
			return fmt.Errorf("the large mail is %s (%s), want commented", log[0].State, log[0].ErrorCode)
		}
		return nil
	})
	fetched := p.look(log[0])
	if *fetched.Issue != *large.Issue || !strings.Contains(fetched.text, "The plan is attached.") {
		t.Errorf("the rest of the mail went to issue %d with %q, want %d and its text", *fetched.Issue, fetched.text, *large.Issue)
	}
	if len(fetched.files) != 1 || fetched.files[0].SHA256 != hash(content) {
		t.Errorf("attachments = %+v, want plan.bin whole", fetched.files)
	}
	p.sameOctets(fetched.message, octets[0].raw)
	p.stop()
}

// fieldFaults are the entries of a refused request: code by field.
func fieldFaults(text []byte) map[string]string {
	var problem struct {
		Errors []struct{ Field, Code, Detail string }
	}
	_ = json.Unmarshal(text, &problem)
	all := map[string]string{}
	for _, e := range problem.Errors {
		all[e.Field] = e.Code
		if len(e.Detail) < 10 {
			all[e.Field] += " without a sentence"
		}
	}
	return all
}

func TestBadSettingsAreRefusedInPlainWords(t *testing.T) {
	p := newProgram(t)
	p.networks = ""
	p.prepare()
	p.start()
	p.addProject()
	usual := object{
		"name": "x", "address": "x@here.example", "project": "SUP", "receive": "imap", "host": "imap.there.example", "security": "tls", "username": "x", "password": "secret",
		"enabled": false,
	}
	for _, r := range []struct {
		name        string
		change      object
		field, code string
	}{
		{"line end in the password", object{"password": "x\r\nDELE 1"}, "password", "E-INBOX-11"},
		{"line end in the user name", object{"username": "x\r\nDELE 1"}, "username", "E-INBOX-11"},
		{"line end in a folder", object{"folders": []string{"INBOX\r\nx"}}, "folders", "E-INBOX-11"},
		{"host with a port", object{"host": "a b"}, "host", "E-INBOX-09"},
		{"no port", object{"port": 70000}, "port", "E-INBOX-03"},
		{"pattern that cannot be read", object{"domain_mode": "pattern", "domain_pattern": "(a"}, "domain_pattern", "E-RX-00"},
		{"keyword that is too short", object{"subject_keywords": []string{"a"}}, "subject_keywords", "E-GATE-01"},
		{"no project", object{"project": "NONE"}, "project", "E-PROJECT-04"},
		{"interval of nothing", object{"poll_interval": "0s"}, "poll_interval", "E-INBOX-05"},
	} {
		for _, language := range []string{"de", "en"} {
			status, text := p.send("POST", "/inboxes", with(usual, r.change), "Accept-Language", language)
			if got := fieldFaults(text); status != 422 || got[r.field] != r.code {
				t.Errorf("%s: status %d, %v, want 422 and %s for %s", r.name, status, got, r.code, r.field)
			}
		}
	}
	for i, r := range []struct {
		host string
		port int
		code string
	}{{"127.0.0.1", 993, "E-NET-06"}, {"localhost", 143, "E-NET-06"}, {"::ffff:127.0.0.1", 993, "E-NET-06"}, {"[::1]", 993, "E-NET-08"}, {"169.254.169.254", 993, "E-NET-06"}, {"192.0.2.1", 22, "E-NET-06"}} {
		change := object{"name": fmt.Sprint("guarded ", i), "host": r.host, "port": r.port}
		status, text := p.send("POST", "/inboxes", with(usual, change))
		var in struct{ ID int64 }
		if err := json.Unmarshal(text, &in); err != nil || status != 201 {
			if got := fieldFaults(text); status != 422 || got["host"] == "" && got["port"] == "" {
				t.Errorf("%s:%d: status %d, %s", r.host, r.port, status, text)
			}
			continue
		}
		var report struct {
			OK     bool
			Phases []struct{ State, Code string }
		}
		p.call("POST", fmt.Sprintf("/inboxes/%d/check", in.ID), nil, &report)
		if report.OK || !slices.ContainsFunc(report.Phases, func(ph struct{ State, Code string }) bool { return ph.State == "failed" && ph.Code == r.code }) {
			t.Errorf("%s:%d: the check says %+v, want %s", r.host, r.port, report, r.code)
		}
	}
	// A pattern of which some addresses take too long: it may be saved, and mail that it cannot decide is set aside.
	p.addInbox(object{"name": "slow", "address": "slow@here.example", "receive": "push", "domain_mode": "pattern", "domain_pattern": `(a+)+$`})
	from := "From: " + strings.Repeat("a", 45) + "!@there.example\n"
	got := p.takeIn("slow", []bad{{mail: note(from, "x\n")}})[0]
	if got.State != "quarantined" || got.Reason != "rule_timeout" {
		t.Errorf("the mail is %s (%s), want quarantined (rule_timeout)", got.State, got.Reason)
	}
	p.secondEditorIsTold(usual)
	p.stop()
}

// secondEditorIsTold lets two admins change an inbox that both have read before.
func (p *program) secondEditorIsTold(usual object) {
	p.t.Helper()
	var in struct {
		ID, Version int64
		Name        string
	}
	p.call("POST", "/inboxes", with(usual, object{"name": "edited"}), &in)
	path := fmt.Sprintf("/inboxes/%d", in.ID)
	p.call("PATCH", path, object{"name": "by the first", "version": in.Version}, nil)
	if status, text := p.send("PATCH", path, object{"name": "by the second", "version": in.Version}); status != 409 || !strings.Contains(string(text), "E-409") {
		p.t.Errorf("the second change of the same version: status %d %s, want 409 and E-409", status, text)
	}
	if p.call("GET", path, nil, &in); in.Name != "by the first" {
		p.t.Errorf("the inbox is called %q, want the first change", in.Name)
	}
}

func TestFolderWithUmlautsIsRead(t *testing.T) {
	t.Parallel()
	for _, separator := range []string{"/", "."} {
		t.Run("separator "+separator, func(t *testing.T) {
			d := mailtest.StartDovecot(t, mailtest.DovecotOptions{Separator: separator})
			const encoded = "B&APw-cher &- &AOQ-" // Modified UTF-7 (RFC 3501, 5.1.3).
			client := openMailClient(t, d.IMAPAddr, "alice")
			for i, folder := range []string{encoded, encoded + separator + "&AOQ-"} {
				client.do("CREATE %q", folder)
				client.add(folder, "", []byte(strings.ReplaceAll(note(fmt.Sprintf("Subject: in folder %d\n", i), "x\n"), "\n", "\r\n")))
			}
			p := newProgram(t)
			p.prepare()
			p.start()
			p.addProject()
			inbox := p.addInbox(with(at(d.IMAPAddr), object{"folders": []string{"Bücher & ä", "Bücher & ä" + separator + "ä"}}))
			for _, m := range p.quiet(inbox, 2) {
				if m.State != "created" || m.SettleState != "done" {
					t.Errorf("mail %q is %s, %s, want created and done", m.Subject, m.State, m.SettleState)
				}
			}
			p.stop()
		})
	}
}

func TestInboxChangesWhileMailIsOnItsWay(t *testing.T) {
	t.Parallel()
	d := mailtest.StartDovecot(t, mailtest.DovecotOptions{})
	const n = 60
	var mails [][]byte
	for i := range n {
		mails = append(mails, []byte(strings.ReplaceAll(note(fmt.Sprintf("Subject: mail %d\n", i), "x\n"), "\n", "\r\n")))
	}
	if err := d.Deliver("alice", mails...); err != nil {
		t.Fatal(err)
	}
	slow, err := mailtest.Delay(d.IMAPAddr, 30*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(slow.Close)
	p := newProgram(t)
	p.prepare()
	p.start()
	p.addProject()
	p.call("POST", "/projects", object{"key": "NEW", "name": "New home"}, nil)
	inbox := p.addInbox(with(at(slow.Addr), object{"batch_size": 3}))
	path := fmt.Sprintf("/inboxes/%d", inbox)
	reach := func(aim int) {
		t.Helper()
		await(t, time.Minute, func() error {
			if got := p.progress(inbox); got < aim {
				return fmt.Errorf("%d messages are final, want %d", got, aim)
			}
			return nil
		})
	}
	reach(n / 6)
	p.call("PATCH", path, object{"project": "NEW"}, nil)
	moved := len(list[issue](p, "/issues?project=SUP"))
	reach(n / 2)
	p.call("PATCH", path, object{"enabled": false}, nil)
	var paused int
	await(t, 30*time.Second, func() error { // What is under way may still end.
		before := p.progress(inbox)
		time.Sleep(500 * time.Millisecond)
		if paused = p.progress(inbox); paused != before {
			return errors.New("mail is taken in although the inbox is paused")
		}
		return nil
	})
	p.call("PATCH", path, object{"enabled": true}, nil)
	log := p.quiet(inbox, n)
	oneState(t, log)
	old, now := list[issue](p, "/issues?project=SUP"), list[issue](p, "/issues?project=NEW")
	t.Logf("%d issues when the inbox moved, %d at its pause; in the end %d in the old project and %d in the new one", moved, paused, len(old), len(now))
	if len(old)+len(now) != n || len(old) == 0 || len(now) == 0 || len(old) < moved {
		t.Errorf("%d and %d issues, want %d in all, some in each project", len(old), len(now), n)
	}
	titles := map[string]bool{}
	for _, i := range slices.Concat(old, now) {
		titles[i.Title] = true
	}
	if len(titles) != n {
		t.Errorf("%d different titles, want %d", len(titles), n)
	}
	p.call("DELETE", path, nil, nil)
	if log := p.messages(inbox); len(log) != n {
		t.Errorf("%d messages are in the log of the inbox that is gone, want %d", len(log), n)
	}
	p.stop()
}
