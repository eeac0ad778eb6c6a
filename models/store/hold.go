package store

import (
	"context"

	"letterbox/models"
)

// messageHeld is the condition under which a message is under a legal hold.
const messageHeld = `(EXISTS (SELECT 1 FROM holds h WHERE h.kind = 'inbox' AND h.object_id = messages.inbox_id)
	OR EXISTS (SELECT 1 FROM holds h WHERE h.kind = 'issue' AND h.object_id = messages.issue_number)
	OR EXISTS (SELECT 1 FROM holds h JOIN user_addresses a ON a.user_id = h.object_id WHERE h.kind = 'contact' AND a.address = messages.from_address)
	OR EXISTS (SELECT 1 FROM holds h JOIN issues i ON i.reporter_id = h.object_id WHERE h.kind = 'contact' AND i.number = messages.issue_number))`

// SetHold adds a legal hold; one that is there already gets the new reason.
func (s *Store) SetHold(ctx context.Context, h *models.Hold) error {
	if h.CreatedAt.IsZero() {
		h.CreatedAt = now()
	}
	return s.write(ctx, "set hold", func(ctx context.Context, tx *txPool) error {
		if _, err := tx.exec(ctx, "DELETE FROM holds WHERE kind = ? AND object_id = ?", h.Kind, h.ObjectID); err != nil {
			return err
		}
		_, err := tx.exec(ctx, "INSERT INTO holds (kind, object_id, reason, user_id, created_at) VALUES (?, ?, ?, ?, ?)",
			h.Kind, h.ObjectID, cut(h.Reason, 1000), h.UserID, h.CreatedAt)
		return err
	})
}

// ReleaseHold ends a legal hold; models.ErrNotFound when there is none.
func (s *Store) ReleaseHold(ctx context.Context, kind models.HoldKind, object int64) error {
	return s.write(ctx, "release hold", func(ctx context.Context, tx *txPool) error {
		return foundOne(tx.exec(ctx, "DELETE FROM holds WHERE kind = ? AND object_id = ?", kind, object))
	})
}

// Holds returns the legal holds, the latest first; at most 10,000.
func (s *Store) Holds(ctx context.Context) ([]models.Hold, error) {
	var list []models.Hold
	err := s.gorm(ctx).Order("created_at DESC, kind, object_id").Limit(10_000).Find(&list).Error
	return list, wrap("list holds", err)
}

// ContactHeld reports whether a legal hold keeps a contact, one of its mails, or an issue that it has written in.
func (s *Store) ContactHeld(ctx context.Context, u models.User) (bool, error) {
	var held bool
	err := s.queryRow(ctx, `SELECT EXISTS (SELECT 1 FROM holds WHERE kind = 'contact' AND object_id = ?)
		OR EXISTS (SELECT 1 FROM holds h JOIN issues i ON i.number = h.object_id WHERE h.kind = 'issue' AND i.reporter_id = ?)
		OR EXISTS (SELECT 1 FROM holds h JOIN comments c ON c.issue_number = h.object_id WHERE h.kind = 'issue' AND c.author_id = ?)`,
		[]any{u.ID, u.ID, u.ID}, &held)
	if err != nil || held || len(u.Addresses) == 0 {
		return held, wrap("look for holds", err)
	}
	err = s.queryRow(ctx, `SELECT EXISTS (SELECT 1 FROM holds h JOIN messages m ON m.inbox_id = h.object_id
		WHERE h.kind = 'inbox' AND m.from_address IN (`+marks(len(u.Addresses))+`))`, anys(u.Addresses), &held)
	return held, wrap("look for holds", err)
}

// copyHold has a hold that keeps one issue keep another one as well, because mails go over from one to the other.
func (s *Store) copyHold(from, to int64) (string, []any) {
	return s.insertIgnore() + `holds (kind, object_id, reason, user_id, created_at)
		SELECT kind, ?, reason, user_id, created_at FROM holds WHERE kind = 'issue' AND object_id = ?`, []any{to, from}
}
