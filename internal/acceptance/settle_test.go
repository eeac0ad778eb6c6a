package acceptance_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/internal/mailtest"
)

// keeping is one way of treating mail on the server.
type keeping struct {
	login   string
	inbox   object
	want    map[string]string // What lies in a folder in the end: "subject flags", separated by commas.
	settled string            // The settle state of the three mails that became issues.
	problem string            // With it, the code.
	changes bool              // Something on the server has to change.

	id       int64
	watchman *watchman
	uids     map[int]string // Hash by UID, of the mails that are ours.
	mu       sync.Mutex
}

// Mail of others in every mailbox: old, about to be removed by another mail program, and the same of today.
const bystanders = `old,old-deleted \Deleted`

func keepings() []*keeping {
	const ours, others = "one,two,three,spam", bystanders
	flagged := func(flag string) string {
		return others + "," + strings.ReplaceAll(ours, ",", " "+flag+",") + " " + flag
	}
	const late = `,new-deleted \Deleted`
	move := object{"after": "move", "move_to": "Processed", "move_rejected_to": "Refused"}
	pop := object{"receive": "pop3"}
	return []*keeping{
		{login: "leave", inbox: object{"after": "leave"}, want: map[string]string{"INBOX": others + "," + ours + late}, settled: "done"},
		{login: "seen", inbox: object{"after": "seen"}, want: map[string]string{"INBOX": flagged(`\Seen`) + late}, settled: "done", changes: true},
		{login: "delete", inbox: object{"after": "delete"}, want: map[string]string{"INBOX": others + late}, settled: "done", changes: true},
		{
			login: "move", inbox: move, settled: "done", changes: true,
			want: map[string]string{"INBOX": others + late, "Processed": "one,two,three", "Refused": "spam"},
		},
		{
			login: "missing", inbox: object{"after": "move", "move_to": "Nowhere"}, settled: "failed", problem: "E-IMAP-05", changes: true,
			want: map[string]string{"INBOX": others + "," + ours + late},
		},
		// Dovecot itself marks what it sends over POP3.
		{login: "popkeep", inbox: with(pop, object{"pop3_after": "keep"}), want: map[string]string{"INBOX": flagged(`\Seen`)}, settled: "done"},
		{login: "popdelete", inbox: with(pop, object{"pop3_after": "delete"}), want: map[string]string{"INBOX": others}, settled: "done", changes: true},
		{
			login: "popdays", inbox: with(pop, object{"pop3_after": "delete_after_days", "pop3_delete_days": 3}), settled: "pending",
			want: map[string]string{"INBOX": flagged(`\Seen`)},
		},
	}
}

func TestServerKeepsItsMail(t *testing.T) {
	t.Parallel()
	t.Run("server with all extensions", func(t *testing.T) { serverKeepsItsMail(t, "", keepings()) })
	t.Run("server without MOVE and UIDPLUS", func(t *testing.T) {
		var some []*keeping
		for _, k := range keepings() {
			deleted := bystanders + `,one \Deleted,two \Deleted,three \Deleted,spam \Deleted,new-deleted \Deleted`
			switch k.login { // Without UIDPLUS an EXPUNGE would remove the mail of others as well.
			case "delete", "move":
				k.want["INBOX"] = deleted
			case "missing":
			default:
				continue
			}
			some = append(some, k)
		}
		serverKeepsItsMail(t, "IMAP4rev1 LITERAL+ IDLE", some)
	})
}

func serverKeepsItsMail(t *testing.T, capabilities string, all []*keeping) {
	users := map[string]string{}
	for _, k := range all {
		users[k.login] = "secret"
	}
	d := mailtest.StartDovecot(t, mailtest.DovecotOptions{Users: users, Capabilities: capabilities})
	p := newProgram(t)
	p.prepare()
	p.start()
	p.addProject()
	for _, k := range all {
		k.open(p, d)
	}
	for _, k := range all {
		k.started(p)
		k.deliver(p, d)
	}
	for _, k := range all {
		t.Run(k.login, func(t *testing.T) {
			outer := p.t
			p.t = t
			defer func() { p.t = outer }()
			k.check(p, d)
		})
	}
	p.stop()
}

// open fills the mailbox with mail of others and adds the inbox.
func (k *keeping) open(p *program, d *mailtest.Dovecot) {
	p.t.Helper()
	client := openMailClient(p.t, d.IMAPAddr, k.login)
	client.add("INBOX", "", k.mail("old", "old@there.example"))
	client.add("INBOX", `\Deleted`, k.mail("old-deleted", "old@there.example"))
	client.do("CREATE Processed")
	client.do("CREATE Refused")
	target := d.IMAPAddr
	if k.inbox["receive"] == "pop3" {
		target = d.POP3Addr
	}
	k.watchman = watch(p.t, target, func(command string) error { return k.inspect(p, d, command) })
	k.id = p.addInbox(with(at(k.watchman.Addr), object{
		"name": k.login, "address": k.login + "@here.example", "username": k.login, "import_since": "from_now", "blocked_senders": []string{"@spam.example"},
	}, k.inbox))
}

