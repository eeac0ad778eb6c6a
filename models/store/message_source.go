package store

import (
	"context"
	"crypto/sha256"
	"slices"
	"time"

	"letterbox/models"
)

// HoldBlobs makes transactions that concern the same octets follow one another: it writes the rows of their blobs, and the
// next one waits until this one has ended. Call it before the first read of the transaction, so that it sees what the
// ones before have done. A blob that is not there is models.ErrNotFound.
func (s *Store) HoldBlobs(ctx context.Context, ids ...int64) error {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	if len(ids) == 0 {
		return nil
	}
	return s.write(ctx, "hold blobs", func(ctx context.Context, tx *txPool) error {
		n, err := tx.exec(ctx, "UPDATE blobs SET touched_at = ? WHERE id IN ("+marks(len(ids))+")", append([]any{now()}, anys(ids)...)...)
		if err == nil && n < int64(len(ids)) {
			err = models.ErrNotFound
		}
		return err
	})
}

// HoldMessageID makes transactions that concern mails with the same Message-ID follow one another, as HoldBlob does for
// the same octets. Where there is one writer only, they do so anyway.
func (s *Store) HoldMessageID(ctx context.Context, id string) error {
	if s.Exclusive() {
		return nil
	}
	return s.write(ctx, "hold message id", func(ctx context.Context, tx *txPool) error {
		h := sha256.Sum256([]byte(id)) // The row of no issue: it is there only while the transaction is.
		asked := tx.refs
		delete(asked, id)
		defer func() { tx.refs = asked }() // What is known of other IDs stays as it is.
		if _, err := tx.exec(ctx, s.insertIgnore()+"message_ids (hash, issue_number, rfc_message_id, outgoing, created_at) VALUES (?, 0, '', ?, ?)", h[:], false, now()); err != nil {
			return err
		}
		_, err := tx.exec(ctx, "DELETE FROM message_ids WHERE hash = ? AND issue_number = 0", h[:])
		return err
	})
}

// TakenByMessageID returns the messages, other than exceptID, with that Message-ID that became one of the issues or a comment
// on it, oldest first; at most 100.
func (s *Store) TakenByMessageID(ctx context.Context, issues []int64, id string, exceptID int64) ([]models.Message, error) {
	var list []models.Message
	err := s.gorm(ctx).Where("issue_number IN ? AND rfc_message_id = ? AND id <> ? AND state IN ?", issues, id, exceptID,
		[]models.MessageState{models.MessageCreated, models.MessageCommented}).Order("id").Limit(100).Find(&list).Error
	return list, wrap("find the same mail", err)
}

// RetireSource makes the messages of an inbox nameless on the server, because it reads another account from now on:
// the same UIDs mean other messages there. What the server was still to be told is given up; what was known and not
// fetched will not be found. The folders count as renumbered, and mail that the new server received before since is
// not ours. Whoever holds the lease is fenced off.
func (s *Store) RetireSource(ctx context.Context, inboxID int64, lease string, since time.Time) error {
	prefix := "'retired:' || id || ':' || uid"
	if s.dialect == "mysql" {
		prefix = "CONCAT('retired:', id, ':', uid)"
	}
	return s.write(ctx, "retire messages", func(ctx context.Context, tx *txPool) error {
		if _, err := tx.exec(ctx, "UPDATE leases SET epoch = epoch + 1 WHERE name = ?", lease); err != nil {
			return err
		}
		_, err := tx.exec(ctx, `UPDATE messages SET uid = `+prefix+`, settle_state = CASE WHEN settle_state IN ('pending', 'failed')
			THEN 'gone' ELSE settle_state END WHERE inbox_id = ? AND door IN ('imap', 'pop3') AND uid NOT LIKE 'retired:%'`, inboxID)
		if err != nil {
			return err
		}
		marks, err := s.FolderMarks(ctx, inboxID)
		if err != nil {
			return err
		}
		if _, err := tx.exec(ctx, "DELETE FROM folder_marks WHERE inbox_id = ?", inboxID); err != nil {
			return err
		}
		for _, m := range marks {
			m.UIDValidity, m.FirstUID, m.CreatedAt = 0, 0, now()
			if err := s.SaveFolderMark(ctx, &m); err != nil {
				return err
			}
		}
		_, err = tx.exec(ctx, "UPDATE inboxes SET started_at = ? WHERE id = ? AND started_at IS NOT NULL", since, inboxID)
		return err
	})
}

// SeenMessages returns those messages of a folder, of the given UIDs, that have come to their result and that the server
// has been told to be read.
func (s *Store) SeenMessages(ctx context.Context, inbox int64, folder string, uidvalidity uint32, uids []string) ([]models.Message, error) {
	var list []models.Message
	for part := range slices.Chunk(uids, 500) {
		var some []models.Message
		err := s.gorm(ctx).Where(`inbox_id = ? AND folder = ? AND uidvalidity = ? AND uid IN ? AND settle_action = 'seen' AND settle_state = 'done'
			AND state NOT IN ('known', 'received')`, inbox, folder, uidvalidity, part).Order("id").Find(&some).Error
		if err != nil {
			return nil, wrap("find messages that were read", err)
		}
		list = append(list, some...)
	}
	return list, nil
}

// TakeUnread has the server told again that a message was read; models.ErrConflict when that is under way already.
func (s *Store) TakeUnread(ctx context.Context, id int64) error {
	return s.write(ctx, "mark as read again", func(ctx context.Context, tx *txPool) error {
		return changedOne(tx.exec(ctx, `UPDATE messages SET settle_state = 'pending', settled_at = NULL
			WHERE id = ? AND settle_action = 'seen' AND settle_state = 'done'`, id))
	})
}
