-- Senders whose pictures from the network a person wants to see always.
-- +goose NO TRANSACTION
-- +goose Up

CREATE TABLE IF NOT EXISTS picture_senders (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    user_id BIGINT NOT NULL,
    address VARBINARY(320) NOT NULL,
    verified BOOLEAN NOT NULL,
    created_at DATETIME(6) NOT NULL,
    UNIQUE KEY picture_senders_user_id_address (user_id, address),
    CONSTRAINT fk_picture_senders_user_id FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
