-- Numbers that issues had in the systems they come from.
-- +goose Up

CREATE TABLE IF NOT EXISTS external_numbers (
    system_key VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
    number_key VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
    system_name VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
    number_text VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
    issue_number BIGINT NOT NULL,
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (system_key, number_key),
    KEY external_numbers_issue_number (issue_number),
    KEY external_numbers_number_key (number_key)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
