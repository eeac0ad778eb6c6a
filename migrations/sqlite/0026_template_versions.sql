-- What the answer templates of a project were, and who made them so.
-- +goose Up

CREATE TABLE template_versions (
    project_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    action TEXT NOT NULL,
    config TEXT NOT NULL,
    created_by INTEGER NULL,
    created_at DATETIME NOT NULL,
    PRIMARY KEY (project_id, version)
);
