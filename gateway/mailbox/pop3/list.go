package pop3

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/wire"
)

// maxEntries is how many messages a maildrop may hold; what a hostile server adds is an error.
const maxEntries = 200_000

// entry is one message of the session.
type entry struct {
	number int
	mailbox.Entry
}

// List returns the messages of the maildrop in the server's order, which is the order of arrival. The count of STAT
// holds: a message that LIST or UIDL forgets is still listed.
//
// A message with no unique-id of its own (the server has no UIDL, or gives a blank or the same one twice) is named after
// its content: "top:" and the SHA-256 of its header section and size, or "raw:" and the SHA-256 of the whole message
// where the server has no TOP. Equal messages are numbered: "top:.../2".
func (m *Mailbox) List(ctx context.Context) ([]mailbox.Entry, error) {
	if m.entries == nil {
		if err := m.load(ctx); err != nil {
			return nil, m.problem(mailbox.PhaseFetch, fmt.Errorf("list maildrop: %w", err))
		}
	} else if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("list maildrop: %w", err)
	}
	out := make([]mailbox.Entry, 0, len(m.entries))
	for _, e := range m.entries {
		if !m.marked[e.number] {
			out = append(out, e.Entry)
		}
	}
	return out, nil
}

// load asks for the listing once; the maildrop does not change during a session (RFC 1939, 8).
func (m *Mailbox) load(ctx context.Context) error {
	count := 0
	err := m.do(ctx, func() (err error) {
		count, _, err = m.client.Stat()
		return err
	})
	if err != nil {
		return err
	}
	if count < 0 || count > maxEntries {
		m.conn.Fail(wire.ErrTooMuch)
		return wire.ErrTooMuch
	}
	entries := make([]entry, count)
	for i := range entries {
		entries[i].number = i + 1
	}
	if count > 0 {
		if err := m.fill(ctx, entries); err != nil {
			return err
		}
	}
	m.entries, m.byUID = entries, make(map[string]int, count)
	for _, e := range entries {
		m.byUID[e.UID] = e.number
	}
	return nil
}

// fill adds sizes and names to the entries.
func (m *Mailbox) fill(ctx context.Context, entries []entry) error {
	err := m.column(ctx, "LIST", len(entries), func(n int, value string) {
		if size, err := strconv.ParseInt(value, 10, 64); err == nil && size > 0 {
			entries[n-1].Size = size
		}
	})
	if err != nil {
		return err
	}
	seen := map[string]int{} // How often an id occurs.
	err = m.column(ctx, "UIDL", len(entries), func(n int, value string) {
		entries[n-1].UID = value
		seen[value]++
	})
	switch {
	case errors.Is(err, errRefused):
		m.uidlNote = "missing"
	case err != nil:
		return err
	}
	byContent := map[string]int{}
	for i := range entries {
		e := &entries[i]
		if e.UID != "" && seen[e.UID] == 1 && len(e.UID) <= maxUID {
			continue
		}
		if m.uidlNote == "" {
			m.uidlNote = "incomplete"
		}
		if e.UID, err = m.contentID(ctx, e); err != nil {
			return err
		}
		if byContent[e.UID]++; byContent[e.UID] > 1 {
			e.UID += "/" + strconv.Itoa(byContent[e.UID])
		}
	}
	return nil
}

// maxUID is the longest unique-id that is taken as it is. RFC 1939, 7 allows 70 octets.
const maxUID = 200

var errRefused = errors.New("command is not known to the server")

// column runs LIST or UIDL and passes on each line; lines that make no sense are skipped, because STAT counts.
func (m *Mailbox) column(ctx context.Context, verb string, count int, line func(n int, value string)) error {
	limits := m.control()
	limits.Octets += int64(count) * 300
	limits.Total = 0
	var buf *bytes.Buffer
	err := m.conn.Do(ctx, limits, func() (err error) {
		buf, err = m.client.Cmd(verb, true)
		return err
	})
	if err != nil {
		if m.link.refused() && m.conn.Cause() == nil {
			return errRefused
		}
		return err
	}
	for l := range bytes.SplitSeq(buf.Bytes(), []byte("\r\n")) {
		first, rest, _ := bytes.Cut(bytes.TrimSpace(l), []byte(" "))
		f := bytes.Fields(rest)
		n, err := strconv.Atoi(string(first))
		if err != nil || n < 1 || n > count || len(f) == 0 {
			continue
		}
		line(n, string(f[0]))
	}
	return nil
}

// contentID names a message after what it holds.
func (m *Mailbox) contentID(ctx context.Context, e *entry) (string, error) {
	h := sha256.New()
	err := m.retrieve(ctx, "TOP "+strconv.Itoa(e.number)+" 0", 0, maxHeader, copyTo(h))
	if err == nil {
		fmt.Fprintf(h, "%d", e.Size)
		return "top:" + hex.EncodeToString(h.Sum(nil)), nil
	}
	if !errors.Is(err, errRefused) {
		return "", err
	}
	h.Reset()
	err = m.retrieve(ctx, "RETR "+strconv.Itoa(e.number), e.Size, m.limit(e.Size), copyTo(h))
	if err != nil {
		return "", err
	}
	return "raw:" + hex.EncodeToString(h.Sum(nil)), nil
}
