package acceptance_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	_ "modernc.org/sqlite" // The driver "sqlite".

	"letterbox/internal/mailtest"
)

// aiaibot Robot: folders written with "/", three ways of telling new mail from old on the server, mails in batches, time
// limits that are told when they are exceeded, octets as they came, and processing again.
func TestRobotStoryStrategiesTimeoutsAndReprocessing(t *testing.T) {
	t.Parallel()
	d := mailtest.StartDovecot(t, mailtest.DovecotOptions{Separator: ".", Users: map[string]string{"alice": "secret", "bob": "secret", "carl": "secret"}})
	client := openMailClient(t, d.IMAPAddr, "alice")
	for _, folder := range []string{"Incidents", "Alerts", "Reports", "Processed"} {
		client.do("CREATE INBOX.%s", folder)
	}
	write := func(from, subject string) []byte {
		return letterOf(subject+"@"+from, from, "robot@here.example", subject, nil, plain("Text of "+subject))
	}
	p := newProgram(t)
	p.prepare()
	p.start()
	p.addProject()

	// Two servers are too slow: one for ever, one in the middle of a mail. Nobody else waits for them.
	deliverTo(t, d, "carl", write("slow@there.example", "Slow"))
	silent := p.addInbox(with(at(silence(t)), object{"name": "Silent", "address": "silent@here.example", "connect_timeout": "1s"}))
	stalled := p.addInbox(with(at(stall(t, d.IMAPAddr, "Text of Slow")), object{
		"name": "Stalled", "address": "stalled@here.example", "username": "carl", "fetch_timeout": "5s",
	}))

	const mails = 12
	var all [][]byte
	for i := range mails {
		all = append(all, write("anna@kunde.example", fmt.Sprintf("Incident %d", i)))
	}
	if err := d.Append("alice", "INBOX.Incidents", all...); err != nil {
		t.Fatal(err)
	}
	for folder, raws := range map[string][][]byte{
		"INBOX.Alerts":  {write("anna@kunde.example", "Alert"), write("x@other.example", "Unwanted")},
		"INBOX.Reports": {write("anna@kunde.example", "Report")},
	} {
		if err := d.Append("alice", folder, raws...); err != nil {
			t.Fatal(err)
		}
	}
	deliverTo(t, d, "bob", write("anna@kunde.example", "Posted"))
	robot := func(name string, more object) int64 {
		return p.addInbox(with(at(d.IMAPAddr), object{"name": name, "address": name + "@here.example", "idle": false, "poll_interval": "1h"}, more))
	}
	// With an hour between two runs, what one run leaves over follows at once.
	incidents := robot("incidents", object{"folders": []string{"Inbox/Incidents"}, "after": "seen", "batch_size": 5})
	alerts := robot("alerts", object{"folders": []string{"INBOX/Alerts"}, "after": "delete", "poll_interval": "1s", "blocked_senders": []string{"@other.example"}})
	reports := robot("reports", object{"folders": []string{"Inbox/Reports"}, "after": "move", "move_to": "Inbox/Processed"})
	posted := robot("posted", with(at(d.POP3Addr), object{"receive": "pop3", "username": "bob", "pop3_after": "keep"}))

	log := p.quiet(incidents, mails)
	p.ends(reports, "Report: created accepted_new #"+fmt.Sprint(*p.arrives(reports, "Report").Issue))
	p.arrives(posted, "Posted")
	refused := p.arrives(alerts, "Unwanted")
	want := map[string]string{"INBOX.Incidents": strings.Repeat(`\Seen,`, mails), "INBOX.Alerts": "", "INBOX.Reports": "", "INBOX.Processed": ","}
	await(t, time.Minute, func() error { // A deletion waits for a second look.
		got := map[string]string{}
		for folder := range want {
			for _, m := range client.messages(folder) {
				got[folder] += m.flags + ","
			}
			got[folder] += ""
		}
		if diff := cmp.Diff(want, got); diff != "" {
			return fmt.Errorf("on the server (-want +got):\n%s", diff)
		}
		return nil
	})
	if n := d.Count("bob", "INBOX", "ALL"); n != 1 {
		t.Errorf("%d mails are left in the maildrop, want the one that was there", n)
	}

	k := p.desk()
	held := client.messages("INBOX.Incidents")
	for i, m := range log {
		if status, raw := p.send("GET", fmt.Sprintf("/messages/%d/raw", m.ID), nil); status != 200 || !bytes.Equal(raw, held[i].raw) {
			t.Errorf("the octets of %q: status %d, %d octets, want those of the server", m.Subject, status, len(raw))
		}
	}
	contains(t, "the audit log", k.page("/audit"), "downloaded")

	// Deleted on the server, refused, and let in after all: the octets are here.
	if refused.State != "rejected" {
		t.Errorf("%q is %s, want rejected", refused.Subject, refused.State)
	}
	p.call("PATCH", fmt.Sprintf("/inboxes/%d", alerts), object{"blocked_senders": []string{}}, nil)
	for range 2 { // The second time nothing happens.
		if p.call("POST", fmt.Sprintf("/messages/%d/reprocess", refused.ID), nil, &refused); refused.State != "created" {
			t.Errorf("processed again: %s %s, want created", refused.State, refused.Reason)
		}
	}
	if issues := list[issue](p, "/issues"); len(issues) != mails+4 {
		t.Errorf("%d issues, want one for each mail: %d", len(issues), mails+4)
	}

	// After its days a raw mail is removed; what became of it stays, and it is not fetched again.
	p.call("PATCH", fmt.Sprintf("/inboxes/%d", incidents), object{"retention_days": 10}, nil)
	p.call("PATCH", "/retention", object{"enabled": true}, nil)
	p.age(log[0].ID)
	var removed struct{ Messages int }
	if p.call("POST", "/retention/run", nil, &removed); removed.Messages != 1 {
		t.Errorf("%d raw mails are removed, want the old one", removed.Messages)
	}
	for i, want := range []int{404, 200} {
		if status, _ := p.send("GET", fmt.Sprintf("/messages/%d/raw", log[i].ID), nil); status != want {
			t.Errorf("the octets of %q: status %d, want %d", log[i].Subject, status, want)
		}
	}
	p.call("POST", fmt.Sprintf("/inboxes/%d/poll", incidents), nil, nil)
	if diff := cmp.Diff(described(log), described(p.quiet(incidents, mails))); diff != "" {
		t.Errorf("the log after that (-before +after):\n%s", diff)
	}
	if i := p.tracked().issues[*log[0].Issue]; !strings.Contains(i.Description, "Text of "+log[0].Subject) {
		t.Errorf("the issue reads %q, want its text", i.Description)
	}

	p.awaitCode(silent, "E-NET-03")
	contains(t, "the page of the server that says nothing", k.page(fmt.Sprintf("/inboxes/%d", silent)), "did not answer within 1 s (connection timeout)")
	var slow message // The inbox itself goes on: what failed is tried again after a minute.
	await(t, time.Minute, func() error {
		if all := p.messages(stalled); len(all) == 1 && all[0].ErrorCode == "E-NET-04" {
			slow = all[0]
			return nil
		}
		return fmt.Errorf("the mail that never came whole: %+v", p.messages(stalled))
	})
	if slow.State != "known" || slow.Attempts != 1 {
		t.Errorf("the mail that never came whole is %s after %d attempts, want known after one", slow.State, slow.Attempts)
	}
	contains(t, "the page of the mail that never came whole", k.page(fmt.Sprintf("/messages/%d", slow.ID)), "The message did not come whole in time (fetch timeout). It is fetched again.", "E-NET-04")
	p.stop()
}

// age makes a message one that came years ago, which no program can be told to do.
func (p *program) age(message int64) {
	p.t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(p.dir, "data", "letterbox.db")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		p.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(p.t.Context(), "UPDATE messages SET received_at = '2020-01-02' || substr(received_at, 11) WHERE id = ?", message); err != nil {
		p.t.Fatal(err)
	}
}

// silence is a server that takes connections and says nothing.
func silence(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

// stall passes connections on to a server until the server says this; then nothing comes any more.
func stall(t *testing.T, target, words string) string {
	t.Helper()
	over := make(chan struct{})
	line, err := mailtest.Through(target, mailtest.Line{Heard: func(piece []byte) {
		if bytes.Contains(piece, []byte(words)) {
			<-over
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(line.Close)
	t.Cleanup(func() { close(over) }) // Before the line is closed.
	return line.Addr
}
