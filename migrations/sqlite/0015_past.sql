-- What retention leaves alone, and the numbers that issues had in another tracker.
-- +goose Up

CREATE TABLE holds (
    kind TEXT NOT NULL,
    object_id INTEGER NOT NULL,
    reason TEXT NOT NULL,
    user_id INTEGER NULL,
    created_at DATETIME NOT NULL,
    PRIMARY KEY (kind, object_id)
);

CREATE TABLE external_numbers (
    project_id INTEGER NOT NULL,
    source TEXT NOT NULL,
    number TEXT NOT NULL,
    issue_number INTEGER NOT NULL,
    created_at DATETIME NOT NULL,
    PRIMARY KEY (project_id, source, number),
    FOREIGN KEY (project_id) REFERENCES projects (id)
);
CREATE INDEX external_numbers_issue_number ON external_numbers (issue_number);
