-- Of what people are told by mail, and by which mail.
-- +goose Up

-- Only once: MySQL has no ADD COLUMN IF NOT EXISTS.
SET @change = IF((SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'notifications' AND column_name = 'mailed_with') > 0, 'DO 0',
    'ALTER TABLE notifications ADD COLUMN mailed_with VARBINARY(255) NOT NULL DEFAULT '''', ADD KEY notifications_mailed_with (mailed_with)');
PREPARE change_notifications FROM @change;
EXECUTE change_notifications;
DEALLOCATE PREPARE change_notifications;

CREATE TABLE IF NOT EXISTS notify_settings (
    user_id BIGINT NOT NULL,
    assigned VARCHAR(16) COLLATE utf8mb4_bin NOT NULL,
    mentioned VARCHAR(16) COLLATE utf8mb4_bin NOT NULL,
    watching VARCHAR(16) COLLATE utf8mb4_bin NOT NULL,
    new_issue VARCHAR(16) COLLATE utf8mb4_bin NOT NULL,
    digest_at VARCHAR(16) COLLATE utf8mb4_bin NOT NULL,
    quiet_from VARCHAR(16) COLLATE utf8mb4_bin NOT NULL,
    quiet_to VARCHAR(16) COLLATE utf8mb4_bin NOT NULL,
    weekend BOOLEAN NOT NULL,
    time_zone VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
    PRIMARY KEY (user_id),
    CONSTRAINT fk_notify_settings_user_id FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
