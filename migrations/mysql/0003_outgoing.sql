-- Mail that goes out: sending accounts, the outbox, addresses that get none, and breakers of loops.
-- +goose NO TRANSACTION
-- +goose Up

CREATE TABLE IF NOT EXISTS sending_accounts (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    place VARBINARY(64) NOT NULL,
    address VARBINARY(320) NOT NULL,
    name VARCHAR(500) NOT NULL,
    settings LONGTEXT NOT NULL,
    password_enc TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at DATETIME(6) NOT NULL,
    updated_at DATETIME(6) NOT NULL,
    failures BIGINT NOT NULL,
    trouble_code VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    trouble_args TEXT NOT NULL,
    trouble_at DATETIME(6) NULL,
    next_try_at DATETIME(6) NULL,
    encrypted_with VARCHAR(320) COLLATE utf8mb4_bin NOT NULL,
    UNIQUE KEY sending_accounts_place (place)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- One row for each mail to one recipient. rfc_message_id follows from what called the mail forth, so it is made once.
CREATE TABLE IF NOT EXISTS outbox (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    kind VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    account_id BIGINT NOT NULL,
    inbox_id BIGINT NULL,
    issue_number BIGINT NOT NULL,
    comment_id BIGINT NULL,
    message_id BIGINT NULL,
    recipient VARBINARY(320) NOT NULL,
    recipient_name VARCHAR(500) NOT NULL,
    rfc_message_id VARBINARY(255) NOT NULL,
    language VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    content LONGTEXT NOT NULL,
    created_by BIGINT NULL,
    state VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    attempts BIGINT NOT NULL,
    next_attempt_at DATETIME(6) NULL,
    claim VARBINARY(64) NOT NULL,
    claimed_until DATETIME(6) NULL,
    code VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    answer TEXT NOT NULL,
    created_at DATETIME(6) NOT NULL,
    expires_at DATETIME(6) NOT NULL,
    accepted_at DATETIME(6) NULL,
    bounced_at DATETIME(6) NULL,
    UNIQUE KEY outbox_rfc_message_id (rfc_message_id),
    KEY outbox_account_id_state_next_attempt_at (account_id, state, next_attempt_at),
    KEY outbox_state_next_attempt_at (state, next_attempt_at),
    KEY outbox_account_id_accepted_at (account_id, accepted_at),
    KEY outbox_recipient_kind_created_at (recipient, kind, created_at),
    KEY outbox_inbox_id_kind_created_at (inbox_id, kind, created_at),
    KEY outbox_issue_number (issue_number),
    KEY outbox_claim (claim)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS suppressions (
    address VARBINARY(320) NOT NULL,
    reason VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    detail TEXT NOT NULL,
    issue_number BIGINT NOT NULL,
    created_by BIGINT NULL,
    created_at DATETIME(6) NOT NULL,
    expires_at DATETIME(6) NULL,
    PRIMARY KEY (address)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS breakers (
    place VARBINARY(64) NOT NULL,
    reason VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    tripped_at DATETIME(6) NOT NULL,
    ends_at DATETIME(6) NOT NULL,
    PRIMARY KEY (place)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
