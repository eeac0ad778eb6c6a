-- Scripts that admins write once, and that inboxes and flow rules run by their name.
-- +goose NO TRANSACTION
-- +goose Up

CREATE TABLE IF NOT EXISTS shared_scripts (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name VARCHAR(200) NOT NULL,
    folded VARBINARY(400) NOT NULL,
    version BIGINT NOT NULL,
    created_at DATETIME(6) NOT NULL,
    UNIQUE KEY shared_scripts_folded (folded)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS shared_script_versions (
    script_id BIGINT NOT NULL,
    version BIGINT NOT NULL,
    source LONGTEXT NOT NULL,
    on_failure VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    everyone BOOLEAN NOT NULL,
    created_by BIGINT NULL,
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (script_id, version)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
