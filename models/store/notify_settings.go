package store

import (
	"context"
	"slices"
	"strconv"
	"time"

	"gorm.io/gorm/clause"

	"letterbox/models"
)

// NotifySettings returns of what these users are told by mail, by ID; those who have set nothing have the default.
func (s *Store) NotifySettings(ctx context.Context, userIDs []int64) (map[int64]models.NotifySettings, error) {
	out := make(map[int64]models.NotifySettings, len(userIDs))
	for _, id := range userIDs {
		out[id] = models.DefaultNotifySettings(id)
	}
	if len(userIDs) == 0 {
		return out, nil
	}
	var list []models.NotifySettings
	if err := s.gorm(ctx).Where("user_id IN ?", padded(userIDs)).Find(&list).Error; err != nil {
		return nil, wrap("read notification settings", err)
	}
	for _, n := range list {
		out[n.UserID] = n
	}
	return out, nil
}

// SetNotifySettings keeps of what a user is told by mail.
func (s *Store) SetNotifySettings(ctx context.Context, n models.NotifySettings) error {
	return s.write(ctx, "keep notification settings", func(ctx context.Context, _ *txPool) error {
		return s.gorm(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(&n).Error
	})
}

// readersOfNew are the members of a project who want to hear of its new issues.
func (s *Store) readersOfNew(ctx context.Context, project int64) ([]int64, error) {
	ids, err := remembered(ctx, s, "notify_settings", strconv.FormatInt(project, 10), func() ([]int64, error) {
		return s.ids(ctx, `SELECT n.user_id FROM notify_settings n JOIN members m ON m.user_id = n.user_id
			WHERE m.project_id = ? AND n.new_issue <> 'off' ORDER BY n.user_id LIMIT 10000`, project)
	})
	return slices.Clone(ids), wrap("list readers of new issues", err)
}

// MailNotifications notes by which mail of the outbox, named by its Message-ID, somebody is told.
func (s *Store) MailNotifications(ctx context.Context, id int64, mail string) error {
	return s.write(ctx, "note the mail of a notification", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, "UPDATE notifications SET mailed_with = ? WHERE id = ?", mail, id)
		return err
	})
}

// NotificationsMailedWith returns what a mail of the outbox tells, oldest first; at most 500.
func (s *Store) NotificationsMailedWith(ctx context.Context, mail string) ([]models.Notification, error) {
	var list []models.Notification
	err := s.gorm(ctx).Where("mailed_with = ?", mail).Order("id").Limit(500).Find(&list).Error
	return list, wrap("list notifications of a mail", err)
}

// NoticesSince counts the mails of the outbox that tell a recipient of news, put there since then.
func (s *Store) NoticesSince(ctx context.Context, recipient string, since time.Time) (n int, err error) {
	err = s.queryRow(ctx, "SELECT COUNT(*) FROM outbox WHERE recipient = ? AND kind = 'notice' AND created_at > ?",
		[]any{models.FoldAddress(recipient), since}, &n)
	return n, wrap("count notices", err)
}
