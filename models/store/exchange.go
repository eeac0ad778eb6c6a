package store

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"letterbox/models"
)

// ExchangeFilter selects mails that came in and mails that went out.
type ExchangeFilter struct {
	InboxIDs  []int64 // Nil: all.
	Without   []int64 // Not these inboxes.
	Direction models.Direction
	Limit     int // At most 200; 50 when 0.
	Cursor    string
}

// Exchange returns a page of mails in both directions, newest first, and the cursor of the next page. What members are
// told of news is not among them.
func (s *Store) Exchange(ctx context.Context, f ExchangeFilter) ([]models.Exchanged, string, error) {
	if f.InboxIDs != nil && len(f.InboxIDs) == 0 {
		return nil, "", nil
	}
	limit := pageSize(f.Limit)
	var lastIn, lastOut int64
	if f.Cursor != "" {
		b, err := base64.RawURLEncoding.DecodeString(f.Cursor)
		if err == nil {
			_, err = fmt.Sscanf(string(b), "x%d.%d", &lastIn, &lastOut)
		}
		if err != nil || !strings.HasPrefix(string(b), "x") {
			return nil, "", &models.Invalid{Field: "cursor", Code: "invalid_cursor"}
		}
	}
	rows := func(list any, q *gorm.DB, last int64) error {
		if q = q.Order("id DESC").Limit(limit + 1); f.InboxIDs != nil {
			q = q.Where("inbox_id IN ?", f.InboxIDs)
		}
		if len(f.Without) > 0 {
			q = q.Where("(inbox_id IS NULL OR inbox_id NOT IN ?)", f.Without) // What goes out need not belong to an inbox.
		}
		if last != 0 {
			q = q.Where("id < ?", last)
		}
		return q.Find(list).Error
	}
	var in []models.Message
	if f.Direction != models.DirectionOut {
		if err := rows(&in, s.gorm(ctx), lastIn); err != nil {
			return nil, "", wrap("list mails that came in", err)
		}
	}
	var out []models.Outgoing
	if f.Direction != models.DirectionIn {
		if err := rows(&out, s.gorm(ctx).Where("kind NOT IN ?", []models.OutgoingKind{models.OutgoingNotice, models.OutgoingAlarm, models.OutgoingAccess}), lastOut); err != nil {
			return nil, "", wrap("list mails that went out", err)
		}
	}
	var list []models.Exchanged
	for len(list) < limit && len(in)+len(out) > 0 {
		if len(out) == 0 || len(in) > 0 && !in[0].ReceivedAt.Before(out[0].CreatedAt) {
			list, lastIn, in = append(list, models.Exchanged{In: &in[0]}), in[0].ID, in[1:]
		} else {
			list, lastOut, out = append(list, models.Exchanged{Out: &out[0]}), out[0].ID, out[1:]
		}
	}
	if len(in)+len(out) == 0 {
		return list, "", nil
	}
	return list, base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "x%d.%d", lastIn, lastOut)), nil
}
