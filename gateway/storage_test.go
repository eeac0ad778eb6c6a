package gateway_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"

	"letterbox/gateway"
	"letterbox/internal/testdb"
	"letterbox/models"
)

// storageFault is what a disk or a server does to a database, as the database tells it, and what people are told.
type storageFault struct {
	name string
	err  error
	code string
}

// storageFaults are such faults. Those of SQLite are real ones.
func storageFaults(t *testing.T) []storageFault {
	number := func(n uint16) error { return &mysql.MySQLError{Number: n, Message: "simulated"} }
	return []storageFault{
		{"no room, SQLite", testdb.NoRoom(t), "E-DB-01"},
		{"table full, MariaDB", number(1114), "E-DB-01"},
		{"disk full, MariaDB", number(1021), "E-DB-01"},
		{"down, MariaDB", mysql.ErrInvalidConn, "E-DB-02"},
		{"too many connections, MariaDB", number(1040), "E-DB-02"},
		{"read-only, SQLite", testdb.ReadOnly(t), "E-DB-03"},
		{"read-only, MariaDB", number(1290), "E-DB-03"},
		{"no database any more, SQLite", testdb.NotADatabase(t), "E-DB-04"},
		{"error of the storage, MariaDB", number(1030), "E-DB-04"},
	}
}

// illFor is how long the database is ill in these tests, and wellAgain how long it may take then until all is through: the
// longest pause between two visits, and a second look.
const (
	illFor    = 40 * time.Minute
	wellAgain = 20 * time.Minute
)

// While the database takes nothing, mail stays on the server as it is, people are told why, no message is to blame, and
// everything comes through by itself once it is well again: whatever is wrong, wherever on the way it shows first.
func TestMailStaysOnTheServerWhileTheDatabaseTakesNothing(t *testing.T) {
	template := testdb.Template(t)
	places := []string{"", "INSERT INTO messages", "INSERT INTO blob", "INSERT INTO issues", "INSERT INTO traces", "COMMIT"}
	if raceDetector || testing.Short() {
		places = []string{"", "COMMIT"}
	}
	for _, fault := range storageFaults(t) {
		for _, where := range places {
			for _, protocol := range []string{"imap", "pop3"} {
				t.Run(fault.name+"/at "+where+"/"+protocol, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { storageFails(t, template, protocol, where, fault) })
				})
			}
		}
	}
}

func storageFails(t *testing.T, template, protocol, where string, fault storageFault) {
	s, _ := testdb.OpenFaulty(t, template)
	d := newDen(t, s)
	var ill atomic.Bool
	g := d.process(nil)
	ib := d.inbox(g, draftOf(protocol))
	ctx, cancel := context.WithCancel(testdb.WithFault(t.Context(), func(query string) (before, after error) {
		if ill.Load() && query != "ROLLBACK" && strings.Contains(query, where) {
			return fault.err, nil
		}
		return nil, nil
	}))
	ill.Store(where != "")
	d.runIn(ctx, cancel, g)
	d.wait(5 * time.Second) // A process that cannot even read which inboxes there are has nothing to show.
	ill.Store(true)
	d.server.change(func(s *fakeServer) { s.events = nil })
	threeMails(d.server)
	d.isIll(g, ib.ID, fault.code)
	ill.Store(false)
	d.isWellAgain(g, ib.ID)
}

// isIll lets the database be ill for a while.
func (d *den) isIll(g *gateway.Gateway, inbox int64, code string) {
	d.t.Helper()
	d.wait(illFor)
	if got := d.status(g, inbox); got.State != models.InboxFailing || got.Code != code || got.NextPollAt == nil {
		d.t.Errorf("the inbox is shown as %s %q, next try at %v, want failing %s and a time", got.State, got.Code, got.NextPollAt, code)
	}
	failing, err := g.FailingStatuses(d.t.Context())
	if err != nil || len(failing) != 1 || failing[0].Code != code {
		d.t.Errorf("failing inboxes = %+v, %v, want one with %s", failing, err, code)
	}
	if got := d.server.did("seen", "move", "delete", "closed"); len(got) > 0 {
		d.t.Errorf("the server was told %v", got)
	}
}

// isWellAgain checks that three mails come through.
func (d *den) isWellAgain(g *gateway.Gateway, inbox int64) {
	d.t.Helper()
	d.wait(wellAgain)
	if diff := cmp.Diff(threeResults, d.ledger()); diff != "" {
		d.t.Error(diff)
	}
	if issues, comments := d.once(); issues != 1 || comments != 1 {
		d.t.Errorf("%d issues and %d comments, want one each", issues, comments)
	}
	for _, m := range d.messages() {
		if m.SettleState != models.SettleDone || m.Attempts > 1 {
			d.t.Errorf("message %s is %s on the server after %d attempts, want done after one", m.UID, m.SettleState, m.Attempts)
		}
	}
	if got := d.status(g, inbox); got.State != models.InboxActive || got.Code != "" {
		d.t.Errorf("the inbox is shown as %s %q, want active", got.State, got.Code)
	}
}

// The same with the file of a real SQLite that may not grow: it undoes more than one statement then.
func TestFullDiskUnderSQLiteLeavesMailOnTheServer(t *testing.T) {
	template := testdb.Template(t)
	for _, protocol := range []string{"imap", "pop3"} {
		t.Run(protocol, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, _ := testdb.OpenFaulty(t, template)
				d := newDen(t, s)
				g := d.process(nil)
				ib := d.inbox(g, draftOf(protocol))
				threeMails(d.server)
				// More than fits into what a database has over.
				large := d.server.deliver("INBOX", mail("4", anna, "Large", strings.Repeat("A line of text.\n", 200_000)))
				var full atomic.Bool
				full.Store(true)
				ctx, cancel := context.WithCancel(testdb.WithRoom(t.Context(), func() int {
					if full.Load() {
						return 1
					}
					return 0
				}))
				stop := d.runIn(ctx, cancel, g)
				d.wait(illFor)
				if got := d.status(g, ib.ID); got.State != models.InboxFailing || got.Code != "E-DB-01" {
					t.Errorf("the inbox is shown as %s %q, want failing E-DB-01", got.State, got.Code)
				}
				if m := d.messages(); len(m) > 0 && m[len(m)-1].State.Final() {
					t.Errorf("the large mail is %s: the disk was not full", m[len(m)-1].State)
				}
				full.Store(false)
				d.wait(wellAgain)
				stop()
				if diff := cmp.Diff(append(threeResults[:3:3], large+" created accepted_new"), d.ledger()); diff != "" {
					t.Error(diff)
				}
				d.once()
				for _, m := range d.messages() {
					if m.Attempts > 1 {
						t.Errorf("message %s took %d attempts, want one: it was not to blame", m.UID, m.Attempts)
					}
				}
			})
		})
	}
}
