package models

import (
	"fmt"
	"time"
)

// Intake is the record of a mail under a running number, gapless for each project and year.
type Intake struct {
	ID          int64
	ProjectID   int64 // That of the issue when the mail came.
	Year        int   // In which the mail came, in the zone of the server.
	Number      int64
	MessageID   int64
	IssueNumber int64
	CommentID   *int64 // Nil: the mail made the issue.
	CameAt      time.Time
	CreatedAt   time.Time
}

// Label is the number as it is written: "2026-0017".
func (i Intake) Label() string { return fmt.Sprintf("%d-%04d", i.Year, i.Number) }
