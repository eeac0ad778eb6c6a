-- What retention leaves alone.
-- +goose Up

CREATE TABLE holds (
    kind TEXT NOT NULL,
    object_id INTEGER NOT NULL,
    reason TEXT NOT NULL,
    user_id INTEGER NULL,
    created_at DATETIME NOT NULL,
    PRIMARY KEY (kind, object_id)
);
