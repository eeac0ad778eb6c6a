-- Numbers that issues had in the systems they come from.
-- +goose Up

CREATE TABLE external_numbers (
    system_key TEXT NOT NULL,
    number_key TEXT NOT NULL,
    system_name TEXT NOT NULL,
    number_text TEXT NOT NULL,
    issue_number INTEGER NOT NULL,
    created_at DATETIME NOT NULL,
    PRIMARY KEY (system_key, number_key)
);
CREATE INDEX external_numbers_issue_number ON external_numbers (issue_number);
CREATE INDEX external_numbers_number_key ON external_numbers (number_key);
