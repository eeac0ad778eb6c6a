package models

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// MaxExternal is how long the name of an older system and a number in it may be, in characters.
const MaxExternal = 64

// UnknownSender is whose issues are that came from nobody in particular. The domain can never exist (RFC 2606, 2).
const UnknownSender = "unknown@sender.invalid"

// ExternalNumber is the number that an issue had in the system it comes from. There is one issue for each system and
// number; both are compared without regard to case.
type ExternalNumber struct {
	SystemKey   string `gorm:"primaryKey"` // As it is compared.
	NumberKey   string `gorm:"primaryKey"`
	SystemName  string // As people write it: "Redmine".
	NumberText  string // "123", "ABC-12".
	IssueNumber int64
	CreatedAt   time.Time
}

// NewExternalNumber returns the number of an issue in an older system. ok is false for what is none: both have 1 to 64
// characters, no blanks in the number and no control characters; a # before the number is left out.
func NewExternalNumber(system, number string) (n ExternalNumber, ok bool) {
	system = strings.Join(strings.Fields(system), " ")
	number = strings.TrimPrefix(strings.TrimSpace(number), "#")
	n = ExternalNumber{SystemKey: strings.ToLower(system), NumberKey: strings.ToLower(number), SystemName: system, NumberText: number}
	for _, s := range []string{system, number, n.SystemKey, n.NumberKey} {
		if s == "" || !utf8.ValidString(s) || utf8.RuneCountInString(s) > MaxExternal || strings.ContainsFunc(s, unicode.IsControl) {
			return n, false
		}
	}
	return n, !strings.ContainsFunc(number, unicode.IsSpace) && !strings.ContainsAny(system, "#:=\"")
}

// String is the number as people read it: "Redmine #123", "Jira ABC-12".
func (n ExternalNumber) String() string {
	if strings.Trim(n.NumberText, "0123456789") == "" {
		return n.SystemName + " #" + n.NumberText
	}
	return n.SystemName + " " + n.NumberText
}