// started waits until the inbox has seen what lies there.
func (k *keeping) started(p *program) {
	p.t.Helper()
	await(p.t, 30*time.Second, func() error {
		var in struct {
			StartedAt *string `json:"started_at"`
		}
		if p.call("GET", fmt.Sprintf("/inboxes/%d", k.id), nil, &in); in.StartedAt == nil {
			return fmt.Errorf("inbox %s has not started", k.login)
		}
		return nil
	})
}

func (k *keeping) mail(subject, from string) []byte {
	return []byte(fmt.Sprintf("From: %s\r\nTo: %s@here.example\r\nSubject: %s\r\nMessage-ID: <%s-%s@there.example>\r\n\r\nFor %s.\r\n", from, k.login, subject, subject, k.login, k.login))
}

// deliver brings three mails that become issues, one that is refused, and over IMAP one that somebody else is about to
// remove. Until the hashes are known, nothing passes the watchman.
func (k *keeping) deliver(p *program, d *mailtest.Dovecot) {
	p.t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	err := d.Deliver(k.login, k.mail("one", "a@there.example"), k.mail("two", "b@there.example"), k.mail("three", "c@there.example"), k.mail("spam", "x@spam.example"))
	if err != nil {
		p.t.Fatal(err)
	}
	client := openMailClient(p.t, d.IMAPAddr, k.login)
	if k.inbox["receive"] != "pop3" { // POP3 has no flags: there it is a mail as any other.
		client.add("INBOX", `\Deleted`, k.mail("new-deleted", "d@there.example"))
	}
	k.uids = map[int]string{}
	for _, m := range client.messages("INBOX") {
		if s := subject(m); slices.Contains([]string{"one", "two", "three", "spam"}, s) {
			k.uids[m.uid] = hash(m.raw)
		}
	}
}

func subject(m held) string {
	_, rest, _ := strings.Cut(string(m.raw), "Subject: ")
	s, _, _ := strings.Cut(rest, "\r\n")
	return s
}

// inspect checks a command before the server sees it: it may only name mail of ours that has come to its result.
func (k *keeping) inspect(p *program, d *mailtest.Dovecot, command string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	var uids []int
	var err error
	if rest, ok := strings.CutPrefix(command, "DELE "); ok {
		n, err := strconv.Atoi(rest)
		if err != nil {
			return err
		}
		uids = []int{n} // Nothing was ever removed from these maildrops before: numbers and UIDs are the same.
	} else if uids, err = named(command); err != nil {
		return err
	}
	final, err := p.finals()
	if err != nil {
		return err
	}
	for _, uid := range uids {
		switch h, ours := k.uids[uid]; {
		case !ours:
			return fmt.Errorf("names UID %d, which is none of ours", uid)
		case !final[h]:
			return fmt.Errorf("names UID %d, which has come to no result yet", uid)
		}
	}
	return nil
}

func (k *keeping) check(p *program, d *mailtest.Dovecot) {
	var log []message
	await(p.t, time.Minute, func() error {
		log = slices.DeleteFunc(p.messages(k.id), func(m message) bool { return m.Reason == "before_start" })
		for _, m := range log {
			if !m.final() || m.SettleState != k.settled {
				return fmt.Errorf("message %d (%s): %s, settle state %q, want %q", m.ID, m.Subject, m.State, m.SettleState, k.settled)
			}
		}
		if len(log) != 4 {
			return fmt.Errorf("%d messages, want 4", len(log))
		}
		return nil
	})
	for _, m := range log {
		want := "created"
		if m.Subject == "spam" {
			want = "rejected"
		}
		if m.State != want || m.SettleError != k.problem {
			p.t.Errorf("message %q: %s, settle error %q, want %s and %q", m.Subject, m.State, m.SettleError, want, k.problem)
		}
	}
	if k.problem != "" {
		page := p.browse()
		for language, text := range map[string]string{"de": "Nicht gelungen, wird wiederholt", "en": "Did not work, tried again"} {
			if got := page(fmt.Sprintf("/messages/%d", log[0].ID), language); !strings.Contains(got, text) {
				p.t.Errorf("the page of message %d does not say %q", log[0].ID, text)
			}
		}
	}
	client := openMailClient(p.t, d.IMAPAddr, k.login)
	got := map[string]string{}
	for folder := range k.want {
		var all []string
		for _, m := range client.messages(folder) {
			text := subject(m)
			if folder == "INBOX" && m.flags != "" {
				text += " " + m.flags
			}
			all = append(all, text)
		}
		got[folder] = strings.Join(all, ",")
	}
	if diff := cmp.Diff(got, k.want); diff != "" {
		p.t.Errorf("on the server: got -, want +\n%s", diff)
	}
	if changed := k.watchman.commands() > 0; changed != k.changes {
		p.t.Errorf("commands that change something came by: %v, want %v", changed, k.changes)
	}
}
