package gateway_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway"
)

// three mails: an issue, a reply to it, and mail of a machine.
func threeMails(s *fakeServer) {
	s.deliver("INBOX", mail("1", anna, "Printer burns", "It burns."))
	s.deliver("INBOX", mail("2", anna, "AW: Printer burns", "Still.", "In-Reply-To: <1@there.example>"))
	s.deliver("INBOX", mail("3", anna, "Out of office", "Away.", "Auto-Submitted: auto-replied"))
}

var threeResults = []string{"1 created accepted_new", "2 commented accepted_comment", "3 ignored auto_reply"}

func TestNothingIsToldTheServerBeforeItIsDurable(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		threeMails(d.server)
		g := d.process(nil)
		d.inbox(g, nil)
		d.run(g)
		d.wait(5 * time.Second)
		if diff := cmp.Diff(threeResults, d.ledger()); diff != "" {
			t.Error(diff)
		}
		want := []string{"fetched 1", "fetched 2", "fetched 3", "seen 1", "seen 2", "seen 3"}
		if diff := cmp.Diff(want, d.server.did("fetched", "seen")); diff != "" {
			t.Error(diff) // That each was final before is checked by the server, see den.durable.
		}
	})
}

// A process is killed before its n-th call of the store, for every n of the way of three mails; another one takes over.
// Then the first one wakes up, as after SIGSTOP, and must do no harm.
func TestKilledAtAnyCallEachMailHasItsEffectOnce(t *testing.T) {
	for _, protocol := range []string{"imap", "pop3"} {
		t.Run(protocol, func(t *testing.T) {
			calls := 0
			inDen(t, func(t *testing.T, d *den) { calls = killedAt(t, d, protocol, 0) })
			if calls < 20 {
				t.Fatalf("the way of three mails takes %d calls of the store, want at least 20", calls)
			}
			step := 1
			if testing.Short() {
				step = 7
			}
			for n := 1; n <= calls; n += step {
				t.Run(fmt.Sprint(n), func(t *testing.T) {
					inDen(t, func(t *testing.T, d *den) { killedAt(t, d, protocol, n) })
				})
			}
		})
	}
}

// killedAt runs the three mails through a process that stops at call n, and returns how many calls it made.
func killedAt(t *testing.T, d *den, protocol string, n int) int {
	threeMails(d.server)
	first := d.process(nil)
	d.inbox(first, draftOf(protocol))
	ctx, cancel := context.WithCancel(t.Context())
	s := newStrangler(ctx, n)
	stop := d.runIn(s, cancel, first)
	d.wait(5 * time.Second)
	calls := s.count()
	if n == 0 {
		stop()
		return calls
	}
	second := d.process(nil)
	d.run(second)
	d.wait(2*gateway.LeaseTTL + 30*time.Second) // The lease runs out, the inbox is visited again.
	check := func(when string) {
		if diff := cmp.Diff(threeResults, d.ledger()); diff != "" {
			t.Errorf("%s: %s", when, diff)
		}
		if issues, comments := d.once(); issues != 1 || comments != 1 {
			t.Errorf("%s: %d issues and %d comments, want 1 and 1", when, issues, comments)
		}
		for _, m := range d.messages() {
			if m.SettleState != "done" && m.SettleState != "gone" {
				t.Errorf("%s: message %s is %s on the server", when, m.UID, m.SettleState)
			}
		}
	}
	check("after the other process took over")
	close(s.woken)
	d.wait(90 * time.Second)
	check("after the first process woke up")
	stop()
	return calls
}
