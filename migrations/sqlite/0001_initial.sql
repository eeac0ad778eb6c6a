-- The first schema: projects, people, issues, inboxes, the ledger and its blobs.
-- +goose Up

-- Running numbers; issue is the one that people see.
CREATE TABLE counters (
    name TEXT NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (name)
);

-- Settings of the installation, by name.
CREATE TABLE settings (
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (name)
);

CREATE TABLE projects (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    `key` TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at DATETIME NOT NULL,
    archived_at DATETIME NULL
);
CREATE UNIQUE INDEX projects_key ON projects (`key`);

CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    login TEXT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    language TEXT NOT NULL,
    theme TEXT NOT NULL,
    created_at DATETIME NOT NULL,
    disabled_at DATETIME NULL
);
CREATE UNIQUE INDEX users_login ON users (login);

-- Addresses in lower case; each belongs to one user.
CREATE TABLE user_addresses (
    address TEXT NOT NULL,
    user_id INTEGER NOT NULL,
    place INTEGER NOT NULL,
    PRIMARY KEY (address),
    FOREIGN KEY (user_id) REFERENCES users (id)
);
CREATE INDEX user_addresses_user_id_place ON user_addresses (user_id, place);

CREATE TABLE members (
    project_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (project_id, user_id),
    FOREIGN KEY (project_id) REFERENCES projects (id),
    FOREIGN KEY (user_id) REFERENCES users (id)
);
CREATE INDEX members_user_id ON members (user_id);

CREATE TABLE sessions (
    token_hash BLOB NOT NULL,
    user_id INTEGER NOT NULL,
    data BLOB NULL,
    created_at DATETIME NOT NULL,
    expires_at DATETIME NOT NULL,
    PRIMARY KEY (token_hash)
);
CREATE INDEX sessions_user_id ON sessions (user_id);
CREATE INDEX sessions_expires_at ON sessions (expires_at);

CREATE TABLE tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    hash BLOB NOT NULL,
    created_at DATETIME NOT NULL,
    last_used_at DATETIME NULL,
    FOREIGN KEY (user_id) REFERENCES users (id)
);
CREATE UNIQUE INDEX tokens_hash ON tokens (hash);
CREATE INDEX tokens_user_id ON tokens (user_id);

-- Runs of octets by content; sha256 is null while one is being written.
CREATE TABLE blobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sha256 BLOB NULL,
    size INTEGER NOT NULL,
    created_at DATETIME NOT NULL,
    touched_at DATETIME NOT NULL
);
CREATE UNIQUE INDEX blobs_sha256 ON blobs (sha256);
CREATE INDEX blobs_touched_at ON blobs (touched_at);

CREATE TABLE blob_chunks (
    blob_id INTEGER NOT NULL,
    place INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (blob_id, place),
    FOREIGN KEY (blob_id) REFERENCES blobs (id)
);

CREATE TABLE inboxes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    project_id INTEGER NOT NULL,
    global BOOLEAN NOT NULL,
    enabled BOOLEAN NOT NULL,
    settings TEXT NOT NULL,
    password_enc TEXT NOT NULL,
    rule_version INTEGER NOT NULL,
    polls_asked INTEGER NOT NULL,
    version INTEGER NOT NULL,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    started_at DATETIME NULL,
    FOREIGN KEY (project_id) REFERENCES projects (id)
);
CREATE UNIQUE INDEX inboxes_name ON inboxes (name);
CREATE INDEX inboxes_project_id ON inboxes (project_id);

CREATE TABLE rule_versions (
    inbox_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    rules TEXT NOT NULL,
    created_by INTEGER NULL,
    created_at DATETIME NOT NULL,
    PRIMARY KEY (inbox_id, version)
);

CREATE TABLE inbox_statuses (
    inbox_id INTEGER NOT NULL,
    state TEXT NOT NULL,
    since DATETIME NOT NULL,
    phase TEXT NOT NULL,
    code TEXT NOT NULL,
    args TEXT NULL,
    failures INTEGER NOT NULL,
    encrypted_with TEXT NOT NULL,
    last_poll_at DATETIME NULL,
    last_success_at DATETIME NULL,
    last_mail_at DATETIME NULL,
    next_poll_at DATETIME NULL,
    PRIMARY KEY (inbox_id)
);

CREATE TABLE folder_marks (
    inbox_id INTEGER NOT NULL,
    folder TEXT NOT NULL,
    uidvalidity INTEGER NOT NULL,
    first_uid INTEGER NOT NULL,
    created_at DATETIME NOT NULL,
    PRIMARY KEY (inbox_id, folder, uidvalidity)
);

