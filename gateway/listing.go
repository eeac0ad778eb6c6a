package gateway

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/rule"
	"letterbox/models"
)

// folderKey names a folder in one numbering.
type folderKey struct {
	folder      string
	uidValidity uint32
}

// listing keeps, for the length of a session, what the ledger knows of the folders and from where on they are ours.
type listing struct {
	known map[folderKey]map[string]struct{}
	marks map[folderKey]models.FolderMark
	since time.Time // For import_since with a date; zero otherwise.
}

func (v *visit) newListing(ctx context.Context) (*listing, error) {
	l := &listing{known: map[folderKey]map[string]struct{}{}, marks: map[folderKey]models.FolderMark{}}
	marks, err := v.g.Store.FolderMarks(ctx, v.inbox.ID)
	if err != nil {
		return nil, fmt.Errorf("read folder marks: %w", err)
	}
	for _, m := range marks {
		l.marks[folderKey{m.Folder, m.UIDValidity}] = m
	}
	l.since, _ = time.Parse(time.DateOnly, v.inbox.Settings.ImportSince)
	return l, nil
}

// unknown subtracts from a listing what the ledger knows and what is not ours, and returns the rest, in the order of the
// listing. full says that entries are all that the server holds, not only the news.
func (v *visit) unknown(ctx context.Context, entries []mailbox.Entry, full bool) ([]mailbox.Entry, error) {
	if full {
		if err := v.markFolders(ctx, entries); err != nil {
			return nil, err
		}
	}
	var fresh []mailbox.Entry
	for _, e := range entries {
		key := keyOf(e)
		known, err := v.knownUIDs(ctx, key)
		if err != nil {
			return nil, err
		}
		if _, ok := known[e.UID]; ok || v.leftAlone(key, e) {
			continue
		}
		known[e.UID] = struct{}{}
		fresh = append(fresh, e)
	}
	return fresh, nil
}

// leftAlone reports whether a message that the ledger does not know is none of ours, now or ever.
func (v *visit) leftAlone(key folderKey, e mailbox.Entry) bool {
	return e.Deleted || v.before(key, e) || v.inbox.Settings.Select == "unseen" && e.Seen
}

func (v *visit) knownUIDs(ctx context.Context, key folderKey) (map[string]struct{}, error) {
	if known := v.list.known[key]; known != nil {
		return known, nil
	}
	known, err := v.g.Store.KnownUIDs(ctx, v.inbox.ID, key.folder, key.uidValidity)
	if err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	if known == nil {
		known = map[string]struct{}{}
	}
	v.list.known[key] = known
	return known, nil
}

func (v *visit) newRow(e mailbox.Entry) *models.Message {
	row := &models.Message{
		InboxID: v.inbox.ID, Door: v.door, Folder: e.Folder, UIDValidity: e.UIDValidity, UID: e.UID,
		State: models.MessageKnown, Step: models.StepFetch, Attempts: 1, Size: e.Size, ReceivedAt: now(),
		SettleState: models.SettlePending,
	}
	if !e.ReceivedAt.IsZero() {
		at := e.ReceivedAt
		row.InternalAt = &at
	}
	limit := v.inbox.Settings.MaxMessageSize
	if !fromServer(v.door) {
		limit = mostMessageSize // It is here already, and nobody keeps it for us.
	}
	if e.Size > limit && limit > 0 {
		row.Reason = string(rule.TooLarge)
	}
	row.Archived = v.archived(keyOf(e), e)
	return row
}

