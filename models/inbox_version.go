package models

import "time"

// Kept is what something was set to from one moment on. It never changes.
type Kept struct {
	Version   int64  `gorm:"primaryKey;autoIncrement:false"`
	Action    string // What made it, as the audit log says: "inbox.update"; "" for what was there before versions were kept.
	Config    string // JSON.
	CreatedBy *int64
	CreatedAt time.Time
}

// InboxVersion is everything that was set of an inbox from one moment on, its rules among it and no secret.
type InboxVersion struct {
	InboxID int64 `gorm:"primaryKey;autoIncrement:false"`
	Kept
}

// TemplateVersion is the answer templates of a project from one moment on.
type TemplateVersion struct {
	ProjectID int64 `gorm:"primaryKey;autoIncrement:false"`
	Kept
}
