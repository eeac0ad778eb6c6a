package store

import (
	"context"
	"strings"
	"time"

	"letterbox/models"
)

// AddAudit adds a line to the audit log and sets ID, and At when it is zero.
func (s *Store) AddAudit(ctx context.Context, a *models.Audit) error {
	return s.create(ctx, "add audit", a, func() {
		a.ID = 0
		if a.At.IsZero() {
			a.At = now()
		}
	})
}

// AuditFilter selects lines of the audit log.
type AuditFilter struct {
	Object string    // "inbox:3"; "" for all.
	Action string    // "inbox.update", or "inbox." for all that begin so; "" for all.
	UserID *int64    // Nil for all.
	Since  time.Time // Zero for any time.
	Until  time.Time // Before; zero for any time.
	Limit  int       // At most 200; 50 when 0.
	Cursor string
}

// Audits returns a page of the audit log, newest first, and the cursor of the next page.
func (s *Store) Audits(ctx context.Context, f AuditFilter) ([]models.Audit, string, error) {
	limit := pageSize(f.Limit)
	db := s.gorm(ctx).Order("id DESC").Limit(limit + 1)
	if f.Object != "" {
		db = db.Where("object = ?", f.Object)
	}
	if f.Action != "" {
		db = db.Where("(action = ? OR action LIKE ? ESCAPE '!')", f.Action, strings.TrimPrefix(like(f.Action), "%"))
	}
	if !f.Since.IsZero() {
		db = db.Where("at >= ?", f.Since)
	}
	if !f.Until.IsZero() {
		db = db.Where("at < ?", f.Until)
	}
	if f.UserID != nil {
		db = db.Where("user_id = ?", *f.UserID)
	}
	if f.Cursor != "" {
		last, err := parseCursor(f.Cursor)
		if err != nil {
			return nil, "", err
		}
		db = db.Where("id < ?", last)
	}
	var list []models.Audit
	if err := db.Find(&list).Error; err != nil {
		return nil, "", wrap("list audit", err)
	}
	list, next := page(list, limit, func(a models.Audit) int64 { return a.ID })
	return list, next, nil
}
