-- The search keeps its own index of words, alike in both databases: for each part (512 issues) and word, where it stands.
-- +goose NO TRANSACTION
-- +goose Up

DROP TABLE IF EXISTS search_texts;
CREATE TABLE IF NOT EXISTS search_words (
    bucket BIGINT NOT NULL,
    word VARBINARY(40) NOT NULL,
    places LONGBLOB NOT NULL,
    PRIMARY KEY (bucket, word)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
CREATE TABLE IF NOT EXISTS search_buckets (
    bucket BIGINT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    stale TINYINT(1) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
-- Texts that are not in search_words yet, folded. again: search_words may have another text of the same comment.
CREATE TABLE IF NOT EXISTS search_fresh (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    issue_number BIGINT NOT NULL,
    comment_id BIGINT NOT NULL,
    again TINYINT(1) NOT NULL,
    octets BIGINT NOT NULL,
    words LONGTEXT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
