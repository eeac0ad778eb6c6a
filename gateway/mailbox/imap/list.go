package imap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/wire"
)

// maxEntries is how many messages of one folder a listing may hold; what a hostile server adds is an error.
const maxEntries = 200_000

var errTooMany = errors.New("server lists more messages than a folder may hold")

// listItems is all that is asked about a message besides its octets.
var listItems = goimap.FetchOptions{UID: true, Flags: true, InternalDate: true, RFC822Size: true}

// List returns all messages of the configured folders, oldest first in each. It changes nothing on the server.
func (m *Mailbox) List(ctx context.Context) ([]mailbox.Entry, error) {
	var all []mailbox.Entry
	for i := range m.folders {
		// The first folder comes last, so that it stays open for News and Wait.
		folder := m.folders[len(m.folders)-1-i]
		entries, err := m.listFolder(ctx, folder)
		if err != nil {
			return nil, err
		}
		all = append(entries, all...)
	}
	return all, nil
}

// listFolder lists one folder from its first message on.
func (m *Mailbox) listFolder(ctx context.Context, folder string) ([]mailbox.Entry, error) {
	s, err := m.open(ctx, folder, false)
	if err != nil {
		return nil, err
	}
	st := &state{validity: s.validity, sizes: map[goimap.UID]int64{}}
	if old := m.known[s.name]; old != nil && old.validity == s.validity {
		st.changes = old.changes
	}
	m.known[s.name] = st
	return m.listFrom(ctx, s, st, 1)
}

// listFrom lists the messages of the selected folder whose UID is at least first.
func (m *Mailbox) listFrom(ctx context.Context, s *selected, st *state, first goimap.UID) ([]mailbox.Entry, error) {
	m.grew.Store(false)
	octets := int64(1 << 20)
	if mb := m.client.Mailbox(); mb != nil {
		octets += min(int64(mb.NumMessages), maxEntries) * 512
	}
	limits := wire.Limits{Octets: octets, Idle: wire.FetchTimeout(m.account), Total: 10 * wire.FetchTimeout(m.account)}
	var out []mailbox.Entry
	var maxUID goimap.UID
	err := m.do(ctx, limits, func() error {
		set := goimap.UIDSet{goimap.UIDRange{Start: first}} // "first:*"
		cmd := m.client.Fetch(set, &listItems)
		for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
			e, uid := entry(msg, s)
			if uid < first { // RFC 3501, 6.4.8: "n:*" always includes the last message.
				continue
			}
			if len(out) == maxEntries {
				m.conn.Fail(errTooMany)
				continue
			}
			maxUID = max(maxUID, uid)
			st.sizes[uid] = e.Size
			out = append(out, e)
		}
		return cmd.Close()
	})
	// Servers answer BAD or NO for a set that matches nothing in an empty folder.
	if status, refused := errors.AsType[*goimap.Error](err); refused && s.count == 0 && status != nil {
		err = nil
	}
	if err != nil {
		return nil, m.problem(mailbox.PhaseFetch, fmt.Errorf("list messages: %w", err))
	}
	st.last = max(st.last, maxUID)
	st.next = max(st.next, s.next, st.last+1)
	if mb := m.client.Mailbox(); mb != nil {
		st.count = mb.NumMessages
	}
	slices.SortFunc(out, func(a, b mailbox.Entry) int {
		if len(a.UID) != len(b.UID) {
			return len(a.UID) - len(b.UID)
		}
		if a.UID < b.UID {
			return -1
		}
		return 1
	})
	return out, nil
}

// entry reads one line of a listing; uid is 0 when the server left it out.
func entry(msg *imapclient.FetchMessageData, s *selected) (e mailbox.Entry, uid goimap.UID) {
	e.Folder, e.UIDValidity = s.name, s.validity
	for item := msg.Next(); item != nil; item = msg.Next() {
		switch item := item.(type) {
		case imapclient.FetchItemDataUID:
			uid = item.UID
			e.UID = strconv.FormatUint(uint64(uid), 10)
		case imapclient.FetchItemDataRFC822Size:
			e.Size = item.Size
		case imapclient.FetchItemDataInternalDate:
			e.ReceivedAt = item.Time.UTC()
		case imapclient.FetchItemDataFlags:
			e.Seen = hasFlag(item.Flags, goimap.FlagSeen)
			e.Deleted = hasFlag(item.Flags, goimap.FlagDeleted)
		}
	}
	return e, uid
}

