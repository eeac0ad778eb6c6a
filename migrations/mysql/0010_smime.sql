-- S/MIME: our certificates with their keys, and the certificates of those we write to.
-- +goose NO TRANSACTION
-- +goose Up

CREATE TABLE IF NOT EXISTS smime_keys (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    address VARBINARY(320) NOT NULL,
    fingerprint VARBINARY(64) NOT NULL,
    source VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    certificate LONGBLOB NOT NULL,
    key_enc LONGTEXT NOT NULL,
    not_before DATETIME(6) NOT NULL,
    not_after DATETIME(6) NOT NULL,
    created_at DATETIME(6) NOT NULL,
    UNIQUE KEY smime_keys_fingerprint (fingerprint),
    KEY smime_keys_address (address)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS smime_certificates (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    address VARBINARY(320) NOT NULL,
    fingerprint VARBINARY(64) NOT NULL,
    source VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    certificate LONGBLOB NOT NULL,
    issuer VARCHAR(500) NOT NULL,
    not_before DATETIME(6) NOT NULL,
    not_after DATETIME(6) NOT NULL,
    first_seen_at DATETIME(6) NOT NULL,
    revoked_at DATETIME(6) NULL,
    UNIQUE KEY smime_certificates_address_fingerprint (address, fingerprint)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
