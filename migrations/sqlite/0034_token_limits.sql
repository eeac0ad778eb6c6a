-- API tokens may end by themselves, and may be for reading only.
-- +goose Up

ALTER TABLE tokens ADD COLUMN expires_at DATETIME NULL;
ALTER TABLE tokens ADD COLUMN read_only BOOLEAN NOT NULL DEFAULT 0;
