package store

import (
	"context"

	"gorm.io/gorm"

	"letterbox/models"
)

// scripts begins a query for versions of shared scripts: those in force, or all.
func (s *Store) scripts(ctx context.Context, inForce bool) *gorm.DB {
	on := "JOIN shared_script_versions v ON v.script_id = s.id"
	if inForce {
		on += " AND v.version = s.version"
	}
	return s.gorm(ctx).Table("shared_scripts s").Joins(on).
		Select("s.id, s.name, s.folded, v.version, v.source, v.on_failure, v.everyone, v.action, v.created_by, v.created_at")
}

// SharedScripts returns the shared scripts as they are in force, by name; at most 1,000.
func (s *Store) SharedScripts(ctx context.Context) ([]models.SharedScript, error) {
	var list []models.SharedScript
	err := s.scripts(ctx, true).Order("s.folded, s.id").Limit(1000).Scan(&list).Error
	return list, wrap("list shared scripts", err)
}

// SharedScriptsNamed returns those of the shared scripts in force that have one of these names, as they are compared.
func (s *Store) SharedScriptsNamed(ctx context.Context, folded []string) ([]models.SharedScript, error) {
	var list []models.SharedScript
	if len(folded) == 0 {
		return nil, nil
	}
	err := s.scripts(ctx, true).Where("s.folded IN ?", folded).Order("s.id").Limit(len(folded)).Scan(&list).Error
	return list, wrap("read shared scripts", err)
}

// SharedScript returns a shared script as it is in force.
func (s *Store) SharedScript(ctx context.Context, id int64) (models.SharedScript, error) {
	var one models.SharedScript
	err := s.scripts(ctx, true).Where("s.id = ?", id).Take(&one).Error
	return one, wrap("read shared script", err)
}

// SharedScriptVersions returns the versions of a shared script, newest first; at most 1,000.
func (s *Store) SharedScriptVersions(ctx context.Context, id int64) ([]models.SharedScript, error) {
	var list []models.SharedScript
	err := s.scripts(ctx, false).Where("s.id = ?", id).Order("v.version DESC").Limit(1000).Scan(&list).Error
	return list, wrap("list versions of a shared script", err)
}

// SharedScriptVersion returns one version of a shared script.
func (s *Store) SharedScriptVersion(ctx context.Context, id, version int64) (models.SharedScript, error) {
	var one models.SharedScript
	err := s.scripts(ctx, false).Where("s.id = ? AND v.version = ?", id, version).Take(&one).Error
	return one, wrap("read version of a shared script", err)
}

// CreateSharedScript adds a shared script with its first version and sets ID and Version; models.ErrConflict when there is
// one with that name.
func (s *Store) CreateSharedScript(ctx context.Context, one *models.SharedScript) error {
	return s.write(ctx, "create shared script", func(ctx context.Context, tx *txPool) (err error) {
		one.Version = 1
		one.ID, err = tx.insert(ctx, "INSERT INTO shared_scripts (name, folded, version, created_at) VALUES (?, ?, 1, ?)", one.Name, one.Folded, one.CreatedAt)
		if err != nil {
			return err
		}
		return addScriptVersion(ctx, tx, *one)
	})
}

// ChangeSharedScript puts a version of a shared script in force when the one in force is the one before it;
// models.ErrConflict otherwise.
func (s *Store) ChangeSharedScript(ctx context.Context, one models.SharedScript) error {
	return s.write(ctx, "change shared script", func(ctx context.Context, tx *txPool) error {
		if err := changedOne(tx.exec(ctx, "UPDATE shared_scripts SET version = ? WHERE id = ? AND version = ?", one.Version, one.ID, one.Version-1)); err != nil {
			return err
		}
		return addScriptVersion(ctx, tx, one)
	})
}

func addScriptVersion(ctx context.Context, tx *txPool, one models.SharedScript) error {
	_, err := tx.exec(ctx, `INSERT INTO shared_script_versions (script_id, version, source, on_failure, everyone, action, created_by, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, one.ID, one.Version, one.Source, one.OnFailure, one.Everyone, one.Action, one.CreatedBy, one.CreatedAt)
	return err
}

// DeleteSharedScript removes a shared script with all its versions.
func (s *Store) DeleteSharedScript(ctx context.Context, id int64) error {
	return s.write(ctx, "delete shared script", func(ctx context.Context, tx *txPool) error {
		if err := foundOne(tx.exec(ctx, "DELETE FROM shared_scripts WHERE id = ?", id)); err != nil {
			return err
		}
		_, err := tx.exec(ctx, "DELETE FROM shared_script_versions WHERE script_id = ?", id)
		return err
	})
}

// RulesWithScripts returns the rules in force of the inboxes in which some script is named, by inbox: of their own or shared.
// Some that have none may be among them.
func (s *Store) RulesWithScripts(ctx context.Context) ([]models.InboxRules, error) {
	var list []models.InboxRules
	err := s.gorm(ctx).Table("inboxes i").Joins("JOIN rule_versions r ON r.inbox_id = i.id AND r.version = i.rule_version").
		Select("i.id AS inbox_id, i.name, r.rules").Where("r.rules LIKE ?", `%"script"%`).Order("i.id").Scan(&list).Error
	return list, wrap("find rules with scripts", err)
}
