-- What mails that are data say of an issue, and which issue belongs to a merge key.
-- +goose Up

CREATE TABLE issue_fields (
    issue_number INTEGER NOT NULL,
    place INTEGER NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (issue_number, place)
);

-- The primary key is what keeps two processes from opening two issues for one key.
CREATE TABLE merge_keys (
    project_id INTEGER NOT NULL,
    merge_key TEXT NOT NULL,
    issue_number INTEGER NOT NULL,
    latest_at DATETIME NOT NULL,
    PRIMARY KEY (project_id, merge_key)
);
CREATE INDEX merge_keys_issue_number ON merge_keys (issue_number);
