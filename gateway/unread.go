package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"letterbox/gateway/mailbox"
	"letterbox/models"
	"letterbox/models/store"
)

// unreadMost is how often a message is processed again because it was marked unread: a server that keeps no flags shows it
// so for ever.
const unreadMost = 20

// rereads reports whether what a person marks as unread on the server is processed again. Only what we have marked as read
// ourselves can be told from mail that nobody has read yet.
func rereads(s models.InboxSettings) bool {
	return s.ReprocessUnread && s.Receive == doorIMAP && mailbox.Action(s.After) == mailbox.Seen
}

// unread has messages processed again that were marked as read here and that somebody has marked as unread since. It looks
// twice: the ledger may have been written after the first listing was made, not before the second. It returns the latest
// listing.
func (v *visit) unread(ctx context.Context, entries []mailbox.Entry) ([]mailbox.Entry, error) {
	if v.door != doorIMAP || !rereads(v.inbox.Settings) {
		return entries, nil
	}
	marked, err := v.markedSeen(ctx, entries)
	if err != nil || len(marked) == 0 {
		return entries, err
	}
	if entries, err = v.box.List(ctx); err != nil {
		return nil, err
	}
	for _, e := range entries {
		row, ok := marked[e.Ref]
		if !ok || e.Seen || e.Deleted {
			continue
		}
		_, err := v.g.reprocess(ctx, nil, row.ID, Again{}, &v.fence)
		switch {
		case err == nil:
		case ctx.Err() != nil || store.Unavailable(err) || errors.Is(err, models.ErrFenced):
			return nil, fmt.Errorf("process an unread message again: %w", err)
		default:
			v.g.Log.LogAttrs(ctx, slog.LevelWarn, "message marked unread could not be processed again", slog.Int64("inbox_id", v.inbox.ID),
				slog.Int64("message_id", row.ID), slog.Any("err", err))
			if err := v.g.Store.TakeUnread(ctx, row.ID); err != nil && !errors.Is(err, models.ErrConflict) { // Once for each marking, whatever comes of it.
				return nil, err
			}
		}
	}
	return entries, nil
}

// markedUnread reports whether somebody may have marked a message as unread since, without listing everything: when nobody
// has, it costs one way to the server.
func (v *visit) markedUnread(ctx context.Context) (bool, error) {
	entries, err := v.watcher.Unread(ctx, v.firstUID)
	if err != nil {
		return false, err
	}
	var ours []mailbox.Entry
	for _, e := range entries {
		known, err := v.knownUIDs(ctx, keyOf(e))
		if err != nil {
			return false, err
		}
		if _, ok := known[e.UID]; ok {
			ours = append(ours, e)
		}
	}
	marked, err := v.markedSeen(ctx, ours)
	return len(marked) > 0, err
}

// firstUID is the first message of a folder that can be ours.
func (v *visit) firstUID(folder string, uidValidity uint32) uint32 {
	if s := v.inbox.Settings; s.Select == "all" || s.ImportSince != "from_now" {
		return 1
	}
	return v.list.marks[folderKey{folder, uidValidity}].FirstUID
}

// markedSeen returns the messages of a listing that were marked as read here and are unread now.
func (v *visit) markedSeen(ctx context.Context, entries []mailbox.Entry) (map[mailbox.Ref]models.Message, error) {
	uids := map[folderKey][]string{}
	for _, e := range entries {
		if !e.Seen && !e.Deleted {
			uids[keyOf(e)] = append(uids[keyOf(e)], e.UID)
		}
	}
	marked := map[mailbox.Ref]models.Message{}
	for key, list := range uids {
		rows, err := v.g.Store.SeenMessages(ctx, v.inbox.ID, key.folder, key.uidValidity, list)
		if err != nil {
			return nil, fmt.Errorf("read the ledger: %w", err)
		}
		for _, m := range rows {
			if m.Reprocessed < unreadMost {
				marked[refOf(m)] = m
			}
		}
	}
	return marked, nil
}

// takeUnread uses up a marking, in the transaction of what comes of it: the server is told again that the message was read.
func (g *Gateway) takeUnread(ctx context.Context, d *delivery, row *models.Message) error {
	if !d.marking {
		return nil
	}
	if err := g.Store.TakeUnread(ctx, row.ID); err != nil {
		return fmt.Errorf("use up the marking: %w", err)
	}
	row.SettleState = models.SettlePending
	return nil
}
