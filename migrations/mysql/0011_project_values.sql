-- States and priorities that a project names itself; base is what they count as.
-- +goose NO TRANSACTION
-- +goose Up

CREATE TABLE IF NOT EXISTS project_values (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    project_id BIGINT NOT NULL,
    kind VARCHAR(16) COLLATE utf8mb4_bin NOT NULL,
    name VARCHAR(200) NOT NULL,
    folded VARBINARY(800) NOT NULL,
    base VARCHAR(16) COLLATE utf8mb4_bin NOT NULL,
    colour VARCHAR(16) COLLATE utf8mb4_bin NOT NULL,
    place BIGINT NOT NULL,
    KEY project_values_project_id (project_id),
    KEY project_values_folded (folded),
    CONSTRAINT fk_project_values_project_id FOREIGN KEY (project_id) REFERENCES projects (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Only once: MySQL has no ADD COLUMN IF NOT EXISTS.
SET @change = IF((SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'issues' AND column_name = 'state_id') > 0, 'DO 0',
    'ALTER TABLE issues ADD COLUMN state_id BIGINT NULL, ADD COLUMN priority_id BIGINT NULL, ADD KEY issues_state_id (state_id), ADD KEY issues_priority_id (priority_id)');
PREPARE change_issues FROM @change;
EXECUTE change_issues;
DEALLOCATE PREPARE change_issues;
