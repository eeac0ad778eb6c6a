package mailtest

import (
	"fmt"
	"sync"
	"testing"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

func TestMailsAreNumberedAsTheyWereDelivered(t *testing.T) {
	d := StartDovecot(t, DovecotOptions{})
	var stop, behind = make(chan struct{}), sync.WaitGroup{}
	for range 2 { // Who looks at the folder meanwhile must not change the order.
		behind.Go(func() {
			err := d.session("alice", func(c *imapclient.Client) error {
				for {
					select {
					case <-stop:
						return nil
					default:
					}
					if _, err := c.Select("INBOX", nil).Wait(); err != nil {
						return err
					}
				}
			})
			if err != nil {
				t.Errorf("looking at the folder: %v", err)
			}
		})
	}
	var raws [][]byte
	for i := range 50 {
		raws = append(raws, fmt.Appendf(nil, "Subject: %d\r\n\r\nx\r\n", i))
	}
	err := d.Deliver("alice", raws...)
	close(stop)
	behind.Wait()
	if err != nil {
		t.Fatal(err)
	}
	err = d.session("alice", func(c *imapclient.Client) error {
		if _, err := c.Select("INBOX", nil).Wait(); err != nil {
			return err
		}
		all, err := c.Fetch(goimap.SeqSet{{Start: 1}}, &goimap.FetchOptions{Envelope: true}).Collect()
		if len(all) != len(raws) {
			t.Errorf("%d mails, want %d", len(all), len(raws))
		}
		for i, m := range all {
			if got, want := m.Envelope.Subject, fmt.Sprint(i); got != want {
				t.Errorf("mail %d is %q, want %q", i, got, want)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
