-- Message intakes: running numbers of mails, gapless for each project and year.
-- +goose Up

CREATE TABLE intake_counters (
    project_id INTEGER NOT NULL,
    year INTEGER NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (project_id, year)
);

CREATE TABLE intakes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL,
    year INTEGER NOT NULL,
    number INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    issue_number INTEGER NOT NULL,
    comment_id INTEGER NULL,
    came_at DATETIME NOT NULL,
    created_at DATETIME NOT NULL,
    FOREIGN KEY (project_id) REFERENCES projects (id)
);
CREATE UNIQUE INDEX intakes_project_id_year_number ON intakes (project_id, year, number);
CREATE UNIQUE INDEX intakes_message_id ON intakes (message_id);
CREATE INDEX intakes_issue_number ON intakes (issue_number);
