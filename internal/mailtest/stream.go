package mailtest

import (
	"fmt"
	"io"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// StreamFolder reads every message of the inbox of a login to nowhere, with one FETCH, and returns how long it took:
// the limit that a program that reads the folder can come near to.
func StreamFolder(address, login, password string) (time.Duration, error) {
	start := time.Now()
	c, err := imapclient.DialInsecure(address, nil)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	if err := c.Login(login, password).Wait(); err != nil {
		return 0, fmt.Errorf("sign in: %w", err)
	}
	box, err := c.Select("INBOX", &goimap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil {
		return 0, fmt.Errorf("open the folder: %w", err)
	}
	var all goimap.SeqSet
	all.AddRange(1, box.NumMessages)
	fetch := c.Fetch(all, &goimap.FetchOptions{UID: true, BodySection: []*goimap.FetchItemBodySection{{Peek: true}}})
	for msg := fetch.Next(); msg != nil; msg = fetch.Next() {
		for item := msg.Next(); item != nil; item = msg.Next() {
			if body, ok := item.(imapclient.FetchItemDataBodySection); ok && body.Literal != nil {
				if _, err := io.Copy(io.Discard, body.Literal); err != nil {
					return 0, err
				}
			}
		}
	}
	if err := fetch.Close(); err != nil {
		return 0, fmt.Errorf("fetch: %w", err)
	}
	return time.Since(start), nil
}
