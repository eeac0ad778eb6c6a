-- Webhooks: addresses that are told of events, and what was sent to them.
-- +goose Up

CREATE TABLE webhooks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    project_id INTEGER NULL,
    url TEXT NOT NULL,
    events TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    secret_enc TEXT NOT NULL,
    old_secret_enc TEXT NOT NULL,
    old_secret_until DATETIME NULL,
    version INTEGER NOT NULL,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    failures INTEGER NOT NULL,
    failing_since DATETIME NULL,
    next_try_at DATETIME NULL,
    off_reason TEXT NOT NULL
);

CREATE TABLE webhook_deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_id INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    type TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_attempt_at DATETIME NULL,
    claim TEXT NOT NULL,
    claimed_until DATETIME NULL,
    status INTEGER NOT NULL,
    code TEXT NOT NULL,
    took INTEGER NOT NULL,
    created_at DATETIME NOT NULL,
    finished_at DATETIME NULL
);
CREATE UNIQUE INDEX webhook_deliveries_event_id ON webhook_deliveries (event_id);
CREATE INDEX webhook_deliveries_webhook_id_state ON webhook_deliveries (webhook_id, state);
CREATE INDEX webhook_deliveries_state_next_attempt_at ON webhook_deliveries (state, next_attempt_at);
CREATE INDEX webhook_deliveries_claim ON webhook_deliveries (claim);
