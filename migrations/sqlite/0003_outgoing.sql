-- Mail that goes out: sending accounts, the outbox, addresses that get none, and breakers of loops.
-- +goose Up

CREATE TABLE sending_accounts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    place TEXT NOT NULL,
    address TEXT NOT NULL,
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    password_enc TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    failures INTEGER NOT NULL,
    trouble_code TEXT NOT NULL,
    trouble_args TEXT NOT NULL,
    trouble_at DATETIME NULL,
    next_try_at DATETIME NULL,
    encrypted_with TEXT NOT NULL
);
CREATE UNIQUE INDEX sending_accounts_place ON sending_accounts (place);

-- One row for each mail to one recipient. rfc_message_id follows from what called the mail forth, so it is made once.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    account_id INTEGER NOT NULL,
    inbox_id INTEGER NULL,
    issue_number INTEGER NOT NULL,
    comment_id INTEGER NULL,
    message_id INTEGER NULL,
    recipient TEXT NOT NULL,
    recipient_name TEXT NOT NULL,
    rfc_message_id TEXT NOT NULL,
    language TEXT NOT NULL,
    content TEXT NOT NULL,
    created_by INTEGER NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_attempt_at DATETIME NULL,
    claim TEXT NOT NULL,
    claimed_until DATETIME NULL,
    code TEXT NOT NULL,
    answer TEXT NOT NULL,
    created_at DATETIME NOT NULL,
    expires_at DATETIME NOT NULL,
    accepted_at DATETIME NULL,
    bounced_at DATETIME NULL
);
CREATE UNIQUE INDEX outbox_rfc_message_id ON outbox (rfc_message_id);
CREATE INDEX outbox_account_id_state_next_attempt_at ON outbox (account_id, state, next_attempt_at);
CREATE INDEX outbox_state_next_attempt_at ON outbox (state, next_attempt_at);
CREATE INDEX outbox_account_id_accepted_at ON outbox (account_id, accepted_at);
CREATE INDEX outbox_recipient_kind_created_at ON outbox (recipient, kind, created_at);
CREATE INDEX outbox_inbox_id_kind_created_at ON outbox (inbox_id, kind, created_at);
CREATE INDEX outbox_issue_number ON outbox (issue_number);
CREATE INDEX outbox_claim ON outbox (claim);

CREATE TABLE suppressions (
    address TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    issue_number INTEGER NOT NULL,
    created_by INTEGER NULL,
    created_at DATETIME NOT NULL,
    expires_at DATETIME NULL,
    PRIMARY KEY (address)
);

CREATE TABLE breakers (
    place TEXT NOT NULL,
    reason TEXT NOT NULL,
    tripped_at DATETIME NOT NULL,
    ends_at DATETIME NOT NULL,
    PRIMARY KEY (place)
);
