-- What people work with in the tracker: priorities, due dates, labels, links, history, views, drafts, notifications, search.
-- +goose Up

-- Only once: MySQL has no ADD COLUMN IF NOT EXISTS.
SET @change = IF((SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'issues' AND column_name = 'priority') > 0, 'DO 0',
    'ALTER TABLE issues ADD COLUMN priority BIGINT NOT NULL DEFAULT 0, ADD COLUMN due_on DATETIME(6) NULL, ADD COLUMN merged_into BIGINT NULL, ADD KEY issues_project_id_state_updated_at (project_id, state, updated_at), ADD KEY issues_project_id_state_priority_updated_at (project_id, state, priority, updated_at), ADD KEY issues_updated_at (updated_at), ADD KEY issues_due_on (due_on), ADD KEY issues_merged_into (merged_into)');
PREPARE change_issues FROM @change;
EXECUTE change_issues;
DEALLOCATE PREPARE change_issues;

CREATE TABLE IF NOT EXISTS labels (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    project_id BIGINT NOT NULL,
    name VARCHAR(200) NOT NULL,
    folded VARBINARY(800) NOT NULL,
    created_at DATETIME(6) NOT NULL,
    UNIQUE KEY labels_project_id_folded (project_id, folded),
    KEY labels_folded (folded),
    CONSTRAINT fk_labels_project_id FOREIGN KEY (project_id) REFERENCES projects (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS issue_labels (
    issue_number BIGINT NOT NULL,
    label_id BIGINT NOT NULL,
    PRIMARY KEY (issue_number, label_id),
    KEY issue_labels_label_id (label_id),
    CONSTRAINT fk_issue_labels_issue_number FOREIGN KEY (issue_number) REFERENCES issues (number),
    CONSTRAINT fk_issue_labels_label_id FOREIGN KEY (label_id) REFERENCES labels (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS issue_links (
    from_number BIGINT NOT NULL,
    to_number BIGINT NOT NULL,
    kind VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    created_by BIGINT NOT NULL,
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (from_number, to_number, kind),
    KEY issue_links_to_number (to_number),
    CONSTRAINT fk_issue_links_from_number FOREIGN KEY (from_number) REFERENCES issues (number),
    CONSTRAINT fk_issue_links_to_number FOREIGN KEY (to_number) REFERENCES issues (number)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- What was changed of an issue, by whom; user_id is null when it was the system.
CREATE TABLE IF NOT EXISTS issue_events (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    issue_number BIGINT NOT NULL,
    user_id BIGINT NULL,
    kind VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    was TEXT NOT NULL,
    became TEXT NOT NULL,
    at DATETIME(6) NOT NULL,
    KEY issue_events_issue_number (issue_number),
    CONSTRAINT fk_issue_events_issue_number FOREIGN KEY (issue_number) REFERENCES issues (number)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Saved filters of the list of issues.
CREATE TABLE IF NOT EXISTS views (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    user_id BIGINT NOT NULL,
    name VARCHAR(200) NOT NULL,
    query TEXT NOT NULL,
    sort VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    shared BOOLEAN NOT NULL,
    created_at DATETIME(6) NOT NULL,
    KEY views_user_id (user_id),
    KEY views_shared (shared),
    CONSTRAINT fk_views_user_id FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- What somebody has begun to write on an issue.
CREATE TABLE IF NOT EXISTS drafts (
    user_id BIGINT NOT NULL,
    issue_number BIGINT NOT NULL,
    body LONGTEXT NOT NULL,
    internal BOOLEAN NOT NULL,
    updated_at DATETIME(6) NOT NULL,
    PRIMARY KEY (user_id, issue_number),
    KEY drafts_issue_number (issue_number),
    CONSTRAINT fk_drafts_user_id FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT fk_drafts_issue_number FOREIGN KEY (issue_number) REFERENCES issues (number)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- What somebody is told in the pages, and why.
CREATE TABLE IF NOT EXISTS notifications (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    user_id BIGINT NOT NULL,
    issue_number BIGINT NOT NULL,
    comment_id BIGINT NULL,
    actor_id BIGINT NULL,
    event VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    reason VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    created_at DATETIME(6) NOT NULL,
    read_at DATETIME(6) NULL,
    KEY notifications_user_id_read_at (user_id, read_at),
    KEY notifications_issue_number (issue_number),
    CONSTRAINT fk_notifications_user_id FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT fk_notifications_issue_number FOREIGN KEY (issue_number) REFERENCES issues (number)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Issues of which somebody wants to hear nothing.
CREATE TABLE IF NOT EXISTS mutes (
    issue_number BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    PRIMARY KEY (issue_number, user_id),
    KEY mutes_user_id (user_id),
    CONSTRAINT fk_mutes_issue_number FOREIGN KEY (issue_number) REFERENCES issues (number),
    CONSTRAINT fk_mutes_user_id FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- The words of descriptions, comments and file names; comment_id is 0 for the description. Only words are kept.
SET SESSION innodb_ft_enable_stopword = OFF;
CREATE TABLE IF NOT EXISTS search_texts (
    FTS_DOC_ID BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    issue_number BIGINT NOT NULL,
    comment_id BIGINT NOT NULL,
    words LONGTEXT NOT NULL,
    UNIQUE KEY search_texts_issue_number_comment_id (issue_number, comment_id),
    FULLTEXT KEY search_texts_words (words)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