-- The ledger: one row for each message of each mailbox. It outlives its inbox.
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    inbox_id INTEGER NOT NULL,
    door TEXT NOT NULL,
    folder TEXT NOT NULL,
    uidvalidity INTEGER NOT NULL,
    uid TEXT NOT NULL,
    state TEXT NOT NULL,
    step TEXT NOT NULL,
    reason TEXT NOT NULL,
    archived BOOLEAN NOT NULL,
    fetch_anyway BOOLEAN NOT NULL,
    attempts INTEGER NOT NULL,
    next_attempt_at DATETIME NULL,
    error_code TEXT NOT NULL,
    error_detail TEXT NOT NULL,
    size INTEGER NOT NULL,
    sha256 BLOB NULL,
    blob_id INTEGER NULL,
    subject TEXT NOT NULL,
    from_address TEXT NOT NULL,
    from_name TEXT NOT NULL,
    rfc_message_id TEXT NOT NULL,
    date DATETIME NULL,
    issue_number INTEGER NULL,
    comment_id INTEGER NULL,
    duplicate_of INTEGER NULL,
    rule_version INTEGER NOT NULL,
    settle_state TEXT NOT NULL,
    settle_action TEXT NOT NULL,
    settle_folder TEXT NOT NULL,
    settle_attempts INTEGER NOT NULL,
    settle_after DATETIME NULL,
    settle_error TEXT NOT NULL,
    received_at DATETIME NOT NULL,
    internal_at DATETIME NULL,
    finished_at DATETIME NULL,
    settled_at DATETIME NULL,
    reprocessed INTEGER NOT NULL,
    FOREIGN KEY (blob_id) REFERENCES blobs (id)
);
CREATE UNIQUE INDEX messages_identity ON messages (inbox_id, folder, uidvalidity, uid);
CREATE INDEX messages_inbox_id_state ON messages (inbox_id, state);
CREATE INDEX messages_inbox_id_settle_state ON messages (inbox_id, settle_state);
CREATE INDEX messages_inbox_id_received_at ON messages (inbox_id, received_at);
CREATE INDEX messages_sha256 ON messages (sha256);
CREATE INDEX messages_issue_number ON messages (issue_number);
CREATE INDEX messages_blob_id ON messages (blob_id);

CREATE TABLE traces (
    message_id INTEGER NOT NULL,
    run INTEGER NOT NULL,
    entries TEXT NOT NULL,
    created_at DATETIME NOT NULL,
    PRIMARY KEY (message_id, run),
    FOREIGN KEY (message_id) REFERENCES messages (id)
);

CREATE TABLE issues (
    number INTEGER NOT NULL,
    project_id INTEGER NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    state TEXT NOT NULL,
    reporter_id INTEGER NOT NULL,
    assignee_id INTEGER NULL,
    mentions TEXT NOT NULL,
    origin_message_id INTEGER NULL,
    version INTEGER NOT NULL,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    closed_at DATETIME NULL,
    PRIMARY KEY (number),
    FOREIGN KEY (project_id) REFERENCES projects (id),
    FOREIGN KEY (reporter_id) REFERENCES users (id),
    FOREIGN KEY (assignee_id) REFERENCES users (id)
);
CREATE UNIQUE INDEX issues_origin_message_id ON issues (origin_message_id);
CREATE INDEX issues_project_id_state ON issues (project_id, state);
CREATE INDEX issues_reporter_id ON issues (reporter_id);
CREATE INDEX issues_assignee_id ON issues (assignee_id);

CREATE TABLE comments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    issue_number INTEGER NOT NULL,
    author_id INTEGER NOT NULL,
    body TEXT NOT NULL,
    internal BOOLEAN NOT NULL,
    origin_message_id INTEGER NULL,
    created_at DATETIME NOT NULL,
    FOREIGN KEY (issue_number) REFERENCES issues (number),
    FOREIGN KEY (author_id) REFERENCES users (id)
);
CREATE UNIQUE INDEX comments_origin_message_id ON comments (origin_message_id);
CREATE INDEX comments_issue_number ON comments (issue_number);
CREATE INDEX comments_author_id ON comments (author_id);

CREATE TABLE attachments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    issue_number INTEGER NOT NULL,
    comment_id INTEGER NULL,
    place INTEGER NOT NULL,
    blob_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    content_id TEXT NOT NULL,
    inline BOOLEAN NOT NULL,
    created_at DATETIME NOT NULL,
    FOREIGN KEY (issue_number) REFERENCES issues (number),
    FOREIGN KEY (comment_id) REFERENCES comments (id),
    FOREIGN KEY (blob_id) REFERENCES blobs (id)
);
CREATE INDEX attachments_issue_number ON attachments (issue_number);
CREATE INDEX attachments_comment_id ON attachments (comment_id);
CREATE INDEX attachments_blob_id ON attachments (blob_id);

CREATE TABLE watchers (
    issue_number INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    PRIMARY KEY (issue_number, user_id),
    FOREIGN KEY (issue_number) REFERENCES issues (number),
    FOREIGN KEY (user_id) REFERENCES users (id)
);
CREATE INDEX watchers_user_id ON watchers (user_id);

CREATE TABLE participants (
    issue_number INTEGER NOT NULL,
    address TEXT NOT NULL,
    PRIMARY KEY (issue_number, address),
    FOREIGN KEY (issue_number) REFERENCES issues (number)
);

-- Every Message-ID, in and out, with its issue; hash is the SHA-256 of it.
CREATE TABLE message_ids (
    hash BLOB NOT NULL,
    issue_number INTEGER NOT NULL,
    rfc_message_id TEXT NOT NULL,
    outgoing BOOLEAN NOT NULL,
    created_at DATETIME NOT NULL,
    PRIMARY KEY (hash, issue_number)
);
CREATE INDEX message_ids_issue_number ON message_ids (issue_number);

CREATE TABLE leases (
    name TEXT NOT NULL,
    holder TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    touched INTEGER NOT NULL,
    expires_at DATETIME NOT NULL,
    PRIMARY KEY (name)
);

CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at DATETIME NOT NULL,
    user_id INTEGER NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX audit_object ON audit (object);
CREATE INDEX audit_user_id ON audit (user_id);

INSERT INTO counters (name, value) VALUES ('issue', 0), ('probe', 0);
