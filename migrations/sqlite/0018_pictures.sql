-- Senders whose pictures from the network a person wants to see always.
-- +goose Up

CREATE TABLE picture_senders (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL,
    address TEXT NOT NULL,
    verified BOOLEAN NOT NULL,
    created_at DATETIME NOT NULL,
    FOREIGN KEY (user_id) REFERENCES users (id)
);
CREATE UNIQUE INDEX picture_senders_user_id_address ON picture_senders (user_id, address);
