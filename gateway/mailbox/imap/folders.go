package imap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"letterbox/gateway/mailbox"
)

// specialUse holds the attributes of RFC 6154 that Folder.Use names.
var specialUse = map[goimap.MailboxAttr]string{
	goimap.MailboxAttrAll: "all", goimap.MailboxAttrArchive: "archive", goimap.MailboxAttrDrafts: "drafts", goimap.MailboxAttrFlagged: "flagged",
	goimap.MailboxAttrJunk: "junk", goimap.MailboxAttrSent: "sent", goimap.MailboxAttrTrash: "trash",
}

// maxFolders bounds a folder listing.
const maxFolders = 20000

// Folders returns all folders in the server's order; with withCounts it asks for the number of messages of each.
func (m *Mailbox) Folders(ctx context.Context, withCounts bool) ([]mailbox.Folder, error) {
	limits := control(m.account)
	limits.Octets = 8 << 20
	var out []mailbox.Folder
	err := m.do(ctx, limits, func() error {
		var options *goimap.ListOptions
		if m.caps.Has(goimap.CapListExtended) && m.caps.Has(goimap.CapSpecialUse) {
			options = &goimap.ListOptions{ReturnSpecialUse: true}
		}
		cmd := m.client.List("", "*", options)
		for d := cmd.Next(); d != nil; d = cmd.Next() {
			if len(out) == maxFolders {
				continue
			}
			f := mailbox.Folder{Name: d.Mailbox, Messages: -1}
			if d.Delim != 0 {
				f.Separator = string(d.Delim)
			}
			for _, a := range d.Attrs {
				if use, ok := specialUse[canonical(a)]; ok {
					f.Use = use
				}
				if c := canonical(a); c == goimap.MailboxAttrNoSelect || c == goimap.MailboxAttrNonExistent {
					f.NoSelect = true
				}
			}
			out = append(out, f)
		}
		return cmd.Close()
	})
	if err == nil && withCounts {
		err = m.countMessages(ctx, out)
	}
	if err != nil {
		return nil, m.problem(mailbox.PhaseFolders, fmt.Errorf("list folders: %w", err))
	}
	return out, nil
}

// canonical gives an attribute the spelling of the constants: servers differ in case.
func canonical(a goimap.MailboxAttr) goimap.MailboxAttr {
	for _, known := range []goimap.MailboxAttr{goimap.MailboxAttrNoSelect, goimap.MailboxAttrNonExistent} {
		if strings.EqualFold(string(a), string(known)) {
			return known
		}
	}
	for known := range specialUse {
		if strings.EqualFold(string(a), string(known)) {
			return known
		}
	}
	return a
}

// countMessages sends one STATUS for each folder, 50 at a time without waiting in between.
func (m *Mailbox) countMessages(ctx context.Context, folders []mailbox.Folder) error {
	var todo []*mailbox.Folder
	for i := range folders {
		if !folders[i].NoSelect {
			todo = append(todo, &folders[i])
		}
	}
	for part := range slices.Chunk(todo, 50) {
		err := m.do(ctx, control(m.account), func() error {
			var cmds []*imapclient.StatusCommand
			for _, f := range part {
				cmds = append(cmds, m.client.Status(f.Name, &goimap.StatusOptions{NumMessages: true}))
			}
			for i, cmd := range cmds {
				data, err := cmd.Wait()
				if _, refused := errors.AsType[*goimap.Error](err); err != nil && !refused {
					return err
				}
				if err == nil && data.NumMessages != nil {
					part[i].Messages = int(*data.NumMessages)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// CreateFolder creates a folder, named with "/" or the server's own separator, and subscribes to it. It is no error
// when it is there already.
func (m *Mailbox) CreateFolder(ctx context.Context, name string) error {
	names, err := m.candidates(ctx, name)
	if err != nil {
		return err
	}
	err = m.do(ctx, control(m.account), func() error {
		err := m.client.Create(names[0], nil).Wait()
		if status, ok := errors.AsType[*goimap.Error](err); ok && (status.Code == goimap.ResponseCodeAlreadyExists || m.exists(names[0])) {
			err = nil
		}
		if err != nil {
			return err
		}
		// Some servers have no subscriptions; the folder is there all the same.
		err = m.client.Subscribe(names[0]).Wait()
		if _, refused := errors.AsType[*goimap.Error](err); refused {
			return nil
		}
		return err
	})
	if err != nil {
		return m.problem(mailbox.PhaseFolders, fmt.Errorf("create folder: %w", err))
	}
	m.names[name] = names[0]
	return nil
}

// exists asks for a folder by STATUS, for servers that refuse CREATE without saying why. It runs inside a command.
func (m *Mailbox) exists(name string) bool {
	_, err := m.client.Status(name, &goimap.StatusOptions{NumMessages: true}).Wait()
	return err == nil
}
