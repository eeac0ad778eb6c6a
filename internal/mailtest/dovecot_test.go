package mailtest_test

import (
	"slices"
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

func TestDovecotFilledAtOnceKeepsTheOrder(t *testing.T) {
	d := mailtest.StartDovecot(t, mailtest.DovecotOptions{})
	if err := d.Fill("alice", slices.Values([][]byte{[]byte("Subject: b\r\n\r\n"), []byte("Subject: a\r\n\r\n")})); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]int{"1:3": 3, "2 SUBJECT b": 1, "3 SUBJECT a": 1} {
		if got := d.Count("alice", "INBOX", query); got != want {
			t.Errorf("%d messages are %q, want %d", got, query, want)
		}
	}
}
