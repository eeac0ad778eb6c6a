-- Signing in: where a session comes from, attempts that failed, second factors, accounts elsewhere.
-- +goose Up

ALTER TABLE sessions ADD COLUMN agent TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN client TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN method TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN used_at DATETIME NULL;

-- Shared by all processes; name is a hash of who tries what.
CREATE TABLE sign_in_attempts (
    name BLOB NOT NULL,
    fails INTEGER NOT NULL,
    ends_at DATETIME NOT NULL,
    PRIMARY KEY (name)
);
CREATE INDEX sign_in_attempts_ends_at ON sign_in_attempts (ends_at);

-- A sign-in that is half done: the second factor is missing, or another site is asked.
CREATE TABLE sign_in_steps (
    token_hash BLOB NOT NULL,
    kind TEXT NOT NULL,
    user_id INTEGER NULL,
    data TEXT NOT NULL,
    expires_at DATETIME NOT NULL,
    PRIMARY KEY (token_hash)
);
CREATE INDEX sign_in_steps_expires_at ON sign_in_steps (expires_at);

CREATE TABLE second_factors (
    user_id INTEGER NOT NULL,
    secret_enc TEXT NOT NULL,
    last_step INTEGER NOT NULL,
    created_at DATETIME NOT NULL,
    confirmed_at DATETIME NULL,
    PRIMARY KEY (user_id)
);

CREATE TABLE recovery_codes (
    user_id INTEGER NOT NULL,
    code_hash BLOB NOT NULL,
    PRIMARY KEY (user_id, code_hash)
);

-- Who somebody is at an identity provider; name is the hash of issuer and subject.
CREATE TABLE identities (
    name BLOB NOT NULL,
    user_id INTEGER NOT NULL,
    issuer TEXT NOT NULL,
    created_at DATETIME NOT NULL,
    PRIMARY KEY (name)
);
CREATE INDEX identities_user_id ON identities (user_id);