func hasFlag(flags []goimap.Flag, want goimap.Flag) bool {
	return slices.ContainsFunc(flags, func(f goimap.Flag) bool { return equalFold(string(f), string(want)) })
}

// News returns what has arrived since the last List or News. It asks for the selected folder by NOOP and for the others
// by STATUS, all sent together, so it costs one round trip when nothing has arrived.
func (m *Mailbox) News(ctx context.Context) ([]mailbox.Entry, error) {
	if m.selected == nil || m.known[m.selected.name] == nil {
		return m.List(ctx)
	}
	current := m.selected.name
	changed := map[string]bool{}
	err := m.do(ctx, control(m.account), func() error {
		noop := m.client.Noop()
		o := goimap.StatusOptions{UIDNext: true, UIDValidity: true, NumMessages: true}
		err := m.askOthers(current, o, changed, func(st *state, data *goimap.StatusData) bool {
			var count uint32
			if data.NumMessages != nil {
				count = *data.NumMessages
			}
			return st == nil || data.UIDValidity != st.validity || st.stale(data.UIDNext, count)
		})
		return errors.Join(noop.Wait(), err)
	})
	if err != nil {
		return nil, m.problem(mailbox.PhaseFetch, fmt.Errorf("ask for news: %w", err))
	}
	changed[current] = m.grew.Load()
	var all []mailbox.Entry
	for i := range m.folders {
		folder := m.folders[len(m.folders)-1-i]
		if !changed[m.nameOf(folder)] {
			continue
		}
		entries, err := m.newsOf(ctx, folder)
		if err != nil {
			return nil, err
		}
		all = append(entries, all...)
	}
	return all, nil
}

// askOthers asks by STATUS how all folders but the open one stand, all at once, and notes by their names on the server of
// which something is to be looked at: those of which is says so, and those that the server says nothing about.
func (m *Mailbox) askOthers(current string, o goimap.StatusOptions, look map[string]bool, is func(*state, *goimap.StatusData) bool) (err error) {
	status := map[string]*imapclient.StatusCommand{}
	for _, folder := range m.folders {
		if name := m.nameOf(folder); name != current && status[name] == nil {
			status[name] = m.client.Status(name, &o)
		}
	}
	for name, cmd := range status {
		data, failed := cmd.Wait()
		if _, refused := errors.AsType[*goimap.Error](failed); refused {
			look[name] = true // Opening it will tell what is wrong with it.
		} else if failed != nil {
			err = errors.Join(err, failed)
		} else {
			look[name] = is(m.known[name], data)
		}
	}
	return err
}

// newsOf lists what a folder holds beyond the highest UID known; all of it when it was renumbered.
func (m *Mailbox) newsOf(ctx context.Context, folder string) ([]mailbox.Entry, error) {
	s, err := m.open(ctx, folder, false)
	if err != nil {
		return nil, err
	}
	st := m.known[s.name]
	if st == nil || st.validity != s.validity {
		return m.listFolder(ctx, folder)
	}
	return m.listFrom(ctx, s, st, st.last+1)
}

// stale reports whether a folder with this UIDNEXT (0 when not told) and number of messages may hold something new.
func (st *state) stale(next goimap.UID, count uint32) bool {
	if next == 0 {
		return count != st.count
	}
	return next > st.next
}

// nameOf returns the name on the server of a configured folder that has been opened before.
func (m *Mailbox) nameOf(folder string) string {
	if name, ok := m.names[folder]; ok {
		return name
	}
	if equalFold(folder, "INBOX") {
		return "INBOX"
	}
	return folder
}

// renewIdle is how long one IDLE lasts: short enough to notice a dead connection before anyone misses mail.
const renewIdle = 9 * time.Minute
