-- The issues of a customer are counted by state without reading them.
-- +goose Up

-- Only once: MySQL has no ADD KEY IF NOT EXISTS.
SET @change = IF((SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'issues' AND index_name = 'issues_reporter_id_state_project_id') > 0, 'DO 0',
    'ALTER TABLE issues ADD KEY issues_reporter_id_state_project_id (reporter_id, state, project_id), DROP KEY issues_reporter_id');
PREPARE change_issues FROM @change;
EXECUTE change_issues;
DEALLOCATE PREPARE change_issues;
