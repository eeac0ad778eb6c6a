package store

import (
	"context"
	"errors"

	"letterbox/models"
)

// AddIntake records a mail and sets its Number to the next one of its project and year. It must be called in the
// transaction of what the mail becomes: undone with it, the number is given to the next one. A second record of a
// message is models.ErrConflict.
func (s *Store) AddIntake(ctx context.Context, i *models.Intake) error {
	if s.tx(ctx) == nil {
		return errors.New("add intake: outside of a transaction")
	}
	return s.write(ctx, "add intake", func(ctx context.Context, tx *txPool) (err error) {
		if i.Number, err = s.nextIntake(ctx, tx, i.ProjectID, i.Year); err != nil {
			return err
		}
		i.ID, i.CreatedAt = 0, now()
		return s.gorm(ctx).Create(i).Error
	})
}

func (s *Store) nextIntake(ctx context.Context, tx *txPool, project int64, year int) (int64, error) {
	if s.dialect == "mysql" {
		return tx.insert(ctx, `INSERT INTO intake_counters (project_id, year, value) VALUES (?, ?, LAST_INSERT_ID(1))
			ON DUPLICATE KEY UPDATE value = LAST_INSERT_ID(value + 1)`, project, year)
	}
	var n int64
	err := s.queryRow(ctx, `INSERT INTO intake_counters (project_id, year, value) VALUES (?, ?, 1)
		ON CONFLICT (project_id, year) DO UPDATE SET value = value + 1 RETURNING value`, []any{project, year}, &n)
	return n, err
}

// Intakes returns the records of the mails of an issue, oldest first; at most 10,000.
func (s *Store) Intakes(ctx context.Context, issue int64) ([]models.Intake, error) {
	var list []models.Intake
	err := s.gorm(ctx).Where("issue_number = ?", issue).Order("id").Limit(10_000).Find(&list).Error
	return list, wrap("list intakes", err)
}

// IntakeByID returns the record of a mail.
func (s *Store) IntakeByID(ctx context.Context, id int64) (models.Intake, error) {
	var i models.Intake
	err := s.gorm(ctx).Where("id = ?", id).Take(&i).Error
	return i, wrap("read intake", err)
}
