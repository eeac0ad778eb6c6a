-- What the answer templates of a project were, and who made them so.
-- +goose NO TRANSACTION
-- +goose Up

CREATE TABLE IF NOT EXISTS template_versions (
    project_id BIGINT NOT NULL,
    version BIGINT NOT NULL,
    action VARCHAR(60) NOT NULL,
    config LONGTEXT NOT NULL,
    created_by BIGINT NULL,
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (project_id, version)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
