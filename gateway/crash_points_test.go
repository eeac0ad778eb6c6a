package gateway_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"letterbox/gateway"
	"letterbox/internal/testdb"
)

// crashPoint is a moment at which a process may be killed, with the number under which docs/reliability.md lists it.
type crashPoint struct {
	name     string
	protocol string   // "": IMAP.
	moments  []string // What has to come before it, in this order; the process dies of the last one.
	large    bool     // The mail is larger than what is kept in memory.
	found    string   // What the next process finds of the message: state and what the server is to be told.
	done     bool     // The server has done it already.
	settled  string   // "" is done.
}

func crashPoints() []crashPoint {
	known, received, created := "known pending", "received pending", "created pending"
	add, keep, apply := "after INSERT INTO messages", "after UPDATE messages SET state = 'received'", "after INSERT INTO issues"
	return []crashPoint{
		{name: "CP1 before the row is added", moments: []string{"before INSERT INTO messages"}, found: ""},
		{name: "CP1 before the row is committed", moments: []string{add, "before COMMIT"}, found: ""},
		{name: "CP2 when the attempt is committed", moments: []string{add, "after COMMIT"}, found: known},
		{name: "CP2 before the download", moments: []string{"fetch"}, found: known},
		{name: "CP3 in the download", moments: []string{"octets"}, found: known},
		{name: "CP3 in the download, POP3", protocol: "pop3", moments: []string{"octets"}, found: known},
		{name: "CP4 the first octets are staged", moments: []string{"after INSERT INTO blob_chunks", "after COMMIT"}, large: true, found: known},
		{name: "CP4 more octets are staged", moments: []string{"after INSERT INTO blob_chunks", "before INSERT INTO blob_chunks"}, large: true, found: known},
		{name: "CP5 before the octets are committed", moments: []string{keep, "before COMMIT"}, found: known},
		{name: "CP5 the octets are committed", moments: []string{keep, "after COMMIT"}, found: received},
		{name: "CP6 while it is parsed", moments: []string{"step parse"}, found: received},
		{name: "CP6 while it is decided", moments: []string{"step gate"}, found: received},
		{name: "CP6 while its issue is looked for", moments: []string{"step match"}, found: received},
		{name: "CP7 in the transaction of the effect", moments: []string{"before INSERT INTO issues"}, found: received},
		{name: "CP7 before the effect is committed", moments: []string{apply, "before COMMIT"}, found: received},
		{name: "CP8 the effect is committed", moments: []string{apply, "after COMMIT"}, found: created},
		{name: "CP9 before the server is told", moments: []string{"settle"}, found: created},
		{name: "CP9 before the maildrop is told", protocol: "pop3", moments: []string{"settle"}, found: created},
		{name: "CP10 the server has done it", moments: []string{"settled"}, found: created, done: true, settled: "gone"},
		{name: "CP10 the answer is not committed", moments: []string{"after UPDATE messages SET settle_state", "before COMMIT"}, found: created, done: true, settled: "gone"},
		{name: "CP11 before QUIT", protocol: "pop3", moments: []string{"settled", "quit"}, found: created},
		{name: "CP11 after QUIT", protocol: "pop3", moments: []string{"settled", "quit done"}, found: created, done: true, settled: "gone"},
	}
}

// A process is killed at each crash point of the design. The next one finds what it should, and the mail has its effect
// once.
func TestKilledAtEachCrashPoint(t *testing.T) {
	template := testdb.Template(t)
	for _, point := range crashPoints() {
		t.Run(point.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { crashAt(t, template, point) })
		})
	}
}

func crashAt(t *testing.T, template string, point crashPoint) {
	w := newBareSim(t, template, 1)
	if point.protocol == "" {
		point.protocol = "imap"
	}
	w.addAccount(0, point.protocol, "move", "delete")
	text, a := "Text", w.accounts[0]
	if point.large {
		text = strings.Repeat("A long line, again and again.\n", 150_000)
	}
	w.send(w.makeOf(text), a)
	left := point.moments
	p := w.startDying(func(moment string) bool {
		if !strings.HasPrefix(moment, left[0]) {
			return false
		}
		if len(left) == 1 {
			return true
		}
		left = left[1:]
		return false
	})
	for began := time.Now(); !p.isDead() && time.Since(began) < 10*time.Minute; {
		w.sleep(time.Second)
	}
	if !p.isDead() {
		t.Fatalf("the process did not come to %q", left)
	}
	p.kill()
	<-p.done
	found := ""
	for _, row := range w.rows("SELECT state, settle_state FROM messages") {
		found += strings.Join(row, " ")
	}
	if found != point.found {
		t.Errorf("the next process finds %q, want %q", found, point.found)
	}
	if left := len(a.folders["INBOX"].messages) > 0; left == point.done {
		t.Errorf("the mail is left in the mailbox: %t, want %t", left, !point.done)
	}
	w.running = nil
	next := w.start()
	w.sleep(2*gateway.LeaseTTL + 30*time.Second)
	w.sleep(2 * time.Minute) // A second look.
	next.stop()
	w.safe()
	if why := w.unfinished(); why != "" {
		t.Error(why)
	}
	w.octets()
	if point.settled == "" {
		point.settled = "done"
	}
	want := fmt.Sprintf("[[created %s]]", point.settled)
	if got := fmt.Sprint(w.rows("SELECT state, settle_state FROM messages")); got != want {
		t.Errorf("in the end: %s, want %s", got, want)
	}
	if n := len(a.folders["INBOX"].messages); n != 0 {
		t.Errorf("%d mails are left in the mailbox, want none", n)
	}
	for _, wrong := range w.wrong {
		t.Error(wrong)
	}
}
