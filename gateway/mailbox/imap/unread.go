package imap

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/wire"
)

// Unread returns messages that have been listed and are unread now. Where the server numbers changes (CONDSTORE, RFC 7162)
// these are the ones whose flags have changed since the last time, for one command that is answered with nothing when
// there are none. Elsewhere it searches for what is unread. Folders that are not open are asked for together, and opened
// when there may be something in them. Of an entry it tells only the Ref.
func (m *Mailbox) Unread(ctx context.Context, first func(folder string, uidValidity uint32) uint32) ([]mailbox.Entry, error) {
	if m.selected == nil || m.known[m.selected.name] == nil {
		return nil, nil // Nothing is listed.
	}
	if err := m.number(ctx); err != nil {
		return nil, err
	}
	ask, err := m.mayBeUnread(ctx, m.selected.name)
	if err != nil {
		return nil, err
	}
	var all []mailbox.Entry
	for i := range m.folders {
		folder := m.folders[len(m.folders)-1-i] // The first one comes last, as in List.
		if name := m.nameOf(folder); !ask[name] {
			continue
		}
		s, err := m.open(ctx, folder, false)
		if err != nil {
			return nil, err
		}
		st := m.known[s.name]
		if st == nil || st.validity != s.validity || st.last == 0 {
			continue // Listing it comes first.
		}
		from := goimap.UID(max(first(s.name, s.validity), 1))
		if from > st.last {
			continue
		}
		uids, err := m.unreadOf(ctx, s, st, goimap.UIDRange{Start: from, Stop: st.last})
		if err != nil {
			return nil, m.problem(mailbox.PhaseFetch, fmt.Errorf("ask what is unread: %w", err))
		}
		found := make([]mailbox.Entry, 0, len(uids)+len(all))
		for _, uid := range uids {
			found = append(found, mailbox.Entry{Ref: mailbox.Ref{Folder: s.name, UIDValidity: s.validity, UID: strconv.FormatUint(uint64(uid), 10)}})
		}
		all = append(found, all...)
	}
	return all, nil
}

// number has the server number changes of flags from here on, where it can: the open folder is opened once more.
func (m *Mailbox) number(ctx context.Context) error {
	if m.numbered || m.unnumbered || !m.caps.Has(goimap.CapCondStore) {
		return nil
	}
	name := m.selected.name
	m.numbered = true
	_, err := m.selectFolder(ctx, name, false)
	if _, refused := errors.AsType[*goimap.Error](err); refused {
		m.numbered, m.unnumbered = false, true
		_, err = m.selectFolder(ctx, name, false)
	}
	if err != nil {
		return m.problem(mailbox.PhaseFolders, fmt.Errorf("open folder: %w", err))
	}
	return nil
}

// mayBeUnread returns the folders, by their names on the server, in which something may be unread: the open one always.
func (m *Mailbox) mayBeUnread(ctx context.Context, current string) (map[string]bool, error) {
	ask := map[string]bool{current: true}
	o := goimap.StatusOptions{NumUnseen: true, HighestModSeq: m.numbered}
	err := m.do(ctx, control(m.account), func() error {
		return m.askOthers(current, o, ask, func(st *state, data *goimap.StatusData) bool {
			if st != nil && st.changes > 0 && data.HighestModSeq > 0 {
				return data.HighestModSeq > st.changes
			}
			return data.NumUnseen == nil || *data.NumUnseen > 0
		})
	})
	if err != nil {
		return nil, m.problem(mailbox.PhaseFetch, fmt.Errorf("ask what is unread: %w", err))
	}
	return ask, nil
}

// unreadOf returns what is unread in the open folder, as far as it may have changed.
func (m *Mailbox) unreadOf(ctx context.Context, s *selected, st *state, in goimap.UIDRange) ([]goimap.UID, error) {
	if m.numbered && st.changes > 0 {
		uids, err := m.changedIn(ctx, st, in)
		if _, refused := errors.AsType[*goimap.Error](err); !refused {
			return uids, err
		}
		m.numbered, m.unnumbered = false, true // It offers what it does not do.
	}
	changes := s.changes // As it was opened: before what is found now.
	uids, err := m.searchUnread(ctx, in)
	if err == nil && m.numbered {
		st.changes = changes
	}
	return uids, err
}

// changedIn returns which messages are unread of those whose flags have changed since the last time (RFC 7162, 3.1.4.1).
func (m *Mailbox) changedIn(ctx context.Context, st *state, in goimap.UIDRange) (uids []goimap.UID, err error) {
	limits := wire.Limits{Octets: 1<<20 + maxEntries*256, Idle: wire.FetchTimeout(m.account), Total: 10 * wire.FetchTimeout(m.account)}
	latest := st.changes
	err = m.do(ctx, limits, func() error {
		uids = nil
		cmd := m.client.Fetch(goimap.UIDSet{in}, &goimap.FetchOptions{UID: true, Flags: true, ModSeq: true, ChangedSince: st.changes})
		for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
			uid, unread, change := flagsOf(msg)
			latest = max(latest, change)
			if !unread || uid < in.Start || uid > in.Stop {
				continue
			}
			if len(uids) == maxEntries {
				m.conn.Fail(errTooMany)
				continue
			}
			uids = append(uids, uid)
		}
		return cmd.Close()
	})
	if err == nil {
		st.changes = latest
	}
	return uids, err
}

// flagsOf reads the answer for one message; unread is only true when it tells its flags.
func flagsOf(msg *imapclient.FetchMessageData) (uid goimap.UID, unread bool, change uint64) {
	for item := msg.Next(); item != nil; item = msg.Next() {
		switch item := item.(type) {
		case imapclient.FetchItemDataUID:
			uid = item.UID
		case imapclient.FetchItemDataModSeq:
			change = item.ModSeq
		case imapclient.FetchItemDataFlags:
			unread = !hasFlag(item.Flags, goimap.FlagSeen) && !hasFlag(item.Flags, goimap.FlagDeleted)
		}
	}
	return uid, unread, change
}

// searchUnread returns all that is unread.
func (m *Mailbox) searchUnread(ctx context.Context, in goimap.UIDRange) (uids []goimap.UID, err error) {
	limits := wire.Limits{Octets: 1<<20 + maxEntries*12, Idle: wire.FetchTimeout(m.account), Total: 10 * wire.FetchTimeout(m.account)}
	criteria := goimap.SearchCriteria{UID: []goimap.UIDSet{{in}}, NotFlag: []goimap.Flag{goimap.FlagSeen, goimap.FlagDeleted}}
	var o *goimap.SearchOptions
	if m.caps.Has(goimap.CapESearch) {
		o = &goimap.SearchOptions{ReturnAll: true} // Ranges instead of numbers (RFC 4731).
	}
	err = m.do(ctx, limits, func() error {
		uids = nil
		data, err := m.client.UIDSearch(&criteria, o).Wait()
		if err != nil {
			return err
		}
		found, _ := data.All.(goimap.UIDSet)
		for _, r := range found {
			if r.Stop == 0 || r.Stop > in.Stop {
				r.Stop = in.Stop
			}
			for uid := max(r.Start, in.Start); uid <= r.Stop && uid >= in.Start; uid++ {
				if len(uids) == maxEntries {
					return errTooMany
				}
				uids = append(uids, uid)
			}
		}
		return nil
	})
	return uids, err
}
