-- Links by which a person chooses a password: those who are invited, and those who have forgotten theirs.
-- +goose Up

CREATE TABLE password_links (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL,
    token_hash BLOB NOT NULL,
    token_enc TEXT NOT NULL,
    created_by INTEGER NULL,
    created_at DATETIME NOT NULL,
    expires_at DATETIME NOT NULL
);
CREATE UNIQUE INDEX password_links_token_hash ON password_links (token_hash);
CREATE INDEX password_links_user_id ON password_links (user_id);
CREATE INDEX password_links_expires_at ON password_links (expires_at);
