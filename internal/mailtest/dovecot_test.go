package mailtest_test

import (
	"testing"

	"letterbox/internal/mailtest"
)

func TestDovecotKeepsMailThroughRestart(t *testing.T) {
	d := mailtest.StartDovecot(t, mailtest.DovecotOptions{})
	if err := d.Deliver("alice", []byte("Subject: one\r\n\r\n1\r\n"), []byte("Subject: two\r\n\r\n2\r\n")); err != nil {
		t.Fatal(err)
	}
	if err := d.Restart(); err != nil {
		t.Fatal(err)
	}
	if got, want := d.Count("alice", "INBOX", ""), 2; got != want {
		t.Errorf("%d messages in INBOX, want %d", got, want)
	}
	if got, want := d.Count("bob", "Nowhere", ""), -1; got != want {
		t.Errorf("Count of a missing folder = %d, want %d", got, want)
	}
}
