-- Sign-in with OAuth 2.0: what accounts sign in with, shared by all processes, and sign-ins under way.
-- +goose NO TRANSACTION
-- +goose Up

CREATE TABLE IF NOT EXISTS oauth_credentials (
    owner VARBINARY(64) NOT NULL,
    secret_enc LONGTEXT NOT NULL,
    certificate_enc LONGTEXT NOT NULL,
    refresh_enc LONGTEXT NOT NULL,
    access_enc LONGTEXT NOT NULL,
    access_expires_at DATETIME(6) NULL,
    refresh_at DATETIME(6) NULL,
    granted LONGTEXT NOT NULL,
    account VARBINARY(320) NOT NULL,
    connected_at DATETIME(6) NULL,
    code VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    args LONGTEXT NOT NULL,
    trouble_at DATETIME(6) NULL,
    reminded BIGINT NOT NULL,
    claim VARBINARY(64) NOT NULL,
    claimed_until DATETIME(6) NULL,
    updated_at DATETIME(6) NOT NULL,
    PRIMARY KEY (owner)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS oauth_grants (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    state_hash VARBINARY(32) NOT NULL,
    kind VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    owner VARBINARY(64) NOT NULL,
    user_id BIGINT NOT NULL,
    data_enc LONGTEXT NOT NULL,
    redirect LONGTEXT NOT NULL,
    user_code LONGTEXT NOT NULL,
    verify_at LONGTEXT NOT NULL,
    wait_seconds BIGINT NOT NULL,
    next_at DATETIME(6) NULL,
    code VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    args LONGTEXT NOT NULL,
    created_at DATETIME(6) NOT NULL,
    expires_at DATETIME(6) NOT NULL,
    UNIQUE KEY oauth_grants_state_hash (state_hash),
    KEY oauth_grants_owner (owner)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
