package gateway

import (
	"context"
	"slices"
	"time"

	"letterbox/gateway/mailbox"
)

// turnAfter is how long a backlog is read oldest first before what has come last has its turn: mail of this minute does
// not wait for that of last year.
const turnAfter = 5 * time.Minute

// backlog is what a visit has still to download: oldest first in each folder. Only an entry is kept of each message, so
// that a mailbox of 200,000 fits into memory.
type backlog struct {
	left []mailbox.Entry
	most int       // Messages of a load.
	turn time.Time // When what has come last has its turn.
}

// newBacklog begins with the newest when late, because the visit before was cut short.
func newBacklog(left []mailbox.Entry, most int, late bool) *backlog {
	b := &backlog{left: left, most: most, turn: time.Now()}
	if !late {
		b.turn = b.turn.Add(turnAfter)
	}
	return b
}

// atTurn reports whether what has come last has its turn.
func (b *backlog) atTurn() bool { return !time.Now().Before(b.turn) }

// oldest takes out the next load: messages of one folder in the order of the listing.
func (b *backlog) oldest() []mailbox.Entry {
	n, octets := 0, int64(0)
	for _, e := range b.left {
		if n > 0 && (n == b.most || octets+e.Size > loadOctets || keyOf(e) != keyOf(b.left[0])) {
			break
		}
		n, octets = n+1, octets+e.Size
	}
	load := b.left[:n]
	b.left = b.left[n:]
	return load
}

// newest takes out the last load of each folder, each in the order of the listing, and sets the next turn.
func (b *backlog) newest() [][]mailbox.Entry {
	b.turn = time.Now().Add(turnAfter)
	taken := map[folderKey][]mailbox.Entry{}
	octets := map[folderKey]int64{}
	full := map[folderKey]bool{}
	var folders []folderKey
	var rest []mailbox.Entry
	for _, e := range slices.Backward(b.left) {
		key := keyOf(e)
		if taken[key] == nil {
			folders = append(folders, key)
		} else if len(taken[key]) == b.most || octets[key]+e.Size > loadOctets {
			full[key] = true // Nothing older either, or the order within the load would be lost.
		}
		if full[key] {
			rest = append(rest, e)
			continue
		}
		taken[key], octets[key] = append(taken[key], e), octets[key]+e.Size
	}
	slices.Reverse(rest)
	b.left = rest
	loads := make([][]mailbox.Entry, 0, len(folders))
	for _, key := range slices.Backward(folders) {
		slices.Reverse(taken[key])
		loads = append(loads, taken[key])
	}
	return loads
}

func keyOf(e mailbox.Entry) folderKey { return folderKey{e.Folder, e.UIDValidity} }

// download fetches load after load until the backlog is empty. A visit that shows a mailbox only as it was at sign-in
// (POP3) is cut short at the first turn; the next one begins at once with what has come last.
func (v *visit) download(ctx context.Context, entries []mailbox.Entry, loaded chan<- transfer) error {
	b := newBacklog(entries, loadWindows*windowSize(v.inbox.Settings), v.late)
	for begun := false; len(b.left) > 0; begun = true {
		if !b.atTurn() || !fromServer(v.door) || v.archiving() {
			if err := v.load(ctx, b.oldest(), loaded); err != nil {
				return err
			}
			continue
		}
		if begun && v.watcher == nil {
			v.cutShort = true
			return nil
		}
		if err := v.latest(ctx, b, loaded); err != nil {
			return err
		}
	}
	return nil
}

// archiving reports whether a maildrop without dates is being taken over: all that this listing shows is old.
func (v *visit) archiving() bool {
	return v.watcher == nil && v.inbox.Settings.ImportSince == "archive" && v.inbox.StartedAt == nil
}

// latest fetches what has come last, also since the listing.
func (v *visit) latest(ctx context.Context, b *backlog, loaded chan<- transfer) error {
	if v.watcher != nil {
		news, err := v.watcher.News(ctx)
		if err != nil {
			return err
		}
		fresh, err := v.unknown(ctx, news, false)
		if err != nil {
			return err
		}
		b.left = append(b.left, fresh...)
	}
	for _, load := range b.newest() {
		if err := v.load(ctx, load, loaded); err != nil {
			return err
		}
	}
	return nil
}
