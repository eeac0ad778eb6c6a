-- The issues of a customer are counted by state without reading them.
-- +goose Up

CREATE INDEX issues_reporter_id_state_project_id ON issues (reporter_id, state, project_id);
DROP INDEX issues_reporter_id;
