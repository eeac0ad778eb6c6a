-- API tokens may end by themselves, and may be for reading only.
-- +goose NO TRANSACTION
-- +goose Up

-- Only once: MySQL has no ADD COLUMN IF NOT EXISTS.
SET @change = IF((SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'tokens' AND column_name = 'expires_at') > 0, 'DO 0',
    'ALTER TABLE tokens ADD COLUMN expires_at DATETIME(6) NULL, ADD COLUMN read_only BOOLEAN NOT NULL DEFAULT 0');
PREPARE change_tokens FROM @change;
EXECUTE change_tokens;
DEALLOCATE PREPARE change_tokens;
