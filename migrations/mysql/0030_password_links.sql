-- Links by which a person chooses a password: those who are invited, and those who have forgotten theirs.
-- +goose NO TRANSACTION
-- +goose Up

CREATE TABLE IF NOT EXISTS password_links (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    user_id BIGINT NOT NULL,
    kind VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    token_hash VARBINARY(32) NOT NULL,
    token_enc TEXT NOT NULL,
    created_by BIGINT NULL,
    created_at DATETIME(6) NOT NULL,
    expires_at DATETIME(6) NOT NULL,
    UNIQUE KEY password_links_token_hash (token_hash),
    KEY password_links_user_id (user_id),
    KEY password_links_expires_at (expires_at),
    CONSTRAINT fk_password_links_user_id FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
