-- Scripts that admins write once, and that inboxes and flow rules run by their name.
-- +goose Up

CREATE TABLE shared_scripts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    folded TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at DATETIME NOT NULL
);
CREATE UNIQUE INDEX shared_scripts_folded ON shared_scripts (folded);

CREATE TABLE shared_script_versions (
    script_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    source TEXT NOT NULL,
    on_failure TEXT NOT NULL,
    everyone BOOLEAN NOT NULL,
    created_by INTEGER NULL,
    created_at DATETIME NOT NULL,
    PRIMARY KEY (script_id, version)
);
