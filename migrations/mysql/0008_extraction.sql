-- What mails that are data say of an issue, and which issue belongs to a merge key.
-- +goose Up

CREATE TABLE IF NOT EXISTS issue_fields (
    issue_number BIGINT NOT NULL,
    place BIGINT NOT NULL,
    name VARCHAR(255) NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (issue_number, place)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- The primary key is what keeps two processes from opening two issues for one key.
CREATE TABLE IF NOT EXISTS merge_keys (
    project_id BIGINT NOT NULL,
    merge_key VARCHAR(200) COLLATE utf8mb4_bin NOT NULL,
    issue_number BIGINT NOT NULL,
    latest_at DATETIME(6) NOT NULL,
    PRIMARY KEY (project_id, merge_key),
    KEY merge_keys_issue_number (issue_number)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
