package store

import (
	"context"
	"database/sql"
	"fmt"
)

// Sealed is a stored value that package secret has sealed.
type Sealed struct {
	Table, Column string
	Row           string // What names its row: the number, owner, fingerprint or name.
	Text          string
}

// sealedColumns are all columns that hold sealed values: table, what names a row, column, and which rows.
func sealedColumns() [][4]string {
	return [][4]string{
		{"inboxes", "id", "password_enc", ""},
		{"sending_accounts", "id", "password_enc", ""},
		{"oauth_credentials", "owner", "secret_enc", ""}, {"oauth_credentials", "owner", "certificate_enc", ""},
		{"oauth_credentials", "owner", "refresh_enc", ""}, {"oauth_credentials", "owner", "access_enc", ""},
		{"oauth_grants", "owner", "data_enc", ""},
		{"second_factors", "user_id", "secret_enc", ""},
		{"smime_keys", "fingerprint", "key_enc", ""},
		{"password_links", "id", "token_enc", ""},
		{"webhooks", "id", "secret_enc", ""}, {"webhooks", "id", "old_secret_enc", ""},
		{"settings", "name", "value", " AND name = 'reply_keys'"},
	}
}

// Reseal replaces each sealed value by what seal makes of it, all in one transaction: when seal refuses one, none is
// changed. It returns how many there are. seal may be called again for the same value.
func (s *Store) Reseal(ctx context.Context, seal func(Sealed) (string, error)) (n int, err error) {
	err = s.write(ctx, "seal stored secrets anew", func(ctx context.Context, tx *txPool) error {
		n = 0
		for _, c := range sealedColumns() {
			table, row, column := c[0], c[1], c[2]
			var all []Sealed
			query := "SELECT " + row + ", " + column + " FROM " + table + " WHERE " + column + " <> ''" + c[3]
			err := s.each(ctx, query, nil, func(rows *sql.Rows) error {
				one := Sealed{Table: table, Column: column}
				err := rows.Scan(&one.Row, &one.Text)
				all = append(all, one)
				return err
			})
			if err != nil {
				return err
			}
			for _, one := range all {
				text, err := seal(one)
				if err != nil {
					return fmt.Errorf("%s of %s %s: %w", column, table, one.Row, err)
				}
				if _, err := tx.exec(ctx, "UPDATE "+table+" SET "+column+" = ? WHERE "+row+" = ? AND "+column+" = ?", text, one.Row, one.Text); err != nil {
					return err
				}
				n++
			}
		}
		return nil
	})
	return n, err
}
