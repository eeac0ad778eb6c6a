package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"letterbox/models"
)

// CreateInbox adds an inbox and sets ID, Version and the times. A name that is taken is models.ErrConflict.
func (s *Store) CreateInbox(ctx context.Context, i *models.Inbox) error {
	i.Version = 1
	return s.create(ctx, "create inbox", i, func() { i.ID = 0 })
}

// InboxByID returns an inbox.
func (s *Store) InboxByID(ctx context.Context, id int64) (models.Inbox, error) {
	var i models.Inbox
	err := s.gorm(ctx).Where("id = ?", id).Take(&i).Error
	return i, wrap("read inbox", err)
}

// InboxByName returns the inbox with that name, compared octet by octet.
func (s *Store) InboxByName(ctx context.Context, name string) (models.Inbox, error) {
	var i models.Inbox
	err := s.gorm(ctx).Where("name = ?", name).Take(&i).Error
	return i, wrap("read inbox", err)
}

// Inboxes returns all inboxes by name; at most 20,000.
func (s *Store) Inboxes(ctx context.Context) ([]models.Inbox, error) {
	var list []models.Inbox
	err := s.gorm(ctx).Order("name").Limit(20_000).Find(&list).Error
	return list, wrap("list inboxes", err)
}

// InboxesAt returns the inboxes with one of these addresses by ID; at most 100.
func (s *Store) InboxesAt(ctx context.Context, addresses ...string) ([]models.Inbox, error) {
	var list []models.Inbox
	err := s.gorm(ctx).Where("address IN ?", addresses).Order("id").Limit(100).Find(&list).Error
	return list, wrap("find inboxes by address", err)
}

// InboxVersion is what of an inbox changes when it is to be visited otherwise, or now.
type InboxVersion struct {
	ID, Version, PollsAsked int64
}

// InboxVersions are those of all inboxes at one moment.
type InboxVersions struct {
	ByID   map[int64]InboxVersion
	Unread bool // No inbox is visited: see models.Reading.
	// Processes is how many make their presence known, with those that have died without a word and are not forgotten yet.
	Processes int64
	sums      [4]int64
}

// InboxVersions returns the versions of all inboxes as they are now, given as they were known before; it is cheap enough to
// be asked every few seconds. IDs are never used twice and what is summed up only grows, so equal sums are equal versions.
func (s *Store) InboxVersions(ctx context.Context, known InboxVersions) (InboxVersions, error) {
	now := InboxVersions{ByID: map[int64]InboxVersion{}}
	err := s.each(ctx, `SELECT COUNT(*), COALESCE(SUM(id), 0), COALESCE(SUM(version), 0), COALESCE(SUM(polls_asked), 0),
		(SELECT COUNT(*) FROM settings WHERE name = ? AND value <> ''), (SELECT COUNT(*) FROM leases WHERE name >= ? AND name < ?)
		FROM inboxes`, []any{models.SettingNoReading, Presence, Presence + "~"}, func(r *sql.Rows) error {
		return r.Scan(&now.sums[0], &now.sums[1], &now.sums[2], &now.sums[3], &now.Unread, &now.Processes)
	})
	if err != nil {
		return known, wrap("sum up versions of inboxes", err)
	}
	if known.ByID != nil && known.sums == now.sums {
		now.ByID = known.ByID
		return now, nil
	}
	// Read after the sums: what changes in between is read again the next time, never overlooked.
	err = s.each(ctx, "SELECT id, version, polls_asked FROM inboxes", nil, func(r *sql.Rows) error {
		var v InboxVersion
		err := r.Scan(&v.ID, &v.Version, &v.PollsAsked)
		now.ByID[v.ID] = v
		return err
	})
	if err != nil {
		return known, wrap("list versions of inboxes", err)
	}
	return now, nil
}

// InboxAddresses returns the addresses of all inboxes, their aliases among them.
func (s *Store) InboxAddresses(ctx context.Context) ([]string, error) {
	var out []string
	err := s.each(ctx, "SELECT address, settings FROM inboxes", nil, func(r *sql.Rows) error {
		var address string
		var settings []byte
		if err := r.Scan(&address, &settings); err != nil {
			return err
		}
		var also struct {
			Aliases []string `json:"aliases"`
		}
		if err := json.Unmarshal(settings, &also); err != nil {
			return fmt.Errorf("read settings: %w", err)
		}
		out = append(append(out, address), also.Aliases...)
		return nil
	})
	return out, wrap("list addresses of inboxes", err)
}

// InboxesByProject counts the inboxes of each project.
func (s *Store) InboxesByProject(ctx context.Context) (map[int64]int, error) {
	out := map[int64]int{}
	err := s.each(ctx, "SELECT project_id, COUNT(*) FROM inboxes GROUP BY project_id", nil, func(r *sql.Rows) error {
		var project int64
		var n int
		err := r.Scan(&project, &n)
		out[project] = n
		return err
	})
	return out, wrap("count inboxes", err)
}

// UpdateInbox writes an inbox when the stored version is still version; models.ErrConflict otherwise. It sets Version and
// UpdatedAt; CreatedAt, StartedAt and PollsAsked stay as they are stored.
func (s *Store) UpdateInbox(ctx context.Context, i *models.Inbox, version int64) error {
	settings, err := json.Marshal(i.Settings)
	if err != nil {
		return wrap("update inbox", err)
	}
	at := now()
	err = s.write(ctx, "update inbox", func(ctx context.Context, tx *txPool) error {
		return changedOne(tx.exec(ctx, `UPDATE inboxes SET name = ?, address = ?, project_id = ?, global = ?, enabled = ?,
			settings = ?, password_enc = ?, rule_version = ?, updated_at = ?, version = version + 1 WHERE id = ? AND version = ?`,
			i.Name, i.Address, i.ProjectID, i.Global, i.Enabled, string(settings), i.PasswordEnc, i.RuleVersion, at, i.ID, version))
	})
	if err == nil {
		i.Version, i.UpdatedAt = version+1, at
	}
	return err
}

// AskForPoll notes that somebody wants an inbox to be visited now.
func (s *Store) AskForPoll(ctx context.Context, id int64) error {
	return s.write(ctx, "ask for a poll", func(ctx context.Context, tx *txPool) error {
		return foundOne(tx.exec(ctx, "UPDATE inboxes SET polls_asked = polls_asked + 1 WHERE id = ?", id))
	})
}

// DeleteInbox removes an inbox with its rules, status and folder marks. The ledger keeps its messages.
func (s *Store) DeleteInbox(ctx context.Context, id int64) error {
	return s.write(ctx, "delete inbox", func(ctx context.Context, tx *txPool) error {
		if err := foundOne(tx.exec(ctx, "DELETE FROM inboxes WHERE id = ?", id)); err != nil {
			return err
		}
		for _, table := range []string{"rule_versions", "inbox_versions", "inbox_statuses", "folder_marks", "inbox_accounts", "inbox_events"} {
			if _, err := tx.exec(ctx, "DELETE FROM "+table+" WHERE inbox_id = ?", id); err != nil {
				return err
			}
		}
		return nil
	})
}

// SetInboxStarted notes when an inbox first connected. Later calls change nothing.
func (s *Store) SetInboxStarted(ctx context.Context, id int64, at time.Time) error {
	return s.write(ctx, "start inbox", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, "UPDATE inboxes SET started_at = ? WHERE id = ? AND started_at IS NULL", at, id)
		return err
	})
}
