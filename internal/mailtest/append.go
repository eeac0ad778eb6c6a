package mailtest

import (
	"errors"
	"fmt"

	"github.com/emersion/go-imap/v2/imapclient"
)

// Append puts messages into a folder of a user as they are; Deliver would add trace fields.
func (d *Dovecot) Append(login, folder string, raws ...[]byte) error {
	if d.options.RequireTLS {
		return errors.New("append: this server wants TLS")
	}
	c, err := imapclient.DialInsecure(d.IMAPAddr, nil)
	if err != nil {
		return fmt.Errorf("append: %w", err)
	}
	defer c.Close()
	if err := c.Login(login, d.users[login]).Wait(); err != nil {
		return fmt.Errorf("append: %w", err)
	}
	for _, raw := range raws {
		cmd := c.Append(folder, int64(len(raw)), nil)
		if _, err := cmd.Write(raw); err != nil {
			return fmt.Errorf("append: %w", err)
		}
		if err := cmd.Close(); err != nil {
			return fmt.Errorf("append: %w", err)
		}
		if _, err := cmd.Wait(); err != nil {
			return fmt.Errorf("append: %w", err)
		}
	}
	return c.Logout().Wait()
}
