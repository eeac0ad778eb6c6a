package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/message"
	"letterbox/models"
)

// The bounds of a look on the server: so many headers are read in the folders of the inbox, and so many in each other
// folder, of which so many are opened.
const (
	mostLooked     = 300
	mostLookedElse = 50
	mostElsewhere  = 10
)

// Seen is a message that a look on the server has found.
type Seen struct {
	Folder     string
	Subject    string
	From       string
	MessageID  string // Without angle brackets.
	ReceivedAt time.Time
	Size       int64
	Why        string // "ledger", "before_start", "deleted", "waiting" (the next visit fetches it) or "elsewhere" (no folder of this inbox).
	ID         int64  // The row of the ledger, for "ledger".
}

// Looked is what a look on the server has found.
type Looked struct {
	Found   []Seen
	Headers int      // How many headers were read.
	Listed  int      // How many messages the folders of the inbox hold.
	Folders []string // Other folders that were looked into.
	Partly  bool     // There is more than was looked at; the newest come first.
}

// LookOnServer looks for a message by the address of its sender or by its Message-ID (without angle brackets) in the
// mailbox of an inbox and, over IMAP, in the other folders of the account. It reads headers, newest first, and changes
// nothing. A server that cannot be reached is a *mailbox.Problem.
func (g *Gateway) LookOnServer(ctx context.Context, inboxID int64, wanted string) (Looked, error) {
	var l Looked
	ib, err := g.Store.InboxByID(ctx, inboxID)
	if err != nil {
		return l, err
	}
	if !fromServer(ib.Settings.Receive) {
		return l, nil
	}
	box, err := g.openBox(ctx, ib, nil)
	if err != nil {
		return l, err
	}
	defer box.Abort()
	v, err := g.newVisit(ctx, ib, ib.Settings.Receive, box, fence{})
	if err != nil {
		return l, err
	}
	entries, err := box.List(ctx)
	if err != nil {
		return l, fmt.Errorf("list: %w", err)
	}
	l.Listed = len(entries)
	if err := l.look(ctx, box, entries, mostLooked, lower(wanted), func(e mailbox.Entry) (string, int64, error) { return v.fate(ctx, e) }); err != nil {
		return l, err
	}
	others, err := otherFolders(ctx, box, ib.Settings.Folders)
	if err != nil || len(others) == 0 {
		return l, err
	}
	box.Abort()
	for _, name := range others {
		if err := g.lookElsewhere(ctx, ib, name, lower(wanted), &l); err != nil {
			return l, err
		}
	}
	return l, nil
}

// look reads the headers of the newest entries and keeps those that are wanted.
func (l *Looked) look(
	ctx context.Context, box mailbox.Mailbox, entries []mailbox.Entry, most int, wanted string, fate func(mailbox.Entry) (string, int64, error),
) error {
	entries = slices.Clone(entries) // Several folders follow one another.
	slices.SortStableFunc(entries, func(a, b mailbox.Entry) int { return a.ReceivedAt.Compare(b.ReceivedAt) })
	for i, e := range slices.Backward(entries) {
		if len(entries)-i > most {
			l.Partly = true
			return nil
		}
		var head bytes.Buffer
		err := box.FetchHeader(ctx, e.Ref, headerMost, &head)
		if errors.Is(err, mailbox.ErrNotFound) || errors.Is(err, mailbox.ErrWithheld) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read a header: %w", err)
		}
		l.Headers++
		m, err := message.Parse(&head, message.Options{Received: now()})
		if err != nil {
			return fmt.Errorf("parse a header: %w", err)
		}
		if lower(m.MessageID) != wanted && sender(m) != wanted {
			continue
		}
		s := Seen{Folder: e.Folder, Subject: m.Subject, From: sender(m), MessageID: m.MessageID, ReceivedAt: e.ReceivedAt, Size: e.Size}
		if s.Why, s.ID, err = fate(e); err != nil {
			return err
		}
		l.Found = append(l.Found, s)
	}
	return nil
}

// fate says what the inbox makes of a message that its server lists.
func (v *visit) fate(ctx context.Context, e mailbox.Entry) (why string, id int64, err error) {
	m, err := v.g.Store.MessageByRef(ctx, v.inbox.ID, e.Folder, e.UIDValidity, e.UID)
	if err == nil {
		return "ledger", m.ID, nil
	}
	if !errors.Is(err, models.ErrNotFound) {
		return "", 0, fmt.Errorf("read the ledger: %w", err)
	}
	key := folderKey{e.Folder, e.UIDValidity}
	_, marked := v.list.marks[key]
	switch {
	case e.Deleted:
		return "deleted", 0, nil
	case marked && v.leftAlone(key, e):
		return "before_start", 0, nil
	default:
		return "waiting", 0, nil
	}
}

// otherFolders are the folders of the account that the inbox does not read: junk first, then those that are like it to
// hold mail that came in.
func otherFolders(ctx context.Context, box mailbox.Mailbox, own []string) ([]string, error) {
	lister, ok := box.(mailbox.Lister)
	if !ok {
		return nil, nil
	}
	all, err := lister.Folders(ctx, false)
	if err != nil {
		return nil, fmt.Errorf("list the folders: %w", err)
	}
	var junk, rest []string
	for _, f := range all {
		mine := slices.ContainsFunc(own, func(name string) bool { return sameFolder(name, f.Name) })
		switch {
		case f.NoSelect || mine || f.Use == "sent" || f.Use == "drafts" || f.Use == "all" || f.Use == "flagged":
		case f.Use == "junk" || strings.Contains(strings.ToLower(f.Name), "spam"):
			junk = append(junk, f.Name)
		default:
			rest = append(rest, f.Name)
		}
	}
	others := slices.Concat(junk, rest)
	return others[:min(len(others), mostElsewhere)], nil
}

// lookElsewhere looks into one folder that the inbox does not read.
func (g *Gateway) lookElsewhere(ctx context.Context, ib models.Inbox, folder, wanted string, l *Looked) error {
	ib.Settings.Folders = []string{folder}
	box, err := g.openBox(ctx, ib, nil)
	if err != nil {
		return err
	}
	defer box.Abort()
	entries, err := box.List(ctx)
	if err != nil {
		return fmt.Errorf("list: %w", err)
	}
	l.Folders = append(l.Folders, folder)
	return l.look(ctx, box, entries, mostLookedElse, wanted, func(mailbox.Entry) (string, int64, error) { return "elsewhere", 0, nil })
}
