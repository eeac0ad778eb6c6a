package store

import (
	"context"
	"database/sql"
	"slices"

	"letterbox/models"
)

// SaveOrganisation adds an organisation, or changes the one with its ID, with exactly these entries. An entry that
// another one has is models.ErrConflict.
func (s *Store) SaveOrganisation(ctx context.Context, o *models.Organisation) error {
	id := o.ID
	return s.write(ctx, "save organisation", func(ctx context.Context, tx *txPool) error {
		o.ID, o.Name = id, cut(o.Name, 500)
		if id == 0 {
			if err := s.gorm(ctx).Create(o).Error; err != nil {
				return err
			}
		} else {
			if _, err := s.Organisation(ctx, id); err != nil {
				return err
			}
			if _, err := tx.exec(ctx, "UPDATE organisations SET name = ? WHERE id = ?", o.Name, id); err != nil {
				return err
			}
			if _, err := tx.exec(ctx, "DELETE FROM organisation_entries WHERE organisation_id = ?", id); err != nil {
				return err
			}
		}
		for _, e := range o.Entries {
			if _, err := tx.exec(ctx, "INSERT INTO organisation_entries (entry, organisation_id) VALUES (?, ?)", e, o.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// Organisation returns an organisation with its entries.
func (s *Store) Organisation(ctx context.Context, id int64) (models.Organisation, error) {
	var o models.Organisation
	if err := s.gorm(ctx).Where("id = ?", id).Take(&o).Error; err != nil {
		return o, wrap("read organisation", err)
	}
	list := []models.Organisation{o}
	err := s.fillEntries(ctx, list)
	return list[0], err
}

// Organisations returns all organisations with their entries, by name; at most 10,000.
func (s *Store) Organisations(ctx context.Context) ([]models.Organisation, error) {
	var list []models.Organisation
	if err := s.gorm(ctx).Order("name, id").Limit(10_000).Find(&list).Error; err != nil {
		return nil, wrap("list organisations", err)
	}
	return list, s.fillEntries(ctx, list)
}

func (s *Store) fillEntries(ctx context.Context, list []models.Organisation) error {
	at := make(map[int64]*models.Organisation, len(list))
	for i := range list {
		at[list[i].ID] = &list[i]
	}
	err := s.each(ctx, "SELECT organisation_id, entry FROM organisation_entries ORDER BY entry", nil, func(r *sql.Rows) error {
		var id int64
		var e string
		err := r.Scan(&id, &e)
		if o := at[id]; o != nil {
			o.Entries = append(o.Entries, e)
		}
		return err
	})
	return wrap("read organisations", err)
}

// DeleteOrganisation removes an organisation; its contacts stay.
func (s *Store) DeleteOrganisation(ctx context.Context, id int64) error {
	return s.write(ctx, "delete organisation", func(ctx context.Context, tx *txPool) error {
		if _, err := tx.exec(ctx, "DELETE FROM organisation_entries WHERE organisation_id = ?", id); err != nil {
			return err
		}
		return foundOne(tx.exec(ctx, "DELETE FROM organisations WHERE id = ?", id))
	})
}

// OrganisationsByEntry returns which organisation has which of these entries.
func (s *Store) OrganisationsByEntry(ctx context.Context, entries []string) (map[string]int64, error) {
	out := make(map[string]int64, len(entries))
	for part := range slices.Chunk(entries, 200) {
		err := s.each(ctx, "SELECT entry, organisation_id FROM organisation_entries WHERE entry IN ("+marks(len(part))+")", anys(part), func(r *sql.Rows) error {
			var e string
			var id int64
			err := r.Scan(&e, &id)
			out[e] = id
			return err
		})
		if err != nil {
			return nil, wrap("find organisations", err)
		}
	}
	return out, nil
}
