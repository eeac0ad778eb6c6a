-- S/MIME: what the owner of a certificate announces to read.
-- +goose Up

-- Only once: MySQL has no ADD COLUMN IF NOT EXISTS.
SET @change = IF((SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'smime_certificates' AND column_name = 'reads_gcm') > 0, 'DO 0',
    'ALTER TABLE smime_certificates ADD COLUMN reads_gcm BOOLEAN NOT NULL DEFAULT FALSE, ADD COLUMN announced_at DATETIME(6) NULL');
PREPARE change_certificates FROM @change;
EXECUTE change_certificates;
DEALLOCATE PREPARE change_certificates;
