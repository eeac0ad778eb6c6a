-- Message intakes: running numbers of mails, gapless for each project and year.
-- +goose NO TRANSACTION
-- +goose Up

CREATE TABLE IF NOT EXISTS intake_counters (
    project_id BIGINT NOT NULL,
    year BIGINT NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (project_id, year)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS intakes (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    project_id BIGINT NOT NULL,
    year BIGINT NOT NULL,
    number BIGINT NOT NULL,
    message_id BIGINT NOT NULL,
    issue_number BIGINT NOT NULL,
    comment_id BIGINT NULL,
    came_at DATETIME(6) NOT NULL,
    created_at DATETIME(6) NOT NULL,
    UNIQUE KEY intakes_project_id_year_number (project_id, year, number),
    UNIQUE KEY intakes_message_id (message_id),
    KEY intakes_issue_number (issue_number),
    CONSTRAINT fk_intakes_project_id FOREIGN KEY (project_id) REFERENCES projects (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
