-- How an inbox has been doing: its server's list against the ledger, and when it failed and recovered.
-- +goose Up

CREATE TABLE inbox_accounts (
    inbox_id INTEGER NOT NULL,
    server INTEGER NOT NULL,
    ledger INTEGER NOT NULL,
    unaccounted INTEGER NOT NULL,
    before_start INTEGER NOT NULL,
    at DATETIME NOT NULL,
    PRIMARY KEY (inbox_id)
);

CREATE TABLE inbox_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    inbox_id INTEGER NOT NULL,
    at DATETIME NOT NULL,
    state TEXT NOT NULL,
    code TEXT NOT NULL,
    args TEXT NULL
);
CREATE INDEX inbox_events_inbox_id ON inbox_events (inbox_id);
