-- What retention leaves alone, and the numbers that issues had in another tracker.
-- +goose NO TRANSACTION
-- +goose Up

CREATE TABLE IF NOT EXISTS holds (
    kind VARCHAR(20) COLLATE utf8mb4_bin NOT NULL,
    object_id BIGINT NOT NULL,
    reason VARCHAR(1000) NOT NULL,
    user_id BIGINT NULL,
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (kind, object_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS external_numbers (
    project_id BIGINT NOT NULL,
    source VARCHAR(50) COLLATE utf8mb4_bin NOT NULL,
    number VARCHAR(100) COLLATE utf8mb4_bin NOT NULL,
    issue_number BIGINT NOT NULL,
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (project_id, source, number),
    KEY external_numbers_issue_number (issue_number),
    CONSTRAINT fk_external_numbers_project_id FOREIGN KEY (project_id) REFERENCES projects (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
