-- Of what people are told by mail, and by which mail.
-- +goose Up

ALTER TABLE notifications ADD COLUMN mailed_with TEXT NOT NULL DEFAULT '';
CREATE INDEX notifications_mailed_with ON notifications (mailed_with);

CREATE TABLE notify_settings (
    user_id INTEGER NOT NULL,
    assigned TEXT NOT NULL,
    mentioned TEXT NOT NULL,
    watching TEXT NOT NULL,
    new_issue TEXT NOT NULL,
    digest_at TEXT NOT NULL,
    quiet_from TEXT NOT NULL,
    quiet_to TEXT NOT NULL,
    weekend BOOLEAN NOT NULL,
    time_zone TEXT NOT NULL,
    PRIMARY KEY (user_id),
    FOREIGN KEY (user_id) REFERENCES users (id)
);
