-- Organisations of contacts, more about projects, answers to requests that are sent again.
-- +goose Up

CREATE TABLE organisations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    created_at DATETIME NOT NULL
);

-- An address, or a domain with "@" before it.
CREATE TABLE organisation_entries (
    entry TEXT NOT NULL,
    organisation_id INTEGER NOT NULL,
    PRIMARY KEY (entry),
    FOREIGN KEY (organisation_id) REFERENCES organisations (id)
);
CREATE INDEX organisation_entries_organisation_id ON organisation_entries (organisation_id);

ALTER TABLE projects ADD COLUMN default_assignee_id INTEGER NULL;
ALTER TABLE projects ADD COLUMN active_issue INTEGER NULL;

-- Texts for answers.
CREATE TABLE answer_templates (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at DATETIME NOT NULL,
    FOREIGN KEY (project_id) REFERENCES projects (id)
);
CREATE INDEX answer_templates_project_id ON answer_templates (project_id);

-- name is a hash of person and Idempotency-Key; status is 0 while the request is under way.
CREATE TABLE idempotency_keys (
    name BLOB NOT NULL,
    fingerprint BLOB NOT NULL,
    status INTEGER NOT NULL,
    location TEXT NOT NULL,
    answer BLOB NULL,
    expires_at DATETIME NOT NULL,
    PRIMARY KEY (name)
);
CREATE INDEX idempotency_keys_expires_at ON idempotency_keys (expires_at);
