-- Organisations of contacts, more about projects, answers to requests that are sent again.
-- +goose Up

CREATE TABLE IF NOT EXISTS organisations (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name VARCHAR(500) NOT NULL,
    created_at DATETIME(6) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- An address, or a domain with "@" before it.
CREATE TABLE IF NOT EXISTS organisation_entries (
    entry VARBINARY(320) NOT NULL,
    organisation_id BIGINT NOT NULL,
    PRIMARY KEY (entry),
    KEY organisation_entries_organisation_id (organisation_id),
    CONSTRAINT fk_organisation_entries_organisation_id FOREIGN KEY (organisation_id) REFERENCES organisations (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Only once: MySQL has no ADD COLUMN IF NOT EXISTS.
SET @change = IF((SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'projects' AND column_name = 'active_issue') > 0, 'DO 0',
    'ALTER TABLE projects ADD COLUMN default_assignee_id BIGINT NULL, ADD COLUMN active_issue BIGINT NULL');
PREPARE change_projects FROM @change;
EXECUTE change_projects;
DEALLOCATE PREPARE change_projects;

-- Texts for answers.
CREATE TABLE IF NOT EXISTS answer_templates (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    project_id BIGINT NOT NULL,
    name VARCHAR(500) NOT NULL,
    body MEDIUMTEXT NOT NULL,
    created_at DATETIME(6) NOT NULL,
    KEY answer_templates_project_id (project_id),
    CONSTRAINT fk_answer_templates_project_id FOREIGN KEY (project_id) REFERENCES projects (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- name is a hash of person and Idempotency-Key; status is 0 while the request is under way.
CREATE TABLE IF NOT EXISTS idempotency_keys (
    name VARBINARY(32) NOT NULL,
    fingerprint VARBINARY(32) NOT NULL,
    status BIGINT NOT NULL,
    location VARCHAR(500) NOT NULL,
    answer MEDIUMBLOB NULL,
    expires_at DATETIME(6) NOT NULL,
    PRIMARY KEY (name),
    KEY idempotency_keys_expires_at (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
