package mailtest_test

import (
	"testing"
	"time"

	"letterbox/internal/mailtest"
)

func TestDovecotKeepsMailThroughRestart(t *testing.T) {
	start := time.Now()
	d := mailtest.StartDovecot(t, mailtest.DovecotOptions{})
	t.Log("start", time.Since(start))
	if err := d.Deliver("alice", []byte("Subject: one\r\n\r\n1\r\n"), []byte("Subject: two\r\n\r\n2\r\n")); err != nil {
		t.Fatal(err)
	}
	t.Log("deliver", time.Since(start))
	if err := d.Restart(); err != nil {
		t.Fatal(err)
	}
	t.Log("restart", time.Since(start))
	if got, want := d.Count("alice", "INBOX", ""), 2; got != want {
		t.Errorf("%d messages in INBOX, want %d", got, want)
	}
	t.Log("count", time.Since(start))
	if got, want := d.Count("bob", "Nowhere", ""), -1; got != want {
		t.Errorf("Count of a missing folder = %d, want %d", got, want)
	}
}
