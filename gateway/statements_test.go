package gateway_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sql-driver/mysql"
	gocmp "github.com/google/go-cmp/cmp"

	"letterbox/gateway"
	"letterbox/internal/testdb"
)

type statementFault struct {
	name          string
	before, after error
}

// statementFaults are the ways in which one statement fails.
func statementFaults() []statementFault {
	number := func(n uint16) error { return &mysql.MySQLError{Number: n, Message: "simulated"} }
	return []statementFault{
		{"deadlock", number(1213), nil},
		{"lock wait timeout", number(1205), nil},
		{"changed since the snapshot", number(1020), nil},
		{"connection lost", mysql.ErrInvalidConn, nil},
		{"read-only", number(1290), nil},
		{"no room", number(1021), nil},
		{"not prepared yet", number(1047), nil},
		{"something unknown", errors.New("out of order"), nil},
	}
}

// silentFaults are the ways in which a transaction begins or ends without an answer.
func silentFaults() []statementFault {
	lost := errors.New("connection reset by peer")
	return []statementFault{{"not done, no answer", lost, nil}, {"done, no answer", nil, lost}}
}

// On the way of three mails each statement of the database fails once, in one of the ways in turn, and each beginning and
// end of a transaction has no answer, be it that it was done or not. Each mail has its effect once, and soon.
func TestEachStatementMayFailOnce(t *testing.T) {
	template := testdb.Template(t)
	for _, protocol := range []string{"imap", "pop3"} {
		t.Run(protocol, func(t *testing.T) {
			statements := statementFails(t, template, protocol, "", 0, statementFault{})
			if statements < 40 {
				t.Fatalf("the way of three mails takes %d statements, want at least 40", statements)
			}
			all := statementFaults()
			step := 1
			if testing.Short() || raceDetector {
				step = 5
			}
			for n := 1; n <= statements; n += step {
				statementFails(t, template, protocol, "", n, all[n/step%len(all)])
			}
			for _, query := range []string{"BEGIN IMMEDIATE", "COMMIT"} {
				times := statementFails(t, template, protocol, query, 0, statementFault{})
				if times < 5 {
					t.Fatalf("the way of three mails takes %d times %s, want at least 5", times, query)
				}
				for n := 1; n <= times; n++ {
					for _, f := range silentFaults() {
						statementFails(t, template, protocol, query, n, f)
					}
				}
			}
		})
	}
}

// statementFails has statement n of those that read like query fail, of all when query is empty, and returns how many
// there were.
func statementFails(t *testing.T, template, protocol, query string, n int, f statementFault) (statements int) {
	t.Helper()
	name := fmt.Sprint(cmp.Or(query, "statement"), " ", n, ": ", f.name)
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s, _ := testdb.OpenFaulty(t, template)
			d := newDen(t, s)
			threeMails(d.server)
			began := time.Now()
			g := d.process(nil)
			d.inbox(g, draftOf(protocol))
			var count atomic.Int64
			ctx, cancel := context.WithCancel(testdb.WithFault(t.Context(), func(q string) (before, after error) {
				if q == "ROLLBACK" || query != "" && q != query || int(count.Add(1)) != n {
					return nil, nil
				}
				return f.before, f.after
			}))
			stop := d.runIn(ctx, cancel, g)
			d.wait(5 * time.Second)
			statements = int(count.Load())
			settled := func() bool {
				for _, m := range d.messages() {
					if m.SettleState != "done" && m.SettleState != "gone" {
						return false
					}
				}
				return true
			}
			for d.wait(2 * gateway.LeaseTTL); !settled() && time.Since(began) < 20*time.Minute; {
				d.wait(time.Minute)
			}
			stop()
			ledger := d.ledger()
			if messages := d.messages(); len(messages) == 3 && messages[0].Attempts > 1 && ledger[1] == "2 created accepted_new" {
				// What is not known to concern all messages postpones this one only, and its reply does not wait for it.
				ledger[1] = threeResults[1]
			}
			if diff := gocmp.Diff(threeResults, ledger); diff != "" {
				t.Error(diff)
				for _, m := range d.messages() {
					t.Logf("message %s: %s after %d attempts, %s %s, done at %v", m.UID, m.State, m.Attempts, m.ErrorCode, m.ErrorDetail, m.FinishedAt)
				}
			}
			if issues, comments := d.once(); issues < 1 || issues+comments != 2 {
				t.Errorf("%d issues and %d comments, want two, an issue at least", issues, comments)
			}
			for _, m := range d.messages() {
				if m.SettleState != "done" && m.SettleState != "gone" {
					t.Errorf("message %s is %s on the server", m.UID, m.SettleState)
				}
			}
		})
	})
	return statements
}
