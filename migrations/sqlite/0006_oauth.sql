-- Sign-in with OAuth 2.0: what accounts sign in with, shared by all processes, and sign-ins under way.
-- +goose Up

CREATE TABLE oauth_credentials (
    owner TEXT NOT NULL,
    secret_enc TEXT NOT NULL,
    certificate_enc TEXT NOT NULL,
    refresh_enc TEXT NOT NULL,
    access_enc TEXT NOT NULL,
    access_expires_at DATETIME NULL,
    refresh_at DATETIME NULL,
    granted TEXT NOT NULL,
    account TEXT NOT NULL,
    connected_at DATETIME NULL,
    code TEXT NOT NULL,
    args TEXT NOT NULL,
    trouble_at DATETIME NULL,
    reminded INTEGER NOT NULL,
    claim TEXT NOT NULL,
    claimed_until DATETIME NULL,
    updated_at DATETIME NOT NULL,
    PRIMARY KEY (owner)
);

CREATE TABLE oauth_grants (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    state_hash BLOB NOT NULL,
    kind TEXT NOT NULL,
    owner TEXT NOT NULL,
    user_id INTEGER NOT NULL,
    data_enc TEXT NOT NULL,
    redirect TEXT NOT NULL,
    user_code TEXT NOT NULL,
    verify_at TEXT NOT NULL,
    wait_seconds INTEGER NOT NULL,
    next_at DATETIME NULL,
    code TEXT NOT NULL,
    args TEXT NOT NULL,
    created_at DATETIME NOT NULL,
    expires_at DATETIME NOT NULL
);
CREATE UNIQUE INDEX oauth_grants_state_hash ON oauth_grants (state_hash);
CREATE INDEX oauth_grants_owner ON oauth_grants (owner);