// markFolders sets, for folders that are seen for the first time, the first UID that is ours. It is one more than the
// last one present when the folder is new to us; a folder that was empty is ours from its first message; a folder
// that was renumbered (UIDVALIDITY) is ours from its first message too, and what it held before is recognised by its
// octets.
func (v *visit) markFolders(ctx context.Context, entries []mailbox.Entry) error {
	last := map[folderKey]uint32{}
	for _, e := range entries {
		uid, _ := strconv.ParseUint(e.UID, 10, 32)
		key := keyOf(e)
		last[key] = max(last[key], uint32(uid))
	}
	for key, uid := range last {
		if _, ok := v.list.marks[key]; ok {
			continue
		}
		first, seen := v.marked(key.folder)
		if !seen {
			first = uid + 1
		}
		renumbered := seen && v.renumbered(key)
		if err := v.mark(ctx, key, first, entries); err != nil {
			return err
		}
		if renumbered {
			v.g.event(ctx, models.InboxEvent{
				InboxID: v.inbox.ID, At: now(), State: models.InboxActive, Code: "E-IMAP-04", Args: map[string]string{"folder": key.folder},
			})
		}
	}
	for _, folder := range v.folders() {
		if _, seen := v.marked(folder); !seen {
			if err := v.mark(ctx, folderKey{folder, 0}, 1, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// renumbered reports whether a folder has been seen in another numbering than this one.
func (v *visit) renumbered(key folderKey) bool {
	for other := range v.list.marks {
		if other.folder == key.folder && other.uidValidity != 0 && key.uidValidity != 0 && other.uidValidity != key.uidValidity {
			return true
		}
	}
	return false
}

// marked reports whether a folder has been seen before, in whatever numbering, and what is the first UID of ours in a
// new one: 1 when it was empty, 0 when it held something.
func (v *visit) marked(folder string) (first uint32, seen bool) {
	for key, m := range v.list.marks {
		switch {
		case !sameFolder(key.folder, folder):
		case key.uidValidity == 0:
			return m.FirstUID, true
		default:
			seen = true
		}
	}
	return 0, seen
}

// sameFolder reports whether two names, of a setting or of the server, mean the same folder: INBOX in any case
// (RFC 9051, 5.1), and with "/" for the server's own separator.
func sameFolder(a, b string) bool {
	if strings.EqualFold(a, "INBOX") || a == b {
		return strings.EqualFold(a, b)
	}
	x, y := []rune(a), []rune(b)
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if x[i] != y[i] && (x[i] != '/' || word(y[i])) && (y[i] != '/' || word(x[i])) {
			return false
		}
	}
	return true
}

func word(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// folders are the names under which the folders of this visit stand in a listing.
func (v *visit) folders() []string {
	switch v.door {
	case doorIMAP:
		return v.inbox.Settings.Folders
	case doorPOP3:
		return []string{""}
	default:
		return nil
	}
}

// mark keeps a mark. A POP3 maildrop has no order of its own, so what it holds at the first visit is written into the
// ledger by name.
func (v *visit) mark(ctx context.Context, key folderKey, first uint32, entries []mailbox.Entry) error {
	m := models.FolderMark{InboxID: v.inbox.ID, Folder: key.folder, UIDValidity: key.uidValidity, FirstUID: first, CreatedAt: now()}
	var old []*models.Message
	if v.door == doorPOP3 && v.inbox.Settings.ImportSince == "from_now" && v.inbox.Settings.Select != "all" {
		for _, e := range entries {
			row := v.newRow(e)
			finished := now()
			row.State, row.Reason, row.SettleState = models.MessageIgnored, string(rule.BeforeStart), models.SettleNone
			row.FinishedAt = &finished
			old = append(old, row)
		}
	}
	err := v.g.Store.WithTx(ctx, func(ctx context.Context) error {
		for part := old; len(part) > 0; {
			n := min(len(part), windowMost)
			if err := v.g.Store.AddKnown(ctx, part[:n]); err != nil {
				return err
			}
			part = part[n:]
		}
		return v.g.Store.SaveFolderMark(ctx, &m)
	})
	if err != nil {
		return fmt.Errorf("keep the folder mark: %w", err)
	}
	v.list.marks[key] = m
	delete(v.list.known, key)
	return nil
}

// before reports whether a message is older than the start of the inbox. The order of UIDs decides, not a clock; only
// in a folder that was renumbered the server's own date does, with a day to spare for clocks that differ.
func (v *visit) before(key folderKey, e mailbox.Entry) bool {
	s := v.inbox.Settings
	if v.door != doorIMAP || s.Select == "all" {
		return false
	}
	if !v.list.since.IsZero() {
		return !e.ReceivedAt.IsZero() && e.ReceivedAt.Before(v.list.since)
	}
	if s.ImportSince != "from_now" {
		return false
	}
	return v.older(key, e)
}

// older reports whether an IMAP message was there before the inbox began.
func (v *visit) older(key folderKey, e mailbox.Entry) bool {
	mark := v.list.marks[key]
	if mark.FirstUID > 0 {
		uid, err := strconv.ParseUint(e.UID, 10, 32)
		return err == nil && uint32(uid) < mark.FirstUID
	}
	return v.inbox.StartedAt != nil && !e.ReceivedAt.IsZero() && e.ReceivedAt.Before(v.inbox.StartedAt.Add(-24*time.Hour))
}

// archived reports whether a message was there before the inbox and is only to be kept as a closed issue.
func (v *visit) archived(key folderKey, e mailbox.Entry) bool {
	if v.inbox.Settings.ImportSince != "archive" {
		return false
	}
	switch v.door {
	case doorIMAP:
		return v.older(key, e)
	case doorPOP3:
		_, started := v.list.marks[key]
		return !started || v.inbox.StartedAt == nil
	default:
		return v.door == doorImport
	}
}
