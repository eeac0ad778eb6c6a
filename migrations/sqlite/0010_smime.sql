-- S/MIME: our certificates with their keys, and the certificates of those we write to.
-- +goose Up

CREATE TABLE smime_keys (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    address TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    source TEXT NOT NULL,
    certificate BLOB NOT NULL,
    key_enc TEXT NOT NULL,
    not_before DATETIME NOT NULL,
    not_after DATETIME NOT NULL,
    created_at DATETIME NOT NULL
);
CREATE UNIQUE INDEX smime_keys_fingerprint ON smime_keys (fingerprint);
CREATE INDEX smime_keys_address ON smime_keys (address);

CREATE TABLE smime_certificates (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    address TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    source TEXT NOT NULL,
    certificate BLOB NOT NULL,
    issuer TEXT NOT NULL,
    not_before DATETIME NOT NULL,
    not_after DATETIME NOT NULL,
    first_seen_at DATETIME NOT NULL,
    revoked_at DATETIME NULL
);
CREATE UNIQUE INDEX smime_certificates_address_fingerprint ON smime_certificates (address, fingerprint);
