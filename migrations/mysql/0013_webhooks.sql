-- Webhooks: addresses that are told of events, and what was sent to them.
-- +goose NO TRANSACTION
-- +goose Up

CREATE TABLE IF NOT EXISTS webhooks (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name VARCHAR(200) NOT NULL,
    project_id BIGINT NULL,
    url VARCHAR(2000) COLLATE utf8mb4_bin NOT NULL,
    events LONGTEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    secret_enc LONGTEXT NOT NULL,
    old_secret_enc LONGTEXT NOT NULL,
    old_secret_until DATETIME(6) NULL,
    version BIGINT NOT NULL,
    created_at DATETIME(6) NOT NULL,
    updated_at DATETIME(6) NOT NULL,
    failures BIGINT NOT NULL,
    failing_since DATETIME(6) NULL,
    next_try_at DATETIME(6) NULL,
    off_reason VARCHAR(32) COLLATE utf8mb4_bin NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS webhook_deliveries (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    webhook_id BIGINT NOT NULL,
    event_id VARBINARY(64) NOT NULL,
    type VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
    body LONGTEXT NOT NULL,
    state VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    attempts BIGINT NOT NULL,
    next_attempt_at DATETIME(6) NULL,
    claim VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
    claimed_until DATETIME(6) NULL,
    status BIGINT NOT NULL,
    code VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    took BIGINT NOT NULL,
    created_at DATETIME(6) NOT NULL,
    finished_at DATETIME(6) NULL,
    UNIQUE KEY webhook_deliveries_event_id (event_id),
    KEY webhook_deliveries_webhook_id_state (webhook_id, state),
    KEY webhook_deliveries_state_next_attempt_at (state, next_attempt_at),
    KEY webhook_deliveries_claim (claim)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
