-- The first schema: projects, people, issues, inboxes, the ledger and its blobs.
-- +goose NO TRANSACTION
-- +goose Up

-- Running numbers; issue is the one that people see.
CREATE TABLE IF NOT EXISTS counters (
    name VARBINARY(64) NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Settings of the installation, by name.
CREATE TABLE IF NOT EXISTS settings (
    name VARBINARY(191) NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS projects (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    `key` VARBINARY(64) NOT NULL,
    name VARCHAR(255) NOT NULL,
    description TEXT NOT NULL,
    created_at DATETIME(6) NOT NULL,
    archived_at DATETIME(6) NULL,
    UNIQUE KEY projects_key (`key`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS users (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    login VARBINARY(255) NULL,
    name VARCHAR(500) NOT NULL,
    role VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    password_hash VARBINARY(255) NOT NULL,
    language VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    theme VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    created_at DATETIME(6) NOT NULL,
    disabled_at DATETIME(6) NULL,
    UNIQUE KEY users_login (login)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Addresses in lower case; each belongs to one user.
CREATE TABLE IF NOT EXISTS user_addresses (
    address VARBINARY(320) NOT NULL,
    user_id BIGINT NOT NULL,
    place BIGINT NOT NULL,
    PRIMARY KEY (address),
    KEY user_addresses_user_id_place (user_id, place),
    CONSTRAINT fk_user_addresses_user_id FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS members (
    project_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    role VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    PRIMARY KEY (project_id, user_id),
    KEY members_user_id (user_id),
    CONSTRAINT fk_members_project_id FOREIGN KEY (project_id) REFERENCES projects (id),
    CONSTRAINT fk_members_user_id FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS sessions (
    token_hash VARBINARY(32) NOT NULL,
    user_id BIGINT NOT NULL,
    data MEDIUMBLOB NULL,
    created_at DATETIME(6) NOT NULL,
    expires_at DATETIME(6) NOT NULL,
    PRIMARY KEY (token_hash),
    KEY sessions_user_id (user_id),
    KEY sessions_expires_at (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS tokens (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    user_id BIGINT NOT NULL,
    name VARCHAR(255) NOT NULL,
    hash VARBINARY(32) NOT NULL,
    created_at DATETIME(6) NOT NULL,
    last_used_at DATETIME(6) NULL,
    UNIQUE KEY tokens_hash (hash),
    KEY tokens_user_id (user_id),
    CONSTRAINT fk_tokens_user_id FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Runs of octets by content; sha256 is null while one is being written.
CREATE TABLE IF NOT EXISTS blobs (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    sha256 VARBINARY(32) NULL,
    size BIGINT NOT NULL,
    created_at DATETIME(6) NOT NULL,
    touched_at DATETIME(6) NOT NULL,
    UNIQUE KEY blobs_sha256 (sha256),
    KEY blobs_touched_at (touched_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS blob_chunks (
    blob_id BIGINT NOT NULL,
    place BIGINT NOT NULL,
    data MEDIUMBLOB NOT NULL,
    PRIMARY KEY (blob_id, place),
    CONSTRAINT fk_blob_chunks_blob_id FOREIGN KEY (blob_id) REFERENCES blobs (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS inboxes (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name VARBINARY(255) NOT NULL,
    address VARBINARY(320) NOT NULL,
    project_id BIGINT NOT NULL,
    global BOOLEAN NOT NULL,
    enabled BOOLEAN NOT NULL,
    settings LONGTEXT NOT NULL,
    password_enc TEXT NOT NULL,
    rule_version BIGINT NOT NULL,
    polls_asked BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created_at DATETIME(6) NOT NULL,
    updated_at DATETIME(6) NOT NULL,
    started_at DATETIME(6) NULL,
    UNIQUE KEY inboxes_name (name),
    KEY inboxes_project_id (project_id),
    CONSTRAINT fk_inboxes_project_id FOREIGN KEY (project_id) REFERENCES projects (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS rule_versions (
    inbox_id BIGINT NOT NULL,
    version BIGINT NOT NULL,
    rules LONGTEXT NOT NULL,
    created_by BIGINT NULL,
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (inbox_id, version)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS inbox_statuses (
    inbox_id BIGINT NOT NULL,
    state VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    since DATETIME(6) NOT NULL,
    phase VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    code VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    args TEXT NULL,
    failures BIGINT NOT NULL,
    encrypted_with VARCHAR(320) COLLATE utf8mb4_bin NOT NULL,
    last_poll_at DATETIME(6) NULL,
    last_success_at DATETIME(6) NULL,
    last_mail_at DATETIME(6) NULL,
    next_poll_at DATETIME(6) NULL,
    PRIMARY KEY (inbox_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS folder_marks (
    inbox_id BIGINT NOT NULL,
    folder VARBINARY(1000) NOT NULL,
    uidvalidity BIGINT NOT NULL,
    first_uid BIGINT NOT NULL,
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (inbox_id, folder, uidvalidity)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- The ledger: one row for each message of each mailbox. It outlives its inbox.
CREATE TABLE IF NOT EXISTS messages (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    inbox_id BIGINT NOT NULL,
    door VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    folder VARBINARY(1000) NOT NULL,
    uidvalidity BIGINT NOT NULL,
    uid VARBINARY(500) NOT NULL,
    state VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    step VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    reason VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
    archived BOOLEAN NOT NULL,
    fetch_anyway BOOLEAN NOT NULL,
    attempts BIGINT NOT NULL,
    next_attempt_at DATETIME(6) NULL,
    error_code VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
    error_detail TEXT NOT NULL,
    size BIGINT NOT NULL,
    sha256 VARBINARY(32) NULL,
    blob_id BIGINT NULL,
    subject TEXT NOT NULL,
    from_address VARCHAR(320) NOT NULL,
    from_name TEXT NOT NULL,
    rfc_message_id TEXT NOT NULL,
    date DATETIME(6) NULL,
    issue_number BIGINT NULL,
    comment_id BIGINT NULL,
    duplicate_of BIGINT NULL,
    rule_version BIGINT NOT NULL,
    settle_state VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    settle_action VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    settle_folder VARBINARY(1000) NOT NULL,
    settle_attempts BIGINT NOT NULL,
    settle_after DATETIME(6) NULL,
    settle_error VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
    received_at DATETIME(6) NOT NULL,
    internal_at DATETIME(6) NULL,
    finished_at DATETIME(6) NULL,
    settled_at DATETIME(6) NULL,
    reprocessed BIGINT NOT NULL,
    UNIQUE KEY messages_identity (inbox_id, folder, uidvalidity, uid),
    KEY messages_inbox_id_state (inbox_id, state),
    KEY messages_inbox_id_settle_state (inbox_id, settle_state),
    KEY messages_inbox_id_received_at (inbox_id, received_at),
    KEY messages_sha256 (sha256),
    KEY messages_issue_number (issue_number),
    KEY messages_blob_id (blob_id),
    CONSTRAINT fk_messages_blob_id FOREIGN KEY (blob_id) REFERENCES blobs (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS traces (
    message_id BIGINT NOT NULL,
    run BIGINT NOT NULL,
    entries LONGTEXT NOT NULL,
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (message_id, run),
    CONSTRAINT fk_traces_message_id FOREIGN KEY (message_id) REFERENCES messages (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS issues (
    number BIGINT NOT NULL,
    project_id BIGINT NOT NULL,
    title TEXT NOT NULL,
    description LONGTEXT NOT NULL,
    state VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    reporter_id BIGINT NOT NULL,
    assignee_id BIGINT NULL,
    mentions VARCHAR(255) NOT NULL,
    origin_message_id BIGINT NULL,
    version BIGINT NOT NULL,
    created_at DATETIME(6) NOT NULL,
    updated_at DATETIME(6) NOT NULL,
    closed_at DATETIME(6) NULL,
    PRIMARY KEY (number),
    UNIQUE KEY issues_origin_message_id (origin_message_id),
    KEY issues_project_id_state (project_id, state),
    KEY issues_reporter_id (reporter_id),
    KEY issues_assignee_id (assignee_id),
    CONSTRAINT fk_issues_project_id FOREIGN KEY (project_id) REFERENCES projects (id),
    CONSTRAINT fk_issues_reporter_id FOREIGN KEY (reporter_id) REFERENCES users (id),
    CONSTRAINT fk_issues_assignee_id FOREIGN KEY (assignee_id) REFERENCES users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS comments (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    issue_number BIGINT NOT NULL,
    author_id BIGINT NOT NULL,
    body LONGTEXT NOT NULL,
    internal BOOLEAN NOT NULL,
    origin_message_id BIGINT NULL,
    created_at DATETIME(6) NOT NULL,
    UNIQUE KEY comments_origin_message_id (origin_message_id),
    KEY comments_issue_number (issue_number),
    KEY comments_author_id (author_id),
    CONSTRAINT fk_comments_issue_number FOREIGN KEY (issue_number) REFERENCES issues (number),
    CONSTRAINT fk_comments_author_id FOREIGN KEY (author_id) REFERENCES users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS attachments (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    issue_number BIGINT NOT NULL,
    comment_id BIGINT NULL,
    place BIGINT NOT NULL,
    blob_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    sha256 VARBINARY(64) NOT NULL,
    content_id TEXT NOT NULL,
    inline BOOLEAN NOT NULL,
    created_at DATETIME(6) NOT NULL,
    KEY attachments_issue_number (issue_number),
    KEY attachments_comment_id (comment_id),
    KEY attachments_blob_id (blob_id),
    CONSTRAINT fk_attachments_issue_number FOREIGN KEY (issue_number) REFERENCES issues (number),
    CONSTRAINT fk_attachments_comment_id FOREIGN KEY (comment_id) REFERENCES comments (id),
    CONSTRAINT fk_attachments_blob_id FOREIGN KEY (blob_id) REFERENCES blobs (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS watchers (
    issue_number BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    PRIMARY KEY (issue_number, user_id),
    KEY watchers_user_id (user_id),
    CONSTRAINT fk_watchers_issue_number FOREIGN KEY (issue_number) REFERENCES issues (number),
    CONSTRAINT fk_watchers_user_id FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS participants (
    issue_number BIGINT NOT NULL,
    address VARBINARY(320) NOT NULL,
    PRIMARY KEY (issue_number, address),
    CONSTRAINT fk_participants_issue_number FOREIGN KEY (issue_number) REFERENCES issues (number)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Every Message-ID, in and out, with its issue; hash is the SHA-256 of it.
CREATE TABLE IF NOT EXISTS message_ids (
    hash VARBINARY(32) NOT NULL,
    issue_number BIGINT NOT NULL,
    rfc_message_id TEXT NOT NULL,
    outgoing BOOLEAN NOT NULL,
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (hash, issue_number),
    KEY message_ids_issue_number (issue_number)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS leases (
    name VARBINARY(191) NOT NULL,
    holder VARBINARY(255) NOT NULL,
    epoch BIGINT NOT NULL,
    touched BIGINT NOT NULL,
    expires_at DATETIME(6) NOT NULL,
    PRIMARY KEY (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS audit (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    at DATETIME(6) NOT NULL,
    user_id BIGINT NULL,
    action VARBINARY(64) NOT NULL,
    object VARBINARY(191) NOT NULL,
    detail LONGTEXT NOT NULL,
    KEY audit_object (object),
    KEY audit_user_id (user_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

INSERT IGNORE INTO counters (name, value) VALUES ('issue', 0), ('probe', 0);
