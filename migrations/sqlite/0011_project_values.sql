-- States and priorities that a project names itself; base is what they count as.
-- +goose Up

CREATE TABLE project_values (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    folded TEXT NOT NULL,
    base TEXT NOT NULL,
    colour TEXT NOT NULL,
    place INTEGER NOT NULL,
    FOREIGN KEY (project_id) REFERENCES projects (id)
);
CREATE INDEX project_values_project_id ON project_values (project_id);
CREATE INDEX project_values_folded ON project_values (folded);

ALTER TABLE issues ADD COLUMN state_id INTEGER NULL;
ALTER TABLE issues ADD COLUMN priority_id INTEGER NULL;
CREATE INDEX issues_state_id ON issues (state_id);
CREATE INDEX issues_priority_id ON issues (priority_id);
