package imap_test

import (
	"syscall"
	"testing"

	"letterbox/gateway/mailbox/imap"
	"letterbox/gateway/mailbox/mailboxtest"
	"letterbox/internal/mailtest"
)

// Beside the greeting: LOGIN, EXAMINE, FETCH and LOGOUT.
func TestVisitOfAFolderTakesFourCommands(t *testing.T) {
	d := mailtest.StartDovecot(t, mailtest.DovecotOptions{})
	if err := d.Deliver("alice", []byte("Subject: 1\r\n\r\n1\r\n"), []byte("Subject: 2\r\n\r\n2\r\n")); err != nil {
		t.Fatal(err)
	}
	proxy, err := mailtest.Delay(d.IMAPAddr, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	before := proxy.RoundTrips()
	m := visit(t, mailboxtest.Account(t, proxy.Addr))
	defer m.Abort()
	if entries, err := m.List(t.Context()); err != nil || len(entries) != 2 {
		t.Fatalf("List = %d entries, %v, want 2", len(entries), err)
	}
	if err := m.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, most := proxy.RoundTrips()-before, int64(4); got > most {
		t.Errorf("%d round trips, want at most %d", got, most)
	}
}

// BenchmarkVisit is a poll with a connection of its own: open, list, close; cpu-ms is the processor time of the client.
func BenchmarkVisit(b *testing.B) {
	d := mailtest.StartDovecot(b, mailtest.DovecotOptions{})
	if err := d.Deliver("alice", []byte("Subject: 1\r\n\r\n1\r\n"), []byte("Subject: 2\r\n\r\n2\r\n")); err != nil {
		b.Fatal(err)
	}
	account := mailboxtest.Account(b, d.IMAPAddr)
	used := func() float64 {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e6
	}
	before := used()
	for b.Loop() {
		m, err := imap.Open(b.Context(), account, nil)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := m.List(b.Context()); err != nil {
			b.Fatal(err)
		}
		if err := m.Close(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric((used()-before)/float64(b.N), "cpu-ms/op")
}
