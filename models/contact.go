package models

import "time"

// Organisation is a group of contacts: those with certain addresses or at certain domains.
type Organisation struct {
	ID        int64
	Name      string
	CreatedAt time.Time
	Entries   []string `gorm:"-"` // Addresses, or domains with "@" before them, in lower case; filled by the store.
}

// AnswerTemplate is a text that answers of a project begin with.
type AnswerTemplate struct {
	ID        int64
	ProjectID int64
	Name      string
	Body      string
	CreatedAt time.Time
}

// TemplateSet is what the answer templates of a project are to be.
type TemplateSet struct {
	ProjectID int64
	Templates []AnswerTemplate // Their names and texts.
	Restores  int64            // The version that they are from; 0: none.
}

// Erasure says what was removed of a contact.
type Erasure struct {
	Addresses, Issues, Comments, Attachments, Messages, Outgoing int
}
