-- What people work with in the tracker: priorities, due dates, labels, links, history, views, drafts, notifications, search.
-- +goose Up

ALTER TABLE issues ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
ALTER TABLE issues ADD COLUMN due_on DATETIME NULL;
ALTER TABLE issues ADD COLUMN merged_into INTEGER NULL;
CREATE INDEX issues_project_id_state_updated_at ON issues (project_id, state, updated_at);
CREATE INDEX issues_project_id_state_priority_updated_at ON issues (project_id, state, priority, updated_at);
CREATE INDEX issues_updated_at ON issues (updated_at);
CREATE INDEX issues_due_on ON issues (due_on);
CREATE INDEX issues_merged_into ON issues (merged_into);

CREATE TABLE labels (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    folded TEXT NOT NULL,
    created_at DATETIME NOT NULL,
    FOREIGN KEY (project_id) REFERENCES projects (id)
);
CREATE UNIQUE INDEX labels_project_id_folded ON labels (project_id, folded);
CREATE INDEX labels_folded ON labels (folded);

CREATE TABLE issue_labels (
    issue_number INTEGER NOT NULL,
    label_id INTEGER NOT NULL,
    PRIMARY KEY (issue_number, label_id),
    FOREIGN KEY (issue_number) REFERENCES issues (number),
    FOREIGN KEY (label_id) REFERENCES labels (id)
);
CREATE INDEX issue_labels_label_id ON issue_labels (label_id);

CREATE TABLE issue_links (
    from_number INTEGER NOT NULL,
    to_number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    created_by INTEGER NOT NULL,
    created_at DATETIME NOT NULL,
    PRIMARY KEY (from_number, to_number, kind),
    FOREIGN KEY (from_number) REFERENCES issues (number),
    FOREIGN KEY (to_number) REFERENCES issues (number)
);
CREATE INDEX issue_links_to_number ON issue_links (to_number);

-- What was changed of an issue, by whom; user_id is null when it was the system.
CREATE TABLE issue_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    issue_number INTEGER NOT NULL,
    user_id INTEGER NULL,
    kind TEXT NOT NULL,
    was TEXT NOT NULL,
    became TEXT NOT NULL,
    at DATETIME NOT NULL,
    FOREIGN KEY (issue_number) REFERENCES issues (number)
);
CREATE INDEX issue_events_issue_number ON issue_events (issue_number);

-- Saved filters of the list of issues.
CREATE TABLE views (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    sort TEXT NOT NULL,
    shared BOOLEAN NOT NULL,
    created_at DATETIME NOT NULL,
    FOREIGN KEY (user_id) REFERENCES users (id)
);
CREATE INDEX views_user_id ON views (user_id);
CREATE INDEX views_shared ON views (shared);

-- What somebody has begun to write on an issue.
CREATE TABLE drafts (
    user_id INTEGER NOT NULL,
    issue_number INTEGER NOT NULL,
    body TEXT NOT NULL,
    internal BOOLEAN NOT NULL,
    updated_at DATETIME NOT NULL,
    PRIMARY KEY (user_id, issue_number),
    FOREIGN KEY (user_id) REFERENCES users (id),
    FOREIGN KEY (issue_number) REFERENCES issues (number)
);
CREATE INDEX drafts_issue_number ON drafts (issue_number);

-- What somebody is told in the pages, and why.
CREATE TABLE notifications (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL,
    issue_number INTEGER NOT NULL,
    comment_id INTEGER NULL,
    actor_id INTEGER NULL,
    event TEXT NOT NULL,
    reason TEXT NOT NULL,
    created_at DATETIME NOT NULL,
    read_at DATETIME NULL,
    FOREIGN KEY (user_id) REFERENCES users (id),
    FOREIGN KEY (issue_number) REFERENCES issues (number)
);
CREATE INDEX notifications_user_id_read_at ON notifications (user_id, read_at);
CREATE INDEX notifications_issue_number ON notifications (issue_number);

-- Issues of which somebody wants to hear nothing.
CREATE TABLE mutes (
    issue_number INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    PRIMARY KEY (issue_number, user_id),
    FOREIGN KEY (issue_number) REFERENCES issues (number),
    FOREIGN KEY (user_id) REFERENCES users (id)
);
CREATE INDEX mutes_user_id ON mutes (user_id);

-- The words of descriptions, comments and file names. rowid is the number of the issue times 2^32 plus the id of the
-- comment, 0 for the description. Only words are kept, no text.
CREATE VIRTUAL TABLE search_texts USING fts5 (words, content = '', contentless_delete = 1, detail = none, tokenize = 'unicode61 remove_diacritics 0');
