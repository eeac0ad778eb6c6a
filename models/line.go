package models

import (
	"strings"
	"unicode"
)

// OneLine makes one line of text: valid UTF-8, control characters and runs of blanks become one blank.
func OneLine(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
}

// LabelName is the name of a label as it is kept: one line without quotation marks, which part names in searches.
func LabelName(s string) string { return OneLine(strings.ReplaceAll(s, `"`, "")) }
