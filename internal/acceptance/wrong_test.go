package acceptance_test

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"letterbox/internal/mailtest"
)

// fault is a connection that cannot work, and what has to be said of it.
type fault struct {
	name        string
	inbox       object
	phase, code string
	state       string // Of the inbox.
}

func faults(t *testing.T, d *mailtest.Dovecot, strict *mailtest.Servers) []fault {
	t.Helper()
	tls := func(mode string) object { return object{"security": mode} }
	return []fault{
		{"wrong password", with(at(d.IMAPAddr), object{"password": "another"}), "signin", "E-AUTH-01", "refused"},
		{"wrong password at POP3", with(at(d.POP3Addr), object{"password": "another", "receive": "pop3"}), "signin", "E-AUTH-01", "refused"},
		{"unknown host", object{"host": "mail.nowhere.invalid", "port": 143}, "dns", "E-DNS-01", "failing"},
		{"closed port", at(closedPort(t)), "connect", "E-NET-01", "failing"},
		{"TLS where STARTTLS is", with(at(d.IMAPAddr), tls("tls")), "tls", "E-TLS-04", "failing"},
		{"TLS where STLS is", with(at(d.POP3Addr), tls("tls"), object{"receive": "pop3"}), "tls", "E-TLS-04", "failing"},
		{"STARTTLS where TLS is", with(at(d.IMAPSAddr), tls("starttls")), "tls", "E-TLS-03", "failing"},
		{"STLS where TLS is", with(at(d.POP3SAddr), tls("starttls"), object{"receive": "pop3"}), "tls", "E-TLS-03", "failing"},
		{"unencrypted where that is refused", at(strict.IMAPAddr), "signin", "E-AUTH-06", "refused"},
		{"missing folder", with(at(d.IMAPAddr), object{"folders": []string{"Nowhere"}}), "folders", "E-IMAP-01", "failing"},
		{"self-signed certificate", with(at(d.IMAPSAddr), tls("tls")), "tls", "E-TLS-01", "failing"},
		{"self-signed certificate after STARTTLS", with(at(d.IMAPAddr), tls("starttls")), "tls", "E-TLS-01", "failing"},
		{
			"another certificate than the pinned one", with(at(d.IMAPSAddr), tls("tls"), object{"tls_verify": "pinned", "fingerprint": strings.Repeat("0a", 32)}),
			"tls", "E-TLS-02", "failing",
		},
	}
}

func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// browse signs the admin in and returns a client for pages.
func (p *program) browse() func(path, language string) string {
	p.t.Helper()
	client := p.desk().client
	return func(path, language string) string {
		p.t.Helper()
		return (&desk{p, client, language}).page(path)
	}
}

func TestWhatIsWrongIsSaid(t *testing.T) {
	t.Parallel()
	users := map[string]string{"good": "secret"}
	for i := range 20 {
		users[fmt.Sprintf("user%d", i)] = "secret"
	}
	d := mailtest.StartDovecot(t, mailtest.DovecotOptions{Users: users})
	// Dovecot takes every connection within one machine for a safe one, so it cannot be had to refuse plain text here.
	strict, err := mailtest.NewServers(mailtest.Options{Certificate: d.Certificate, RequireTLS: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(strict.Close)
	p := newProgram(t)
	p.prepare()
	p.start()
	p.addProject()
	all := faults(t, d, strict)
	ids := make([]int64, len(all))
	for i, f := range all {
		login := fmt.Sprintf("user%d", i)
		strict.AddUser(login, "secret")
		waiting := []byte("From: a@there.example\r\nSubject: waiting\r\n\r\nx\r\n")
		if err := errors.Join(d.Deliver(login, waiting), strict.Deliver(login, waiting)); err != nil {
			t.Fatal(err)
		}
		ids[i] = p.addInbox(with(object{"name": f.name, "address": login + "@here.example", "username": login, "after": "delete", "pop3_after": "delete"}, f.inbox))
	}
	good := p.addInbox(with(at(d.IMAPAddr), object{"name": "good", "username": "good"}))
	page := p.browse()
	for i, f := range all {
		t.Run(f.name, func(t *testing.T) {
			q := *p
			q.t = t
			q.saysWhatIsWrong(ids[i], f, page)
		})
	}
	for i := range all {
		login := fmt.Sprintf("user%d", i)
		if n, unseen := d.Count(login, "INBOX", ""), d.Count(login, "INBOX", "UNSEEN"); n != 1 || unseen != 1 {
			t.Errorf("%s: %d messages are on the server and %d are unread, want 1 and 1", all[i].name, n, unseen)
		}
		if n := strict.User(login).Count("INBOX"); n != 1 {
			t.Errorf("%s: %d messages are on the strict server, want 1", all[i].name, n)
		}
		if log := p.messages(ids[i]); len(log) != 0 {
			t.Errorf("%s: %d messages in the log, want none", all[i].name, len(log))
		}
	}
	if err := d.Deliver("good", []byte("From: a@there.example\r\nSubject: passing\r\n\r\nx\r\n")); err != nil {
		t.Fatal(err)
	}
	if log := p.quiet(good, 1); log[0].State != "created" {
		t.Errorf("the mail of the other inbox is %s, want created", log[0].State)
	}
	p.stop()
}

// saysWhatIsWrong checks that the check of an inbox, its status and its page tell phase and cause in both languages.
func (p *program) saysWhatIsWrong(id int64, f fault, page func(path, language string) string) {
	p.t.Helper()
	await(p.t, 30*time.Second, func() error {
		var in struct {
			Status struct{ State, Phase, Code string }
		}
		p.call("GET", fmt.Sprintf("/inboxes/%d", id), nil, &in)
		if got, want := in.Status, (struct{ State, Phase, Code string }{f.state, f.phase, f.code}); got != want {
			return fmt.Errorf("status %v, want %v", got, want)
		}
		return nil
	})
	said := map[string]bool{}
	for _, language := range []string{"de", "en"} {
		var report struct {
			OK     bool
			Phases []struct{ Phase, State, Code, Message string }
		}
		p.call("POST", fmt.Sprintf("/inboxes/%d/check", id), nil, &report, "Accept-Language", language)
		if report.OK {
			p.t.Errorf("the check found nothing")
		}
		failed, skipped := 0, 0
		for _, ph := range report.Phases {
			switch ph.State {
			case "skipped":
				skipped++
			case "failed":
				failed++
				if ph.Phase != f.phase || ph.Code != f.code {
					p.t.Errorf("the check failed in %s with %s, want %s with %s", ph.Phase, ph.Code, f.phase, f.code)
				}
				if len(ph.Message) < 20 || strings.ContainsAny(ph.Message, "{}") {
					p.t.Errorf("in %s the check says %q, want a whole sentence", language, ph.Message)
				}
				said[ph.Message] = true
				if text := page(fmt.Sprintf("/inboxes/%d", id), language); !strings.Contains(text, ph.Message) || !strings.Contains(text, f.code) {
					p.t.Errorf("the page of the inbox does not say in %s: %s %q", language, f.code, ph.Message)
				}
			}
		}
		if failed != 1 || skipped == 0 {
			p.t.Errorf("%d phases failed and %d were skipped, want 1 and the rest", failed, skipped)
		}
	}
	if len(said) != 2 {
		p.t.Errorf("the check says %v, want a sentence in each language", said)
	}
}
