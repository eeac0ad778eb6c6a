-- How an inbox has been doing: its server's list against the ledger, and when it failed and recovered.
-- +goose Up

CREATE TABLE IF NOT EXISTS inbox_accounts (
    inbox_id BIGINT NOT NULL,
    server BIGINT NOT NULL,
    ledger BIGINT NOT NULL,
    unaccounted BIGINT NOT NULL,
    before_start BIGINT NOT NULL,
    at DATETIME(6) NOT NULL,
    PRIMARY KEY (inbox_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS inbox_events (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    inbox_id BIGINT NOT NULL,
    at DATETIME(6) NOT NULL,
    state VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    code VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
    args TEXT NULL,
    KEY inbox_events_inbox_id (inbox_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
