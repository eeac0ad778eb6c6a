-- What an inbox was set to, and by whom.
-- +goose Up

CREATE TABLE inbox_versions (
    inbox_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    action TEXT NOT NULL,
    config TEXT NOT NULL,
    created_by INTEGER NULL,
    created_at DATETIME NOT NULL,
    PRIMARY KEY (inbox_id, version)
);
