-- How somebody wants to see lists of issues, what somebody looked at, and issues of nobody without reading all new ones.
-- +goose Up

ALTER TABLE users ADD COLUMN list_look TEXT NOT NULL DEFAULT '';
ALTER TABLE views ADD COLUMN look TEXT NOT NULL DEFAULT '';

-- The issues that somebody looked at, and when last.
CREATE TABLE issue_visits (
    user_id INTEGER NOT NULL,
    issue_number INTEGER NOT NULL,
    visited_at DATETIME NOT NULL,
    PRIMARY KEY (user_id, issue_number),
    FOREIGN KEY (user_id) REFERENCES users (id),
    FOREIGN KEY (issue_number) REFERENCES issues (number)
);
CREATE INDEX issue_visits_user_id_visited_at ON issue_visits (user_id, visited_at);
CREATE INDEX issue_visits_issue_number ON issue_visits (issue_number);

CREATE INDEX issues_assignee_id_state_project_id ON issues (assignee_id, state, project_id);
DROP INDEX issues_assignee_id;
