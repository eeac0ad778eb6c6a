-- The search keeps its own index of words, alike in both databases: for each part (512 issues) and word, where it stands.
-- +goose Up

DROP TABLE search_texts;
CREATE TABLE search_words (
    bucket INTEGER NOT NULL,
    word TEXT NOT NULL,
    places BLOB NOT NULL,
    PRIMARY KEY (bucket, word)
) WITHOUT ROWID;
CREATE TABLE search_buckets (
    bucket INTEGER NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    stale INTEGER NOT NULL
);
-- Texts that are not in search_words yet, folded. again: search_words may have another text of the same comment.
CREATE TABLE search_fresh (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    issue_number INTEGER NOT NULL,
    comment_id INTEGER NOT NULL,
    again INTEGER NOT NULL,
    octets INTEGER NOT NULL,
    words TEXT NOT NULL
);
