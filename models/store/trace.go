package store

import (
	"context"
	"encoding/json"

	"letterbox/models"
)

// SaveTrace sets the story of one run of a message.
func (s *Store) SaveTrace(ctx context.Context, t *models.Trace) error {
	entries, err := json.Marshal(t.Entries)
	if err != nil {
		return wrap("save trace", err)
	}
	if t.CreatedAt.IsZero() {
		t.CreatedAt = now()
	}
	return s.write(ctx, "save trace", func(ctx context.Context, tx *txPool) error {
		return tx.later(ctx, inserted("traces", "INSERT INTO traces (message_id, run, entries, created_at)", s.upsert("", "message_id, run", "entries"), 4),
			t.MessageID, t.Run, string(entries), t.CreatedAt)
	})
}

// Traces returns the stories of the runs of a message, oldest first; at most 1,000.
func (s *Store) Traces(ctx context.Context, messageID int64) ([]models.Trace, error) {
	var list []models.Trace
	err := s.gorm(ctx).Where("message_id = ?", messageID).Order("run").Limit(1000).Find(&list).Error
	return list, wrap("list traces", err)
}
