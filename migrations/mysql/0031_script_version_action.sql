-- What made a version of a shared script: the form, a file, an earlier version. '' is not known any more.
-- +goose NO TRANSACTION
-- +goose Up

-- Only once: MySQL has no ADD COLUMN IF NOT EXISTS.
SET @change = IF((SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'shared_script_versions' AND column_name = 'action') > 0, 'DO 0',
    'ALTER TABLE shared_script_versions ADD COLUMN action VARCHAR(60) NOT NULL DEFAULT ''''');
PREPARE change_scripts FROM @change;
EXECUTE change_scripts;
DEALLOCATE PREPARE change_scripts;
UPDATE shared_script_versions SET action = 'shared_script.create' WHERE version = 1;
