package models

import "time"

// PictureSender is a sender whose pictures from the network a person wants to see always.
type PictureSender struct {
	ID        int64
	UserID    int64
	Address   string // As [FoldAddress] makes it.
	Verified  bool   // It was verified when the person chose it, so only mail whose sender is verified counts.
	CreatedAt time.Time
}
