-- S/MIME: what the owner of a certificate announces to read.
-- +goose Up

ALTER TABLE smime_certificates ADD COLUMN reads_gcm BOOLEAN NOT NULL DEFAULT 0;
ALTER TABLE smime_certificates ADD COLUMN announced_at DATETIME NULL;
