-- What made a version of a shared script: the form, a file, an earlier version. '' is not known any more.
-- +goose Up

ALTER TABLE shared_script_versions ADD COLUMN action TEXT NOT NULL DEFAULT '';
UPDATE shared_script_versions SET action = 'shared_script.create' WHERE version = 1;
