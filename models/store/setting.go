package store

import "context"

// Setting returns a setting of the installation; models.ErrNotFound when it was never set.
func (s *Store) Setting(ctx context.Context, name string) (string, error) {
	return remembered(ctx, s, "settings", name, func() (v string, err error) {
		err = s.queryRow(ctx, "SELECT value FROM settings WHERE name = ?", []any{name}, &v)
		return v, wrap("read setting", err)
	})
}

// SetSetting sets a setting of the installation.
func (s *Store) SetSetting(ctx context.Context, name, value string) error {
	return s.write(ctx, "set setting", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, s.upsert("INSERT INTO settings (name, value) VALUES (?, ?)", "name", "value"), name, value)
		return err
	})
}

// upsert adds to an INSERT what happens when the row with the same key is there: column gets the new value.
func (s *Store) upsert(insert, key, column string) string {
	if s.dialect == "mysql" {
		return insert + " ON DUPLICATE KEY UPDATE " + column + " = VALUES(" + column + ")"
	}
	return insert + " ON CONFLICT (" + key + ") DO UPDATE SET " + column + " = excluded." + column
}

// insertIgnore begins an INSERT that skips rows whose key is there already.
func (s *Store) insertIgnore() string {
	if s.dialect == "mysql" {
		return "INSERT IGNORE INTO "
	}
	return "INSERT OR IGNORE INTO "
}
