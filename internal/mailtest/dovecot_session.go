package mailtest

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// session signs a user in and calls f. It is much faster than the server's own tools, which start a process each time.
func (d *Dovecot) session(login string, f func(c *imapclient.Client) error) error {
	c, err := imapclient.DialInsecure(d.IMAPAddr, nil)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Login(login, d.users[login]).Wait(); err != nil {
		return err
	}
	if err := f(c); err != nil {
		return err
	}
	return c.Logout().Wait()
}

// numbering calls deliver with a function that waits until the server has numbered one more mail of a user's INBOX. By
// itself Dovecot puts that off while another session looks at the folder, which may then see a later mail first.
func (d *Dovecot) numbering(login string, deliver func(numbered func() error) error) error {
	return d.session(login, func(c *imapclient.Client) error {
		next := func() (goimap.UID, error) {
			status, err := c.Status("INBOX", &goimap.StatusOptions{UIDNext: true}).Wait()
			if err != nil {
				return 0, err
			}
			return status.UIDNext, nil
		}
		last, err := next()
		if err != nil {
			return err
		}
		return deliver(func() error {
			for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
				now, err := next()
				if err == nil && now <= last && time.Now().After(end) {
					err = errors.New("the server does not number a mail that it took")
				}
				if err != nil || now > last {
					last++
					return err
				}
			}
		})
	})
}

// Append puts messages into a folder of a user as they are; Deliver would add trace fields.
func (d *Dovecot) Append(login, folder string, raws ...[]byte) error {
	err := d.session(login, func(c *imapclient.Client) error {
		for _, raw := range raws {
			cmd := c.Append(folder, int64(len(raw)), nil)
			if _, err := cmd.Write(raw); err != nil {
				return err
			}
			if err := cmd.Close(); err != nil {
				return err
			}
			if _, err := cmd.Wait(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("append to %q: %w", folder, err)
	}
	return nil
}

// Count returns how many messages of a folder match a search ("SEEN", "DELETED"; "ALL" when empty), -1 when there is no
// such folder.
func (d *Dovecot) Count(login, folder, query string) int {
	flags := map[string][]goimap.Flag{"": nil, "ALL": nil, "SEEN": {goimap.FlagSeen}, "DELETED": {goimap.FlagDeleted}}
	want, simple := flags[query]
	if !simple {
		return d.countByTool(login, folder, query)
	}
	n := -1
	err := d.session(login, func(c *imapclient.Client) error {
		if _, err := c.Select(folder, &goimap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
			return err
		}
		data, err := c.UIDSearch(&goimap.SearchCriteria{Flag: want}, nil).Wait()
		if err == nil {
			n = len(data.AllUIDs()) // Our own server: its sets are honest.
		}
		return err
	})
	if err != nil {
		return -1
	}
	return n
}

func (d *Dovecot) countByTool(login, folder, query string) int {
	if query == "" {
		query = "ALL"
	}
	out, err := d.admin(append([]string{"search", "-u", login, "mailbox", folder}, strings.Fields(query)...)...)
	if err != nil {
		return -1
	}
	return bytes.Count(out, []byte("\n"))
}

// CreateFolder creates a folder, named in UTF-8 with the server's separator.
func (d *Dovecot) CreateFolder(login, folder string) error {
	err := d.session(login, func(c *imapclient.Client) error { return c.Create(folder, nil).Wait() })
	if err != nil {
		return fmt.Errorf("create folder %q: %w", folder, err)
	}
	return nil
}

// Fill puts mails into a user's Maildir as files, in their order. With many mails it is a hundred times faster than Deliver,
// which has the server look at the whole folder for each.
func (d *Dovecot) Fill(login string, raws iter.Seq[[]byte]) error {
	if err := d.Deliver(login, []byte("Subject: first\r\n\r\nmakes the folder\r\n")); err != nil {
		return err
	}
	folder := filepath.Join(d.Mail(login), "new")
	var owner syscall.Stat_t
	if err := syscall.Stat(folder, &owner); err != nil {
		return fmt.Errorf("fill a maildir: %w", err)
	}
	began, i := time.Now().Unix(), 0
	for raw := range raws {
		// Dovecot numbers new mails by the time in their names.
		name := filepath.Join(folder, fmt.Sprintf("%d.M%06dP1.localhost", began+int64(i/1e6), i%1e6))
		if err := os.WriteFile(name, raw, 0o600); err != nil {
			return fmt.Errorf("fill a maildir: %w", err)
		}
		if err := os.Chown(name, int(owner.Uid), int(owner.Gid)); err != nil {
			return fmt.Errorf("fill a maildir: %w", err)
		}
		i++
	}
	return nil
}
