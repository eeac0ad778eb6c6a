package store

import (
	"context"
	"slices"
	"time"

	"letterbox/models"
)

// Notify tells everybody who has to do with an issue, the actor aside: who has it, who is mentioned, who watches it; of
// a new issue ("new") those who want to hear of new ones in its project. Only those who sign in, see the project and have
// not muted the issue are told, and each once. It returns what they were told.
func (s *Store) Notify(ctx context.Context, i models.Issue, n models.Notification, mentioned []int64) (told []models.Notification, err error) {
	err = s.write(ctx, "notify", func(ctx context.Context, tx *txPool) error {
		told = nil
		ids, err := s.concerned(ctx, i, n, mentioned)
		if err != nil {
			return err
		}
		for part := range slices.Chunk(ids, 500) {
			who, err := s.audience(ctx, i, n.Event == "note", part)
			if err != nil {
				return err
			}
			for _, id := range who {
				one := n
				one.UserID, one.IssueNumber, one.CreatedAt = id, i.Number, now()
				switch {
				case n.Event == "new":
					one.Reason = "project"
				case slices.Contains(mentioned, id):
					one.Reason = "mentioned"
				case i.AssigneeID != nil && *i.AssigneeID == id:
					one.Reason = "assigned"
				default:
					one.Reason = "watching"
				}
				r, err := tx.ExecContext(ctx, `INSERT INTO notifications (user_id, issue_number, comment_id, actor_id, event, reason, created_at)
					VALUES (?, ?, ?, ?, ?, ?, ?)`, id, i.Number, n.CommentID, n.ActorID, n.Event, one.Reason, one.CreatedAt)
				if err != nil {
					return err
				}
				if one.ID, err = r.LastInsertId(); err != nil {
					return err
				}
				told = append(told, one)
			}
		}
		return nil
	})
	return told, err
}

// concerned are the users who may have to be told of something, by ID.
func (s *Store) concerned(ctx context.Context, i models.Issue, n models.Notification, mentioned []int64) (ids []int64, err error) {
	if n.Event == "new" {
		ids, err = s.readersOfNew(ctx, i.ProjectID)
	} else {
		ids, err = s.Watchers(ctx, i.Number)
		if i.AssigneeID != nil {
			ids = append(ids, *i.AssigneeID)
		}
		ids = append(ids, mentioned...)
	}
	if n.ActorID != nil {
		ids = slices.DeleteFunc(ids, func(id int64) bool { return id == *n.ActorID })
	}
	slices.Sort(ids)
	return slices.Compact(ids), err
}

// audience are those of ids who sign in, see an issue and have not muted it. Reporters see the issues that they reported
// or watch, and no internal notes. It only reads, and locks nobody's row.
func (s *Store) audience(ctx context.Context, i models.Issue, note bool, ids []int64) ([]int64, error) {
	padded := padded(ids)
	hidden := 0
	if note {
		hidden = 1
	}
	told, err := s.ids(ctx, `SELECT u.id FROM users u WHERE u.id IN (`+marks(len(padded))+`) AND u.role <> 'customer' AND u.disabled_at IS NULL
		AND (u.role = 'admin' OR EXISTS (SELECT 1 FROM members m WHERE m.project_id = ? AND m.user_id = u.id AND (m.role <> 'reporter'
			OR ? = 0 AND (u.id = ? OR EXISTS (SELECT 1 FROM watchers w WHERE w.issue_number = ? AND w.user_id = u.id)))))
		AND NOT EXISTS (SELECT 1 FROM mutes x WHERE x.issue_number = ? AND x.user_id = u.id) ORDER BY u.id`, append(anys(padded), i.ProjectID, hidden, i.ReporterID, i.Number, i.Number)...)
	return told, err
}

// MayHear reports whether a user may be told of something in an issue at this moment; note says that it is internal. See
// Notify.
func (s *Store) MayHear(ctx context.Context, i models.Issue, note bool, userID int64) (bool, error) {
	told, err := s.audience(ctx, i, note, []int64{userID})
	return len(told) > 0, wrap("find out who may hear of it", err)
}

// Notifications returns what a user was told, newest first, with the cursor of the next page; unread leaves out what
// was read.
func (s *Store) Notifications(ctx context.Context, userID int64, unread bool, limit int, cursor string) ([]models.Notification, string, error) {
	limit = pageSize(limit)
	db := s.gorm(ctx).Where("user_id = ?", userID).Order("id DESC").Limit(limit + 1)
	if unread {
		db = db.Where("read_at IS NULL")
	}
	if cursor != "" {
		last, err := parseCursor(cursor)
		if err != nil {
			return nil, "", err
		}
		db = db.Where("id < ?", last)
	}
	var list []models.Notification
	if err := db.Find(&list).Error; err != nil {
		return nil, "", wrap("list notifications", err)
	}
	list, next := page(list, limit, func(n models.Notification) int64 { return n.ID })
	return list, next, nil
}

// CountUnread returns how many notifications a user has not read, at most 100.
func (s *Store) CountUnread(ctx context.Context, userID int64) (int, error) {
	var n int
	err := s.queryRow(ctx, "SELECT COUNT(*) FROM (SELECT 1 AS one FROM notifications WHERE user_id = ? AND read_at IS NULL LIMIT 100) AS t", []any{userID}, &n)
	return n, wrap("count notifications", err)
}

// MarkRead marks what a user was told of an issue as read; issue 0 means all up to the notification last.
func (s *Store) MarkRead(ctx context.Context, userID, issue, last int64) error {
	query, args := "UPDATE notifications SET read_at = ? WHERE user_id = ? AND read_at IS NULL", []any{time.Now(), userID}
	if issue != 0 {
		query, args = query+" AND issue_number = ?", append(args, issue)
	} else {
		query, args = query+" AND id <= ?", append(args, last)
	}
	return s.write(ctx, "mark notifications", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, query, args...)
		return err
	})
}

// SetMuted has a user hear nothing of an issue any more, or again.
func (s *Store) SetMuted(ctx context.Context, issue, userID int64, muted bool) error {
	if muted {
		return s.addPairs(ctx, "mute issue", "mutes", "(issue_number, user_id)", []any{issue, userID})
	}
	return s.write(ctx, "unmute issue", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, "DELETE FROM mutes WHERE issue_number = ? AND user_id = ?", issue, userID)
		return err
	})
}

// MutedOf returns which of these issues a user hears nothing of.
func (s *Store) MutedOf(ctx context.Context, userID int64, issues []int64) (map[int64]bool, error) {
	out := map[int64]bool{}
	for part := range slices.Chunk(issues, 500) {
		numbers, err := s.ids(ctx, "SELECT issue_number FROM mutes WHERE user_id = ? AND issue_number IN ("+marks(len(part))+")", append([]any{userID}, anys(part)...)...)
		if err != nil {
			return nil, wrap("read mutes", err)
		}
		for _, n := range numbers {
			out[n] = true
		}
	}
	return out, nil
}

// Muted reports whether a user hears nothing of an issue.
func (s *Store) Muted(ctx context.Context, issue, userID int64) (bool, error) {
	var yes bool
	err := s.queryRow(ctx, "SELECT EXISTS (SELECT 1 FROM mutes WHERE issue_number = ? AND user_id = ?)", []any{issue, userID}, &yes)
	return yes, wrap("read mute", err)
}
