-- Signing in: where a session comes from, attempts that failed, second factors, accounts elsewhere.
-- +goose Up

-- Only once: MySQL has no ADD COLUMN IF NOT EXISTS.
SET @change = IF((SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'sessions' AND column_name = 'agent') > 0, 'DO 0',
    'ALTER TABLE sessions ADD COLUMN agent VARCHAR(400) NOT NULL DEFAULT '''', ADD COLUMN client VARCHAR(64) NOT NULL DEFAULT '''', ADD COLUMN method VARCHAR(32) COLLATE utf8mb4_bin NOT NULL DEFAULT '''', ADD COLUMN used_at DATETIME(6) NULL');
PREPARE change_sessions FROM @change;
EXECUTE change_sessions;
DEALLOCATE PREPARE change_sessions;

-- Shared by all processes; name is a hash of who tries what.
CREATE TABLE IF NOT EXISTS sign_in_attempts (
    name VARBINARY(32) NOT NULL,
    fails BIGINT NOT NULL,
    ends_at DATETIME(6) NOT NULL,
    PRIMARY KEY (name),
    KEY sign_in_attempts_ends_at (ends_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- A sign-in that is half done: the second factor is missing, or another site is asked.
CREATE TABLE IF NOT EXISTS sign_in_steps (
    token_hash VARBINARY(32) NOT NULL,
    kind VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    user_id BIGINT NULL,
    data TEXT NOT NULL,
    expires_at DATETIME(6) NOT NULL,
    PRIMARY KEY (token_hash),
    KEY sign_in_steps_expires_at (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS second_factors (
    user_id BIGINT NOT NULL,
    secret_enc TEXT NOT NULL,
    last_step BIGINT NOT NULL,
    created_at DATETIME(6) NOT NULL,
    confirmed_at DATETIME(6) NULL,
    PRIMARY KEY (user_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS recovery_codes (
    user_id BIGINT NOT NULL,
    code_hash VARBINARY(32) NOT NULL,
    PRIMARY KEY (user_id, code_hash)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Who somebody is at an identity provider; name is the hash of issuer and subject.
CREATE TABLE IF NOT EXISTS identities (
    name VARBINARY(32) NOT NULL,
    user_id BIGINT NOT NULL,
    issuer TEXT NOT NULL,
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (name),
    KEY identities_user_id (user_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
