package models

import "time"

// InboxVersion is everything that was set of an inbox from one moment on, its rules among it and no secret. It never
// changes.
type InboxVersion struct {
	InboxID   int64  `gorm:"primaryKey;autoIncrement:false"`
	Version   int64  `gorm:"primaryKey;autoIncrement:false"`
	Action    string // What made it, as the audit log says: "inbox.update"; "" for what was there before versions were kept.
	Config    string // JSON.
	CreatedBy *int64
	CreatedAt time.Time
}
