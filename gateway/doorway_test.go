package gateway

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestFewConnectionsAreOpenedToOneServerAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d doorway
		var leave []func()
		for range mostOpening {
			l, err := d.enter(t.Context(), "mail.example:993")
			if err != nil {
				t.Fatal(err)
			}
			leave = append(leave, l)
		}
		if _, err := d.enter(t.Context(), "other.example:993"); err != nil {
			t.Errorf("another server waits for this one: %v", err)
		}
		short, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := d.enter(short, "mail.example:993"); err == nil {
			t.Errorf("%d connections are opened at a time, want %d at most", mostOpening+1, mostOpening)
		}
		leave[0]()
		if _, err := d.enter(t.Context(), "mail.example:993"); err != nil {
			t.Errorf("a turn that was given back is not there for the next: %v", err)
		}
	})
}
