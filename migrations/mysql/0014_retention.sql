-- What retention leaves alone.
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
