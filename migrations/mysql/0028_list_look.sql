-- How somebody wants to see lists of issues, what somebody looked at, and issues of nobody without reading all new ones.
-- +goose NO TRANSACTION
-- +goose Up

-- Only once: MySQL has no ADD COLUMN IF NOT EXISTS, and no ADD KEY IF NOT EXISTS.
SET @change = IF((SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'users' AND column_name = 'list_look') > 0, 'DO 0',
    'ALTER TABLE users ADD COLUMN list_look VARCHAR(200) COLLATE utf8mb4_bin NOT NULL DEFAULT ''''');
PREPARE change_users FROM @change;
EXECUTE change_users;
DEALLOCATE PREPARE change_users;

SET @change = IF((SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'views' AND column_name = 'look') > 0, 'DO 0',
    'ALTER TABLE views ADD COLUMN look VARCHAR(200) COLLATE utf8mb4_bin NOT NULL DEFAULT ''''');
PREPARE change_views FROM @change;
EXECUTE change_views;
DEALLOCATE PREPARE change_views;

-- The issues that somebody looked at, and when last.
CREATE TABLE IF NOT EXISTS issue_visits (
    user_id BIGINT NOT NULL,
    issue_number BIGINT NOT NULL,
    visited_at DATETIME(6) NOT NULL,
    PRIMARY KEY (user_id, issue_number),
    KEY issue_visits_user_id_visited_at (user_id, visited_at),
    KEY issue_visits_issue_number (issue_number),
    CONSTRAINT fk_issue_visits_user_id FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT fk_issue_visits_issue_number FOREIGN KEY (issue_number) REFERENCES issues (number)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

SET @change = IF((SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'issues' AND index_name = 'issues_assignee_id_state_project_id') > 0, 'DO 0',
    'ALTER TABLE issues ADD KEY issues_assignee_id_state_project_id (assignee_id, state, project_id), DROP KEY issues_assignee_id');
PREPARE change_issues FROM @change;
EXECUTE change_issues;
DEALLOCATE PREPARE change_issues;
